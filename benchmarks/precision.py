"""What does a run of the quick start give for its time? Its intervals, its load, its wall time; and start-up.

Claims: the widest interval of a comparison is at most plus or minus 4 %, at least 60 % of the wall time is
counted load, and `bench --help` takes at most twice as long as `flask --help`.

The scenario is run by the `bench` command as anyone would, with its files in a temporary folder. The two
commands are timed in turn, in random order, from their start to their end.
"""

import argparse
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.conductor.processes.children import child_environment
from bench.errors import InputError, NothingValid
from bench.units import format_duration
from benchmarks.findings import Bar, Finding, Findings, ratio_finding, table
from benchmarks.pairs import Played, median_ratio, play
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import end_of

NAME = "precision"
RUN_TIMEOUT_S = 1800.0
WIDEST = Bar("at most ±4 %", highest=0.04)
LOAD = Bar("at least 60 %", lowest=0.60)
START_UP = Bar("at most 2", highest=2)


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Run the scenario, then time the commands."""
    summary, wall_s = run_scenario(stage, options.scenario)
    commands = {name: partial(seconds_of_help, stage, name) for name in ("bench", "flask")}
    for once in commands.values():
        once()
    pair = {"start-up": (commands["bench"], commands["flask"])}
    played = play(pair, rounds=options.rounds, seed=options.seed, say=say)
    findings = [*findings_of_run(summary, wall_s), start_up_finding(played)]
    return Findings(NAME, taken(options), findings, (times_of(played),), {"run": summary, "seconds": played})


def run_scenario(stage: Stage, scenario: Path) -> tuple[dict[str, Any], float]:
    """The JSON summary of a run by `bench run`, and the seconds it took from start to end.

    Raises GeneratorFailed where it does not end well: with what it said last.
    """
    if not scenario.is_file():
        raise InputError(f"there is no scenario {scenario}", "run it from the project's folder, or name one")
    say(f"bench run {scenario}")
    summary = stage.folder / "summary.json"
    command = (
        command_of("bench"), "run", str(scenario.resolve()), "--json", str(summary),
        "--results", str(stage.folder / "results"), "--reports", str(stage.folder / "reports"),
    )  # fmt: skip
    cores = (*stage.machine.server_cores, *stage.machine.generator_cores)
    begin = time.perf_counter()
    end_of(stage, command, timeout_s=RUN_TIMEOUT_S, cores=cores)
    wall_s = time.perf_counter() - begin
    document: dict[str, Any] = json.loads(summary.read_bytes())
    return document, wall_s


def findings_of_run(summary: dict[str, Any], wall_s: float) -> list[Finding]:
    """The figures of the run. Raises NothingValid where no two of its cells could be compared."""
    halves = [half_width(one["ratio"]) for one in summary["comparisons"]]
    if not halves:
        raise NothingValid("the run compared no cells", "run it by itself and read its reasons")
    cells, load = summary["cells"], summary["load_share_of_wall"]
    valid = sum(cell["valid"] for cell in cells)
    return [
        Finding("widest interval of a comparison", max(halves), f"±{max(halves):.1%}", bar=WIDEST),
        Finding("median interval of a comparison", median(halves), f"±{median(halves):.1%}"),
        Finding("counted load, share of the wall time", load, f"{load:.0%}", bar=LOAD),
        Finding("wall time of the run", wall_s, format_duration(round(wall_s * 1e9))),
        Finding("valid cells", valid, f"{valid} of {len(cells)}"),
    ]


def half_width(ratio: dict[str, float]) -> float:
    """Half the interval of a ratio, as a share of the ratio."""
    return (ratio["high"] - ratio["low"]) / 2 / ratio["value"]


def seconds_of_help(stage: Stage, name: str) -> float:
    """How long a command takes to print its help."""
    command = (command_of(name), "--help")
    begin = time.perf_counter()
    subprocess.run(
        command,
        cwd=stage.folder,
        env=child_environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - begin


def start_up_finding(played: Played) -> Finding:
    """The ratio of the two commands' times."""
    return ratio_finding("`bench --help` / `flask --help`", median_ratio(played["start-up"]), START_UP)


def times_of(played: Played) -> str:
    """The median time of each command."""
    bench, flask = (
        format_duration(round(median(times) * 1e9)) for times in zip(*played["start-up"], strict=True)
    )
    return table(("command", "median time"), (("`bench --help`", bench), ("`flask --help`", flask)))


def command_of(name: str) -> str:
    """The path of a command of the environment we run in."""
    return str(Path(sys.executable).with_name(name))


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"One `bench run {options.scenario.name}`; {options.rounds} neighbouring pairs of the two commands, "
        "median of their ratios with a 95 % interval."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=20)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("scenarios/quickstart.yaml"))
    run(parser, measure)


if __name__ == "__main__":
    main()
