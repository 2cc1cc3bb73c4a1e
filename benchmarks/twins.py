"""How far off is a comparison whose answer is known? Two identical deployments, the usual way and ours.

Claims: of tries of 15 s, the median half-width of our interval is at most 2 %; and in the same wall time,
with a neighbour on the servers' core, our ratios spread at most an eighth as much as those of measuring one
deployment after the other.

A try of ours is an ordinary run through the conductor: fresh launches, paired slices, an interval. A try of
the usual way starts both deployments afresh and has `wrk -t1` ask one, then the other, in random order,
until as much time is over as ours takes. Either way the launches are part of the time. Every round has a
try of each way under each condition, in random order: with the machine as it is, and with a neighbour, a
process of ours that competes for the servers' core in bursts of seconds, 30 % of the time. The two tries of
a round have the same bursts.

The bar of the spread stands on the tries with a neighbour: that pairing cancels what slows the machine is
the claim, and on a machine where nothing does, there is nothing to cancel. What it is worth there is shown
beside it. The bar of the half-width stands on the machine as it is. The true ratio is 1, but for what a
launch happens to give one of the two: an interval that leaves out 1 is counted, and should be one in
twenty.
"""

import argparse
import random
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from math import sqrt
from statistics import fmean, median, stdev
from typing import Literal

from scipy import stats

from bench.conductor.doctor.noise_floor import NAMES, noise_of
from bench.scenario.reading import LoadedScenario
from bench.servers import server_names
from bench.stats.summary import Interval
from benchmarks.findings import Bar, Finding, Findings, half_width, ratio_finding, table
from benchmarks.live_deployments import live_deployments
from benchmarks.neighbour import DUTY, neighbour
from benchmarks.ordinary_run import ordinary_run, scenario_of
from benchmarks.pairs import shuffled
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of
from benchmarks.wrk import Wrk

NAME = "twins"
CONNECTIONS = 16
SECONDS = 15
LAUNCHES = 5
LOAD_SHARE = 0.5  # of a try's time: launches, ramps and gaps take the rest
STOP_S = 0.5
QUICK_ROUNDS, QUICK_SECONDS = 2, 5
NARROW = Bar("at most ±2 %", highest=0.02)
WORTH = Bar("at least 8", lowest=8)

Condition = Literal["as it is", "with a neighbour"]
Way = Literal["one after the other", "paired slices"]
CONDITIONS: tuple[Condition, ...] = ("as it is", "with a neighbour")
WAYS: tuple[Way, ...] = ("one after the other", "paired slices")


@dataclass(frozen=True)
class Try:
    """The ratio of the second deployment to the first and what it took; its interval where the way has one.

    `reasons` tell why a run's numbers could not be trusted, where that is so.
    """

    ratio: float
    wall_s: float
    interval: Interval | None = None
    reasons: tuple[str, ...] = ()


Tries = dict[tuple[Condition, Way], list[Try]]


@dataclass(frozen=True)
class Contest:
    """What a try of either way is made with; `seconds` is how long one of the usual way takes."""

    stage: Stage
    loaded: LoadedScenario
    wrk: Wrk
    chance: random.Random
    seconds: float

    def play(self, way: Way) -> Try:
        """One try."""
        return self._paired_slices() if way == "paired slices" else self._one_after_the_other()

    def _paired_slices(self) -> Try:
        """Our way: a run."""
        measurements, wall_s = ordinary_run(self.stage, self.loaded, self.chance.getrandbits(32))
        found = noise_of(measurements)
        return Try(found.ratio.value, wall_s, found.ratio, found.reasons)

    def _one_after_the_other(self) -> Try:
        """The usual way: start both, then wrk on each for half of the seconds that are left."""
        begin = time.monotonic()
        with live_deployments(self.stage, self.loaded) as cells:
            one, other = (live.target for live in sorted(cells, key=lambda live: live.cell.deployment))
            left_s = self.seconds - STOP_S - (time.monotonic() - begin)
            half_s = max(1, round(left_s / 2))
            rates = {
                target.port: self.wrk.rate(target, CONNECTIONS, half_s)
                for target in shuffled((one, other), self.chance)
            }
        return Try(rates[other.port] / rates[one.port], time.monotonic() - begin)


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Repeat both ways under both conditions, on one core for the servers and the neighbour."""
    if options.quick:
        options.rounds, options.seconds = QUICK_ROUNDS, QUICK_SECONDS
    machine = stage.machine.model_copy(update={"server_cores": stage.machine.server_cores[:1]})
    one_core = replace(stage, machine=machine)
    chance = random.Random(options.seed)
    loaded = twice(options.server, options.seconds)
    contest = Contest(one_core, loaded, Wrk(one_core), chance, options.seconds)
    say("a first try of ours, not counted: the others take as long")
    took_s = contest.play("paired slices").wall_s
    tries = play(replace(contest, seconds=took_s), options.rounds)
    raw = {f"{way}, {condition}": [asdict(one) for one in found] for (condition, way), found in tries.items()}
    return Findings(NAME, taken(options), findings_of(tries), (ways_of(tries),), raw)


def play(contest: Contest, rounds: int) -> Tries:
    """The tries of each way under each condition."""
    tries: Tries = {(condition, way): [] for condition in CONDITIONS for way in WAYS}
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        for condition in shuffled(CONDITIONS, contest.chance):
            bursts_seed = contest.chance.getrandbits(32)
            for way in shuffled(WAYS, contest.chance):
                with around(contest.stage, condition, bursts_seed):
                    tries[condition, way].append(contest.play(way))
    return tries


def around(stage: Stage, condition: Condition, seed: int) -> AbstractContextManager[None]:
    """The condition of a try."""
    return neighbour(stage, seed) if condition == "with a neighbour" else nullcontext()


def twice(server: str, seconds: int) -> LoadedScenario:
    """The project's Flask app under this server, two times, in a run of about so many seconds."""
    return scenario_of(
        {
            "app": "apps.flask_app:app",
            "servers": [{"server": server, "name": name} for name in NAMES],
            "requests": ["GET /json"],
            "load": {"connections": CONNECTIONS},
            "measure": {"for": f"{LOAD_SHARE * seconds:g}s", "launches": LAUNCHES, "twin": False},
        }
    )


def findings_of(tries: Tries) -> list[Finding]:
    """How narrow and how right our intervals are, and what pairing is worth, under each condition."""
    found = []
    for condition in CONDITIONS:
        quiet = condition == "as it is"
        usual, ours = ([one.ratio for one in tries[condition, way]] for way in WAYS)
        intervals = [one.interval for one in tries[condition, "paired slices"] if one.interval]
        half = median(half_width(one) for one in intervals)
        holding = sum(one.low <= 1 <= one.high for one in intervals)
        of_all = f"{holding} of {len(intervals)}"
        what = f"half-width of our interval (median), {condition}"
        found += [
            Finding(what, half, f"±{half:.2%}", bar=NARROW if quiet else None),
            Finding(f"our intervals that hold 1, {condition}", holding / len(intervals), of_all),
            spread_finding(condition, usual, ours),
        ]
    return found


def spread_finding(condition: Condition, usual: Sequence[float], ours: Sequence[float]) -> Finding:
    """How many times as much the usual way's ratios spread; the interval is that of Fisher's F."""
    ratio = stdev(usual) / stdev(ours)
    reach = sqrt(float(stats.f.ppf(0.975, len(usual) - 1, len(ours) - 1)))
    what = f"spread one after the other / spread of paired slices, {condition}"
    bar = WORTH if condition == "with a neighbour" else None
    return ratio_finding(what, Interval(ratio, ratio / reach, ratio * reach), bar)


def ways_of(tries: Tries) -> str:
    """What the tries of each way found."""
    head = ("machine", "way", "standard deviation", "mean", "lowest", "highest", "a try took", "invalid")
    return table(head, [(condition, way, *_row(found)) for (condition, way), found in tries.items()])


def _row(tries: Sequence[Try]) -> tuple[str, ...]:
    ratios = [one.ratio for one in tries]
    invalid = sum(bool(one.reasons) for one in tries)
    return (
        f"{stdev(ratios):.2%}", f"{fmean(ratios):.4f}", f"{min(ratios):.4f}", f"{max(ratios):.4f}",
        f"{median(one.wall_s for one in tries):.1f} s", f"{invalid} of {len(tries)}",
    )  # fmt: skip


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"{options.server} twice, {CONNECTIONS} connections, {options.rounds} tries of each way and "
        f"condition, {options.seconds} s a try; {LAUNCHES} launches in each of ours; wrk "
        f"{version_of('wrk')}; the neighbour works {DUTY:.0%} of the time. Ratios of the second deployment "
        "to the first."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=20)
    parser.add_argument("--server", default="uwsgi", choices=server_names(), help="default uwsgi")
    parser.add_argument(
        "--seconds", type=int, default=SECONDS, metavar="S", help=f"wall time of a try; default {SECONDS}"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} tries of {QUICK_SECONDS} s")
    run(parser, measure)


if __name__ == "__main__":
    main()
