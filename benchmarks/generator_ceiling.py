"""How fast is our generator? Requests a second against nginx that answers from memory, as ratios.

Claim: on the same core, ours is at least ten times as fast as Locust's FastHttpUser and not far from wrk,
while it verifies the body of every response. nginx has the other core to itself.

Ours and another take turns one right after the other, in random order, with the same number of connections
to the same nginx. What each does before its counting begins: ours opens its connections and sends for 0.1 s,
Locust spawns its users and sends for 1 s, wrk starts; it counts from its first connect on.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from statistics import median

from bench.conductor.availability import installed_version
from bench.units import format_rate
from benchmarks import stock_locust
from benchmarks.findings import Bar, Finding, Findings, ratio_finding, table
from benchmarks.nginx_target import NginxTargets, nginx_targets
from benchmarks.our_generator import OurGenerator, our_generator
from benchmarks.pairs import Played, Turn, median_ratio, play
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of
from benchmarks.wrk import Wrk

NAME = "generator_ceiling"
OURS, WRK, FAST, PLAIN = "ours", "wrk -t1", "Locust FastHttpUser", "Locust HttpUser"
OURS_CLOSING, WRK_CLOSING = "ours, each answer closes", "wrk -t1, each answer closes"
PAIRS = (
    (OURS, WRK, Bar("at least 0.85", lowest=0.85)),
    (OURS, FAST, Bar("at least 10", lowest=10)),
    (OURS, PLAIN, None),
    (OURS_CLOSING, WRK_CLOSING, Bar("at least 0.65", lowest=0.65)),
)


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Let them take turns, pair by pair."""
    wrk = Wrk(stage)
    nginx = stage.open.enter_context(nginx_targets(stage))
    targets = {"keeping": nginx.keeping, "closing": nginx.closing}
    ours = stage.open.enter_context(our_generator(stage, targets))
    turns = turns_of(stage, nginx, ours, wrk, options)
    warm_up(ours, options.connections)
    pairs = {f"{one} / {other}": (turns[one], turns[other]) for one, other, _ in PAIRS}
    played = play(pairs, rounds=options.rounds, seed=options.seed, say=say)
    return Findings(NAME, taken(options), findings_of(played), (rates_of(played),), {"responses/s": played})


def turns_of(
    stage: Stage, nginx: NginxTargets, ours: OurGenerator, wrk: Wrk, options: argparse.Namespace
) -> Mapping[str, Turn]:
    """A turn of each generator."""
    connections, seconds = options.connections, options.seconds
    return {
        OURS: partial(ours.goodput, "keeping", connections, seconds),
        WRK: partial(wrk.rate, nginx.keeping, connections, seconds),
        FAST: partial(stock_locust.rate, stage, "Fast", nginx.keeping, connections, seconds),
        PLAIN: partial(stock_locust.rate, stage, "Plain", nginx.keeping, connections, seconds),
        OURS_CLOSING: partial(ours.goodput, "closing", connections, seconds),
        WRK_CLOSING: partial(wrk.rate, nginx.closing, connections, seconds),
    }


def warm_up(ours: OurGenerator, connections: int) -> None:
    """Have nginx and our generator do everything once before anything counts."""
    for key in ("keeping", "closing"):
        ours.goodput(key, connections, 0.5)


def findings_of(played: Played) -> list[Finding]:
    """The ratio of each pair."""
    bars = (bar for _, _, bar in PAIRS)
    return [
        ratio_finding(name, median_ratio(pairs), bar)
        for (name, pairs), bar in zip(played.items(), bars, strict=True)
    ]


def rates_of(played: Played) -> str:
    """The median rate of each generator over all its turns, for the order of magnitude."""
    rates: dict[str, list[float]] = {}
    for (one, other, _), pairs in zip(PAIRS, played.values(), strict=True):
        rates.setdefault(one, []).extend(first for first, _ in pairs)
        rates.setdefault(other, []).extend(second for _, second in pairs)
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
