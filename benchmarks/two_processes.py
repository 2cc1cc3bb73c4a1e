"""Is anything lost between two generator processes? What they report together, against what nginx counted.

Claim: the merged counts and histograms equal the sum, to the request: of what nginx has counted, of what
Locust's statistics have counted, of the durations in the histograms, and of the answers by connection. In the
closed and in the open loop, evenly and by chance.

How fast two processes are is not asked here: on a machine of two cores they share one.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.histogram import Histogram
from bench.load.messages import SliceOrder, SliceOutcome
from benchmarks.findings import Bar, Finding, Findings, table
from benchmarks.nginx_target import NginxTargets, nginx_targets
from benchmarks.our_generator import OurGenerator, order_for, our_generator
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of

NAME = "two_processes"
TARGET = "keeping"
PROCESSES, CONNECTIONS, RATE = 2, 33, 2_001  # neither divides evenly
EXACT = Bar("none", lowest=0, highest=0)


@dataclass(frozen=True)
class Counted:
    """What an order came to, as counted by each who counts."""

    load: str
    outcome: SliceOutcome
    by_nginx: int
    by_locust: int

    @property
    def differences(self) -> dict[str, int]:
        """How far each count is from what the generator reports."""
        outcome = self.outcome
        counts = {
            "requests nginx has counted": self.by_nginx - outcome.answered,
            "requests Locust has counted": self.by_locust - outcome.answered,
            "durations in the histogram": Histogram.decode(outcome.histogram).total - outcome.requests,
        }
        if outcome.arrivals is None:
            return {**counts, "answers by connection": sum(outcome.per_connection) - outcome.requests}
        arrivals = outcome.arrivals
        late = Histogram.decode(arrivals.late).total
        return {
            **counts,
            "latenesses in the histogram": late - (arrivals.due - arrivals.waited),
            "answers to what was sent": outcome.requests - (arrivals.due - arrivals.unsent),
        }


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """An order of each kind."""
    nginx = stage.open.enter_context(nginx_targets(stage))
    ours = stage.open.enter_context(our_generator(stage, {TARGET: nginx.keeping}, processes=PROCESSES))
    closed = order_for(TARGET, CONNECTIONS, options.seconds)
    orders = {
        f"{CONNECTIONS} connections": closed,
        f"{RATE:,}/s": replace(closed, rate_per_s=float(RATE)),
        f"{RATE:,}/s, Poisson": replace(closed, rate_per_s=float(RATE), poisson=True),
    }
    counted = [count(load, order, ours, nginx) for load, order in orders.items()]
    return Findings(NAME, taken(options), list(findings_of(counted)), (requests_of(counted),))


def count(load: str, order: SliceOrder, ours: OurGenerator, nginx: NginxTargets) -> Counted:
    """Carry out an order and ask everyone how many requests there were."""
    say(load)
    by_nginx, by_locust = nginx.requests_served(), ours.locust_requests()
    outcome = ours.turn(order)
    by_locust = ours.locust_requests() - by_locust
    by_nginx = nginx.requests_served() - by_nginx - 1  # nginx has counted the question, too
    return Counted(load, outcome, by_nginx, by_locust)


def findings_of(counted: Sequence[Counted]) -> Iterator[Finding]:
    """The differences of each order."""
    for one in counted:
        for what, difference in one.differences.items():
            yield Finding(f"{one.load}: difference in {what}", difference, f"{difference:,}", bar=EXACT)


def requests_of(counted: Sequence[Counted]) -> str:
    """How many requests each order came to."""
    rows = [(one.load, f"{one.outcome.answered:,}", f"{one.outcome.requests:,}") for one in counted]
    return table(("load", "answered", "of those in the counted window"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"{PROCESSES} generator processes on one core, {options.seconds} s an order; "
        f"nginx {version_of('nginx')}, whose own counter was read before and after."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__)
    parser.add_argument("--seconds", type=int, default=5, metavar="S", help="counted in an order; default 5")
    run(parser, measure)


if __name__ == "__main__":
    main()
