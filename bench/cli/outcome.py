"""What follows a run: the ranking, the report, the JSON, and what the exit code says."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from bench.cli.console import OutputConsole
from bench.cli.output_file import STANDARD_OUTPUT, write_output
from bench.cli.ranking import print_ranking
from bench.errors import BenchError, Inconclusive, InputError, NothingValid, Regression, ServerFailed
from bench.results.model import Measurements
from bench.results.store import Store, write_whole
from bench.stats.summary import Summary

_NAMED = 3  # requirements in an error: all stand in the report
WIDTH_WITHOUT_TERMINAL = 200  # a file has no width; cut to 80 columns, the ranking would lose digits


def show(
    store: Store,
    reports: Path,
    json_file: str | None,
    ending: BenchError | None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Print the ranking of a stored run, write its report and JSON, and raise what its exit code says.

    What GitHub shows is printed where the environment is that of one of its runners.
    """
    from bench.cli.continuous_integration import report_to_github

    summary, measurements = summary_of(store)
    console = OutputConsole(stderr=json_file == STANDARD_OUTPUT, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    try:
        print_ranking(summary, console)
    finally:  # also where nobody reads it
        if json_file is not None:
            write_json(summary, json_file)
        report = write_report(summary, measurements, reports)
    console.print(f"results  {store.folder}\nreport   {report}", soft_wrap=True, markup=False)
    report_to_github(summary, None, environment, err=json_file == STANDARD_OUTPUT)
    if ending is None:
        raise_for(summary, measurements)


def summary_of(store: Store) -> tuple[Summary, Measurements]:
    """The summary of a stored run, and what it was derived from."""
    from bench.stats.summarise import summarise

    measurements = store.read()
    return summarise(measurements), measurements


def write_report(summary: Summary, measurements: Measurements, reports: Path) -> Path:
    """Write the report of a run; returns its path. Raises InputError where it cannot be written."""
    from bench.report import render_report

    return write_page(render_report(summary, measurements), summary.run.id, reports)


def write_page(page: bytes, run: str, reports: Path) -> Path:
    """Write the page of a run (its id); returns its path. Raises InputError where it cannot be written."""
    path = reports / f"{run}.html"
    try:
        reports.mkdir(parents=True, exist_ok=True)
        write_whole(path, page)
    except OSError as error:
        raise InputError(
            f"cannot write the report to {path}: {error.strerror}",
            f"the results are kept; `bench report {run} --reports DIR` writes it elsewhere",
        ) from error
    return path


def write_json(summary: Summary, where: str) -> None:
    """Write the summary as JSON to a file, or to standard output where that is `-`."""
    from bench.export.summary_json import summary_json

    write_output(where, summary_json(summary))


def raise_for(summary: Summary, measurements: Measurements) -> None:
    """Raise what the exit code must say of a run that went to its end.

    A server that failed comes first (ServerFailed): what is required of it is not kept, but the log says more
    of it than a limit. A Regression comes before NothingValid, for errors may be the very reason why nothing
    is valid; what is Inconclusive comes last.
    """
    failed = {
        launched.deployment: launched.failure.what
        for launch in measurements.launches
        for launched in launch.deployments
        if launched.failure is not None
    }
    if failed:
        names = ", ".join(failed)
        raise ServerFailed(
            f"{len(failed)} of {len(summary.run.deployments)} deployments failed: {names}",
            "what each wrote last stands above and in the report",
        )
    raise_for_requirements(summary, "regression")
    if not any(cell.valid for cell in summary.cells):
        raise NothingValid("no cell of this run is valid", "the reasons stand above and in the report")
    raise_for_requirements(summary, "inconclusive")


def raise_for_requirements(summary: Summary, verdict: Literal["regression", "inconclusive"]) -> None:
    """Raise Regression or Inconclusive where any requirement came out so, naming the first of them."""
    found = [one for one in summary.requirements if one.verdict == verdict]
    if not found:
        return
    from bench.stats.caveats import label

    labels = {cell.cell.id: label(cell) for cell in summary.cells}
    named = [f"{labels[one.cell]}: {one.what}" for one in found[:_NAMED]]
    more = [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    count = f"{len(found)} of {len(summary.requirements)} requirements"
    listed = "\n  ".join([*named, *more])
    if verdict == "regression":
        raise Regression(f"{count} are not kept:\n  {listed}", "all of them stand above and in the report")
    raise Inconclusive(
        f"{count} could not be decided:\n  {listed}",
        "measure longer or in more launches, or mend what speaks against the numbers",
    )
