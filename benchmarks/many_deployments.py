"""Does a run with many deployments at once still tell them apart? Every server, one run, one machine.

Claims: at least twelve deployments are up at once, all of them have a valid cell, and the widest interval of
a comparison is at most plus or minus 5 % within five minutes of load.

The scenario is run by the `bench` command as anyone would, with its files in a temporary folder. Servers that
are not installed are left out, and said.
"""

import argparse
from pathlib import Path

from bench.errors import NothingValid
from bench.units import format_duration
from benchmarks.findings import Bar, Finding, Findings, table
from benchmarks.precision import half_width, run_scenario
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage

NAME = "many_deployments"
AT_ONCE = Bar("at least 12", lowest=12)
ALL = Bar("all", lowest=1)
WIDEST = Bar("at most ±5 %", highest=0.05)


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Run the scenario once."""
    summary, wall_s = run_scenario(stage, options.scenario)
    for one in summary["skipped"]:
        say(f"left out: {one['name']}: {one['reason']}")
    cells = [cell for cell in summary["cells"] if not cell["deployment"].endswith(" again")]
    halves = {one["cell"]: half_width(one["ratio"]) for one in summary["comparisons"]}
    if not halves:
        raise NothingValid("the run compared no cells", "run it by itself and read its reasons")
    valid, widest = sum(cell["valid"] for cell in cells), max(halves.values())
    findings = [
        Finding("deployments at once", len(cells), str(len(cells)), bar=AT_ONCE),
        Finding("valid cells", valid / len(cells), f"{valid} of {len(cells)}", bar=ALL),
        Finding("widest interval of a comparison", widest, f"±{widest:.1%}", bar=WIDEST),
        Finding("wall time of the run", wall_s, format_duration(round(wall_s * 1e9))),
    ]
    rows = [
        (cell["deployment"], f"{cell['goodput']['value']:,.0f}", _shown(halves.get(cell["id"])))
        for cell in cells
        if cell["valid"]
    ]
    details = table(("deployment", "goodput/s", "ratio to the best of its kind"), rows)
    return Findings(NAME, f"One `bench run {options.scenario.name}`.", findings, (details,), {"run": summary})


def _shown(half: float | None) -> str:
    return "best" if half is None else f"±{half:.1%}"


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("scenarios/servers.yaml"))
    run(parser, measure)


if __name__ == "__main__":
    main()
