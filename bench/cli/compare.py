"""`bench compare`: two stored results side by side, whatever has been measured in both."""

from pathlib import Path

import click
from rich.console import Console

from bench.cli import shell_values
from bench.cli.console import OutputConsole
from bench.cli.outcome import WIDTH_WITHOUT_TERMINAL
from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.cli.two_runs import print_comparison
from bench.errors import InputError, NothingValid
from bench.export.comparison_json import comparison_json
from bench.export.comparison_markdown import comparison_markdown
from bench.results.model import Measurements
from bench.results.store import Store
from bench.stats.two_runs.comparison import TwoRuns, compare


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=Path), shell_complete=shell_values.runs)
@click.argument("second", metavar="B", type=click.Path(path_type=Path), shell_complete=shell_values.runs)
@click.option(
    "--results", type=click.Path(path_type=Path), default="results", show_default=True, metavar="FOLDER",
    help="Where A and B are looked for when they are not folders themselves.",
)  # fmt: skip
@click.option("--markdown", metavar="FILE", help="Write it as Markdown; `-` is standard output.")
@click.option("--html", metavar="FILE", help="Write it as a page of HTML.")
@click.option("--json", "json_file", metavar="FILE", help="Write it as JSON; `-` is standard output.")
def command(
    first: Path, second: Path, results: Path, markdown: str | None, html: str | None, json_file: str | None
) -> None:
    """Say how the results of run B differ from those of run A.

    A and B are the ids of runs, or their folders.
    """
    for where in filter(None, (markdown, html, json_file)):
        require_writable(where)
    on_standard_output = [where for where in (markdown, html, json_file) if where == STANDARD_OUTPUT]
    if len(on_standard_output) > 1:
        raise InputError("only one output can go to standard output", "name a file for the others")
    two = compare(_stored(first, results), _stored(second, results))
    _write(two, markdown, html, json_file)
    print_comparison(two, _console(elsewhere=bool(on_standard_output)))
    if not two.cells:
        raise NothingValid(
            "the two runs have no cell in common",
            "a cell is the same where server name, app or floor, revision of a check, request and load are",
        )


def _stored(run: Path, results: Path) -> Measurements:
    return Store(run if run.is_dir() else results / run).read()


def _console(*, elsewhere: bool) -> Console:
    console = OutputConsole(stderr=elsewhere, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


def _write(two: TwoRuns, markdown: str | None, html: str | None, json_file: str | None) -> None:
    if markdown is not None:
        write_output(markdown, comparison_markdown(two))
    if html is not None:
        from bench.report.comparison_page import render_comparison  # noqa: PLC0415  - brings matplotlib

        write_output(html, render_comparison(two))
    if json_file is not None:
        write_output(json_file, comparison_json(two))
