"""Does a run of a minute see that one of two deployments costs 5 % more CPU?

Claim: of 20 runs of at most 60 s each, with their launches, at least 19 call it slower: the interval of the
goodputs' ratio leaves out 1.

Both deployments are gunicorn with the same Flask app. In one of them the view also counts through a loop,
whose turns are calibrated at the start to 5 % of the CPU time that a request of the other costs. Goodput is
then 1/1.05 of the other's, as the server's core is busy all the time. Each try is a run through the conductor
with the fixed time and launches a user may ask for, and counts as seen where the summary says `slower`.
"""

import argparse
import random
from dataclasses import asdict, dataclass
from statistics import median
from typing import Literal

from bench.results.model import Measurements
from bench.stats.checks.slow_downs import cpu_ns_per_request
from bench.stats.summarise import summarise
from bench.stats.summary import Interval
from benchmarks.findings import Bar, Finding, Findings, half_width, percentages, table
from benchmarks.ordinary_run import compared, ordinary_run
from benchmarks.program import command_line, run, say
from benchmarks.spin import CONNECTIONS, PLAIN, SERVER, SPINNING, Spin, calibrated, plain_and_spinning
from benchmarks.stage import Stage

NAME = "five_percent"
SHARE = 0.05
MEASURE = {"for": "36s", "launches": 12}
QUICK_ROUNDS, QUICK_MEASURE = 2, {"for": "3s", "launches": 3}
SEEN_SHARE = 0.95
SEEN = Bar("at least 19 of 20", lowest=SEEN_SHARE)
WALL = Bar("at most 60 s", highest=60)

Verdict = Literal["slower", "faster", "tie", "invalid"]


@dataclass(frozen=True)
class Try:
    """What a run said of the deployment that spins, against the plain one."""

    verdict: Verdict
    goodput: Interval
    cpu: Interval
    wall_s: float
    reasons: tuple[str, ...]


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Calibrate, then repeat the run."""
    chance = random.Random(options.seed)
    asked = QUICK_MEASURE if options.quick else MEASURE
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    spin = calibrated(stage, chance.getrandbits(32))
    loaded = plain_and_spinning(spin.turns(SHARE), asked)
    tries = []
    for number in range(1, rounds + 1):
        one = tried(*ordinary_run(stage, loaded, chance.getrandbits(32)))
        say(f"try {number} of {rounds}: {one.verdict}, goodput {percentages(one.goodput)}")
        tries.append(one)
    raw = {"spin": asdict(spin), "tries": [asdict(one) for one in tries]}
    return Findings(NAME, taken(spin, rounds, asked), findings_of(tries), (every_try(tries),), raw)


def tried(measurements: Measurements, wall_s: float) -> Try:
    """What this run says."""
    summary = summarise(measurements)
    reasons = tuple(dict.fromkeys(reason.what for cell in summary.cells for reason in cell.reasons))
    goodput = compared(measurements, SPINNING, PLAIN, lambda tally: tally.goodputs)
    cpu = compared(measurements, SPINNING, PLAIN, cpu_ns_per_request)
    spinning = next(cell.cell.id for cell in summary.cells if cell.deployment.name == SPINNING)
    verdict: Verdict = "invalid"
    for comparison in summary.comparisons:
        slower = comparison.cell == spinning
        verdict = comparison.verdict if slower or comparison.verdict == "tie" else "faster"
    return Try(verdict, goodput, cpu, wall_s, reasons)


def findings_of(tries: list[Try]) -> list[Finding]:
    """How often it was seen, what it was taken for, and how long that took."""
    seen = sum(one.verdict == "slower" for one in tries)
    longest = max(one.wall_s for one in tries)
    goodput = median(one.goodput.value for one in tries)
    cpu = median(one.cpu.value for one in tries)
    halves = median(half_width(one.goodput) for one in tries)
    return [
        Finding("runs that call it slower", seen / len(tries), f"{seen} of {len(tries)}", bar=SEEN),
        Finding("longest run, launches included", longest, f"{longest:.0f} s", bar=WALL),
        Finding("goodput, spinning / plain (median; true: 0.952)", goodput, f"{goodput:.3f}"),
        Finding("CPU a request, spinning / plain (median; true: 1.05)", cpu, f"{cpu:.3f}"),
        Finding("half-width of the goodputs' interval (median)", halves, f"±{halves:.1%}"),
    ]


def every_try(tries: list[Try]) -> str:
    """What each run said."""
    rows = [
        (one.verdict, percentages(one.goodput), percentages(one.cpu), f"{one.wall_s:.0f} s") for one in tries
    ]
    return table(("verdict", "goodput", "CPU a request", "took"), rows)


def taken(spin: Spin, rounds: int, asked: dict[str, object]) -> str:
    """How it was done, in a sentence."""
    return (
        f"{SERVER} twice, {CONNECTIONS} connections, {rounds} runs of {asked['for']} of load in "
        f"{asked['launches']} launches. A request costs {spin.request_us:.0f} us of CPU, server included; "
        f"5 % of that are {spin.turns(SHARE):,} turns of {1000 * spin.turn_us:.1f} ns. Ratios are those of "
        "the deployment that spins to the plain one, with 95 % intervals."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=20)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} runs of {QUICK_MEASURE['for']}")
    run(parser, measure)


if __name__ == "__main__":
    main()
