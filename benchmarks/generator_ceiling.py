"""How fast is our generator? Requests a second against nginx that answers from memory, as ratios.

Claim: on the same core, ours is at least twelve times as fast as Locust's FastHttpUser and not far from wrk,
while it verifies the body of every response: whether connections stay open or not, with TLS, with answers
that are chunked or come in two segments. nginx has the other core to itself.

Ours and another take turns one right after the other, in random order, with the same number of connections
to the same nginx. What each does before its counting begins: ours opens its connections and sends for 0.1 s,
Locust spawns its users and sends for 1 s, wrk starts; it counts from its first connect on.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench.conductor.environments.availability import installed_version
from bench.load.target import Target
from bench.units import format_rate
from benchmarks import stock_locust
from benchmarks.findings import Bar, Finding, Findings, ratio_finding, table
from benchmarks.nginx_target import nginx_targets
from benchmarks.our_generator import OurGenerator, our_generator
from benchmarks.pairs import Played, Turn, median_ratio, play
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of
from benchmarks.wrk import Wrk

NAME = "generator_ceiling"
TENTHS = Bar("at least 0.9", lowest=0.9)


@dataclass(frozen=True)
class Kind:
    """A way to answer: its target, what it is called, and the bar for ours against wrk."""

    target: str
    shown: str
    bar: Bar


KINDS = (
    Kind("keeping", "", Bar("at least 0.85", lowest=0.85)),
    Kind("closing", ", each answer closes", Bar("at least 0.65", lowest=0.65)),
    Kind("encrypted", ", TLS", Bar("at least 0.8", lowest=0.8)),
    Kind("chunked", ", chunked", TENTHS),
    Kind("two_segments", ", in two segments", TENTHS),
)
STOCK: Mapping[stock_locust.User, Bar | None] = {"Fast": Bar("at least 12", lowest=12), "Plain": None}


@dataclass(frozen=True)
class Contest:
    """Two generators and a turn of each; a bar for the ratio of their rates."""

    one: str
    other: str
    turns: tuple[Turn, Turn]
    bar: Bar | None

    @property
    def name(self) -> str:
        """The two, as a ratio."""
        return f"{self.one} / {self.other}"


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Let them take turns, pair by pair."""
    nginx = stage.open.enter_context(nginx_targets(stage))
    targets = {kind.target: getattr(nginx, kind.target) for kind in KINDS}
    ours = stage.open.enter_context(our_generator(stage, targets))
    contests = [*against_wrk(stage, ours, targets, options), *against_locust(stage, ours, targets, options)]
    for key in targets:  # nginx and our generator do everything once before anything counts
        ours.goodput(key, options.connections, 0.5)
    pairs = {contest.name: contest.turns for contest in contests}
    played = play(pairs, rounds=options.rounds, seed=options.seed, say=say)
    tables = (rates_of(contests, played),)
    return Findings(NAME, taken(options), findings_of(contests, played), tables, {"responses/s": played})


def against_wrk(
    stage: Stage, ours: OurGenerator, targets: Mapping[str, Target], options: argparse.Namespace
) -> list[Contest]:
    """Ours and wrk on every kind of answer."""
    wrk = Wrk(stage)
    connections, seconds = options.connections, options.seconds
    return [
        Contest(
            f"ours{kind.shown}",
            f"wrk -t1{kind.shown}",
            (
                partial(ours.goodput, kind.target, connections, seconds),
                partial(wrk.rate, targets[kind.target], connections, seconds),
            ),
            kind.bar,
        )
        for kind in KINDS
    ]


def against_locust(
    stage: Stage, ours: OurGenerator, targets: Mapping[str, Target], options: argparse.Namespace
) -> list[Contest]:
    """Ours and the users that come with Locust, on connections that stay open."""
    connections, seconds = options.connections, options.seconds
    return [
        Contest(
            "ours",
            f"Locust {user.replace('Plain', '')}HttpUser",
            (
                partial(ours.goodput, "keeping", connections, seconds),
                partial(stock_locust.rate, stage, user, targets["keeping"], connections, seconds),
            ),
            bar,
        )
        for user, bar in STOCK.items()
    ]


def findings_of(contests: Sequence[Contest], played: Played) -> list[Finding]:
    """The ratio of each pair."""
    return [
        ratio_finding(contest.name, median_ratio(played[contest.name]), contest.bar) for contest in contests
    ]


def rates_of(contests: Sequence[Contest], played: Played) -> str:
    """The median rate of each generator over all its turns, for the order of magnitude."""
    rates: dict[str, list[float]] = {}
    for contest in contests:
        ours, others = zip(*played[contest.name], strict=True)
        rates.setdefault(contest.one, []).extend(ours)
        rates.setdefault(contest.other, []).extend(others)
    rows = [(name, format_rate(median(found))) for name, found in rates.items()]
    return table(("generator", "responses/s (median)"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"{options.rounds} rounds of {options.seconds} s a turn, {options.connections} connections; "
        f"nginx {version_of('nginx')}, wrk {version_of('wrk')}, Locust {installed_version('locust')}. "
        "Medians of the ratios of neighbouring turns, with 95 % intervals."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=10)
    parser.add_argument("--seconds", type=int, default=2, metavar="S", help="counted in a turn; default 2")
    parser.add_argument("--connections", type=int, default=32, metavar="N", help="default 32")
    run(parser, measure)


if __name__ == "__main__":
    main()
