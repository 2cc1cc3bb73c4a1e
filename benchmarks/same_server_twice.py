"""How far off is a comparison whose answer is known? One server twice, measured the usual way and ours.

Claim: in the same wall time, paired slices tell the ratio of two identical deployments (true ratio: 1) many
times more precisely than measuring one deployment after the other.

Two deployments of the same server are up. A try of the usual way is `wrk -t1` on one of them and then on the
other, in random order; a try of ours is blocks of two slices, one each in random order, for as long. Tries of
both ways alternate in random order. What counts is the spread of the ratios that the tries of each way found.
"""

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from pathlib import Path
from statistics import fmean, stdev

from scipy import stats

from bench.histogram import Histogram
from bench.plan import WARM_UP_NS, SliceLength, slice_lengths
from bench.scenario.model import Load, Request, Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from bench.servers import server_names
from bench.stats.ratios import hodges_lehmann
from bench.stats.summary import Interval
from benchmarks.findings import Finding, Findings, ratio_finding, table
from benchmarks.live_deployments import LiveCell, live_deployments
from benchmarks.our_generator import OurGenerator, our_generator
from benchmarks.pairs import play, shuffled
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of
from benchmarks.wrk import Wrk

NAME = "same_server_twice"
ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 16
QUICK_ROUNDS, QUICK_SECONDS = 6, 2


@dataclass(frozen=True)
class Contest:
    """The two identical deployments and what asks them; a turn gives the ratio of the second to the first."""

    cells: tuple[LiveCell, LiveCell]
    ours: OurGenerator
    wrk: Wrk
    chance: random.Random
    seconds: int

    def one_after_the_other(self) -> float:
        """The usual way: so many seconds of wrk on each."""
        self.ours.forget_connections()
        rates = {
            place: self.wrk.rate(self.cells[place].target, CONNECTIONS, self.seconds)
            for place in shuffled((0, 1), self.chance)
        }
        return rates[1] / rates[0]

    def paired_slices(self) -> float:
        """Our way: blocks of two slices until the same time is over."""
        self.ours.forget_connections()
        lengths = self._slice_lengths()
        end, log_ratios = time.monotonic() + 2 * self.seconds, []
        while time.monotonic() < end:
            first, second = self._block(lengths)
            if first and second:
                log_ratios.append(log(second / first))
        return exp(hodges_lehmann(log_ratios))

    def _slice_lengths(self) -> Sequence[SliceLength]:
        """As in a run: fitted to the median service time in a first slice that is not counted."""
        medians = {}
        for live in self.cells:
            outcome = self.ours.slice(live.cell.id, CONNECTIONS, 0, WARM_UP_NS)
            medians[live.cell.id] = Histogram.decode(outcome.histogram).quantile_ns(0.5)
        lengths = slice_lengths(medians, Scenario(app="unused:app").measure)
        return [lengths[live.cell.id] for live in self.cells]

    def _block(self, lengths: Sequence[SliceLength]) -> tuple[float, float]:
        goodput = {}
        for place in shuffled((0, 1), self.chance):
            length = lengths[place]
            key = self.cells[place].cell.id
            outcome = self.ours.slice(key, CONNECTIONS, length.ramp_ns, length.counted_ns)
            goodput[place] = outcome.requests / outcome.counted_ns
        return goodput[0], goodput[1]


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Repeat both ways."""
    if options.quick:
        options.rounds, options.seconds = QUICK_ROUNDS, QUICK_SECONDS
    wrk = Wrk(stage)
    first, second = stage.open.enter_context(live_deployments(stage, twice(options.server)))
    targets = {live.cell.id: live.target for live in (first, second)}
    ours = stage.open.enter_context(our_generator(stage, targets))
    chance = random.Random(options.seed)
    contest = Contest((first, second), ours, wrk, chance, options.seconds)
    for key in targets:
        ours.goodput(key, CONNECTIONS, 1.0)
    turns = {"ratios": (contest.one_after_the_other, contest.paired_slices)}
    tries = play(turns, rounds=options.rounds, seed=options.seed, say=say)["ratios"]
    usual, paired = ([pair[way] for pair in tries] for way in (0, 1))
    return Findings(
        NAME,
        taken(options),
        [spread_finding(usual, paired)],
        (ways_of(usual, paired),),
        {"one after the other": usual, "paired slices": paired},
    )


def twice(server: str) -> LoadedScenario:
    """The project's Flask app under this server, two times."""
    scenario = Scenario(
        app="apps.flask_app:app",
        servers=tuple(ServerChoice(server=server, name=name) for name in ("one", "two")),
        requests=(Request(path="/json"),),
        load=(Load(connections=CONNECTIONS),),
    )
    return LoadedScenario(Path("twice.yaml"), "", scenario, ROOT)


def spread_finding(usual: Sequence[float], paired: Sequence[float]) -> Finding:
    """How many times as much the usual way's ratios spread; the interval is that of Fisher's F."""
    ratio = stdev(usual) / stdev(paired)
    reach = sqrt(float(stats.f.ppf(0.975, len(usual) - 1, len(paired) - 1)))
    return ratio_finding(
        "spread one after the other / spread of paired slices", Interval(ratio, ratio / reach, ratio * reach)
    )


def ways_of(usual: Sequence[float], paired: Sequence[float]) -> str:
    """What the tries of each way found."""
    rows = [
        (name, f"{stdev(found):.2%}", f"{fmean(found):.4f}", f"{min(found):.4f}", f"{max(found):.4f}")
        for name, found in (("one after the other, wrk", usual), ("paired slices, ours", paired))
    ]
    return table(("way", "standard deviation", "mean", "lowest", "highest"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"{options.server} twice, {CONNECTIONS} connections, {options.rounds} tries of each way, "
        f"{2 * options.seconds} s a try; wrk {version_of('wrk')}. Ratios of the second deployment to the "
        "first; the true one is 1, but for what a launch happens to give one of them."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=14)
    parser.add_argument("--server", default="uwsgi", choices=server_names(), help="default uwsgi")
    parser.add_argument(
        "--seconds", type=int, default=5, metavar="S", help="half the wall time of a try; default 5"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} tries of {2 * QUICK_SECONDS} s")
    run(parser, measure)


if __name__ == "__main__":
    main()
