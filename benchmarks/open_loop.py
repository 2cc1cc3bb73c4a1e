"""How exact is our open loop? At fixed rates against nginx that answers from memory, on a core of its own.

Claims: half of all requests are sent within 5 us of when they were due, 99 % within 50 us, at up to 10,000 a
second; as many are sent as were ordered, to one in a thousand; the median latency at 2,000 a second is at
most 0.3 of what wrk2 tells, which sleeps in whole milliseconds.

At each rate arrivals come evenly, and in other turns as a Poisson process. Of the latter the number is left
to chance: it must lie within four standard deviations of what was ordered. Ours and wrk2 take turns one
right after the other, in random order, on as many connections, with the same bytes, on the same core.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import inf, sqrt

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.load.target import Target
from bench.stats.summary import Interval
from bench.units import NS_PER_S, NS_PER_US, format_duration, format_rate
from benchmarks.findings import Bar, Finding, Findings, duration_finding, ratio_finding, table
from benchmarks.nginx_target import nginx_targets
from benchmarks.our_generator import OurGenerator, open_arrivals, order_for, our_generator
from benchmarks.pairs import Played, median_interval, median_ratio, play
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import installed, version_of
from benchmarks.wrk import Wrk2

NAME = "open_loop"
TARGET = "keeping"
COMPARED_RATE = 2_000
LATE = {0.5: Bar("at most 5 us", highest=5 * NS_PER_US), 0.99: Bar("at most 50 us", highest=50 * NS_PER_US)}
OFFERED = Bar("0.999 to 1.001", lowest=0.999, highest=1.001)
OFFERED_BY_CHANCE = Bar("within 4 standard deviations", lowest=-4, highest=4)
MEDIAN = Bar("at most 0.3", highest=0.3)


@dataclass(frozen=True)
class Arriving:
    """Arrivals at a rate, evenly or by chance."""

    rate_per_s: int
    poisson: bool

    @property
    def shown(self) -> str:
        """As a reader is told."""
        return f"{self.rate_per_s:,}/s{', Poisson' if self.poisson else ''}"


@dataclass(frozen=True)
class Sent:
    """What became of the arrivals of one turn: ordered, sent, how late (ns), and how fast answered (ns).

    `waited` found every connection taken: that is not the lateness of the generator.
    """

    ordered: float
    sent: int
    late_ns: dict[float, float]
    latest_ns: int
    waited: int
    median_ns: float

    @classmethod
    def of(cls, outcome: SliceOutcome, rate_per_s: int) -> "Sent":
        """What an outcome says of them."""
        arrivals = open_arrivals(outcome)
        late = Histogram.decode(arrivals.late)
        return cls(
            ordered=rate_per_s * outcome.counted_ns / NS_PER_S,
            sent=arrivals.due - arrivals.unsent,
            late_ns={share: late.quantile_ns(share) if late.total else inf for share in LATE},
            latest_ns=arrivals.latest_ns,
            waited=arrivals.waited,
            median_ns=Histogram.decode(outcome.histogram).quantile_ns(0.5),
        )


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Every rate in every round; then the pairs with wrk2, where it is installed."""
    nginx = stage.open.enter_context(nginx_targets(stage))
    ours = stage.open.enter_context(our_generator(stage, {TARGET: nginx.keeping}))
    ours.goodput(TARGET, options.connections, 0.5)
    turns = sent_at_every_rate(ours, options)
    findings = [found for arriving, sent in turns.items() for found in findings_of(arriving, sent)]
    played = compare(stage, ours, nginx.keeping, options) if installed("wrk2") else {}
    findings += [ratio_finding(name, median_ratio(pairs), MEDIAN) for name, pairs in played.items()]
    tables = [latencies_of(turns), *(medians_of(played) for _ in played)]
    raw = {
        "sent": {arriving.shown: [vars(one) for one in sent] for arriving, sent in turns.items()},
        "median_us": played,
    }
    return Findings(NAME, taken(options), findings, tables, raw)


def sent_at_every_rate(ours: OurGenerator, options: argparse.Namespace) -> dict[Arriving, list[Sent]]:
    """A turn at each rate, evenly and by chance, in each round."""
    turns: dict[Arriving, list[Sent]] = {
        Arriving(rate, poisson): [] for rate, poisson in product(options.rates, (False, True))
    }
    for number in range(1, options.rounds + 1):
        say(f"rates, round {number} of {options.rounds}")
        for arriving, sent in turns.items():
            order = order_for(
                TARGET,
                options.connections,
                options.seconds,
                arriving.rate_per_s,
                poisson=arriving.poisson,
            )
            outcome = ours.turn(replace(order, seed=options.seed + number))
            sent.append(Sent.of(outcome, arriving.rate_per_s))
    return turns


def findings_of(arriving: Arriving, sent: Sequence[Sent]) -> list[Finding]:
    """How late, and how many."""
    late = [
        duration_finding(
            f"{arriving.shown}: p{share * 100:.0f} of the lateness of sending",
            median_interval([one.late_ns[share] for one in sent]),
            bar,
        )
        for share, bar in LATE.items()
    ]
    latest = max(one.latest_ns for one in sent)
    return [
        *late,
        Finding(f"{arriving.shown}: the latest of all", latest, format_duration(latest)),
        offered_finding(arriving, sent),
    ]


def offered_finding(arriving: Arriving, sent: Sequence[Sent]) -> Finding:
    """Sent against ordered, of the round in which they differ most."""
    worst = max(sent, key=lambda one: abs(one.sent - one.ordered))
    shown = f"{worst.sent:,} of {worst.ordered:,.0f}"
    if not arriving.poisson:
        ratio = worst.sent / worst.ordered
        return Finding(f"{arriving.shown}: sent of what was ordered, worst round", ratio, shown, bar=OFFERED)
    deviations = (worst.sent - worst.ordered) / sqrt(worst.ordered)
    shown = f"{shown} ({deviations:+.1f})"
    return Finding(
        f"{arriving.shown}: sent of what was ordered, worst round", deviations, shown, bar=OFFERED_BY_CHANCE
    )


def compare(stage: Stage, ours: OurGenerator, target: Target, options: argparse.Namespace) -> Played:
    """The medians of the latency that ours and wrk2 tell at the same rate, in microseconds."""
    wrk2 = Wrk2(stage)
    connections, seconds = options.connections, options.seconds

    def our_median_us() -> float:
        outcome = ours.turn(order_for(TARGET, connections, seconds, COMPARED_RATE))
        return Sent.of(outcome, COMPARED_RATE).median_ns / NS_PER_US

    theirs = partial(wrk2.median_us, target, connections, seconds, COMPARED_RATE)
    pairs = {f"median latency at {COMPARED_RATE:,}/s, ours / wrk2": (our_median_us, theirs)}
    return play(pairs, rounds=options.rounds, seed=options.seed, say=say)


def latencies_of(turns: dict[Arriving, list[Sent]]) -> str:
    """The median latency at each rate, for the order of magnitude, and who had to wait for a connection."""
    rows = []
    for arriving, sent in turns.items():
        latency: Interval = median_interval([one.median_ns for one in sent])
        waited = sum(one.waited for one in sent)
        rows.append((arriving.shown, format_duration(latency.value), f"{waited:,}"))
    return table(("arrivals", "median latency", "found every connection taken, all rounds"), rows)


def medians_of(played: Played) -> str:
    """The medians of ours and wrk2's, for the order of magnitude."""
    (pairs,) = played.values()
    ours, theirs = (
        format_duration(median_interval(found).value * NS_PER_US) for found in zip(*pairs, strict=True)
    )
    return table(
        (f"median latency at {COMPARED_RATE:,}/s", "as told by it"), (("ours", ours), ("wrk2", theirs))
    )


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    wrk2 = f"wrk2 {version_of('wrk2')}" if installed("wrk2") else "wrk2 is not installed here: not compared"
    rates = ", ".join(format_rate(rate) for rate in options.rates)
    return (
        f"{options.rounds} rounds of {options.seconds} s at {rates} requests/s each, {options.connections} "
        f"connections; nginx {version_of('nginx')}, {wrk2}. Medians of the rounds, with 95 % intervals."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=6)
    parser.add_argument("--seconds", type=int, default=5, metavar="S", help="counted in a turn; default 5")
    parser.add_argument("--connections", type=int, default=32, metavar="N", help="default 32")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[500, 2_000, 10_000], metavar="N", help="requests a second"
    )
    run(parser, measure)


if __name__ == "__main__":
    main()
