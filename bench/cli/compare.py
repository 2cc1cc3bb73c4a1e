"""`bench compare`: two stored results side by side, whatever has been measured in both."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.outcome import WIDTH_WITHOUT_TERMINAL
from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.errors import InputError, NothingValid
from bench.export.comparison_json import comparison_json
from bench.export.comparison_markdown import comparison_markdown
from bench.results.model import Measurements
from bench.results.store import Store
from bench.stats.two_runs.comparison import ComparedCell, TwoRuns, compare
from bench.stats.two_runs.words import (
    WORKED_OUT,
    about,
    heading,
    ratio,
    ratio_heading,
    value,
    verdict,
    warnings,
)


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
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
    _print(two, _console(elsewhere=bool(on_standard_output)))
    if not two.cells:
        raise NothingValid(
            "the two runs have no cell in common",
            "a cell is the same where server name, app or floor, revision of a check, request and load are",
        )


def _stored(run: Path, results: Path) -> Measurements:
    return Store(run if run.is_dir() else results / run).read()


def _console(*, elsewhere: bool) -> Console:
    console = Console(stderr=elsewhere, highlight=False)
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


def _print(two: TwoRuns, console: Console) -> None:
    for letter, run in zip("AB", (two.first, two.second), strict=True):
        console.print(Text(f"{letter}  {run.id}, {run.started_at:%Y-%m-%d %H:%M}"), soft_wrap=True)
    for warning in warnings(two):
        console.print(Text(f"note: {warning}", "yellow"), soft_wrap=True)
    if two.differences:
        console.print()
        console.print(_differences(two))
    for cell in two.cells:
        console.print()
        _print_cell(cell, console)
    for letter, names in zip("AB", (two.only_first, two.only_second), strict=True):
        for name in names:
            console.print(Text(f"only in {letter}: {name}", "dim"), soft_wrap=True)
    if two.cells:
        console.print(Text(WORKED_OUT, "dim"), soft_wrap=True)


def _print_cell(cell: ComparedCell, console: Console) -> None:
    console.print(Text(cell.name, "bold"), soft_wrap=True)
    console.print(Text(about(cell), "dim"), soft_wrap=True)
    table = _table("", "A", "B", ratio_heading(cell), "verdict")
    for one in cell.metrics:
        values = (value(one, one.first), value(one, one.second))
        table.add_row(*map(Text, (heading(cell, one), *values, ratio(one.ratio), verdict(cell, one))))
    console.print(table)
    for reason in cell.reasons:
        console.print(Text(f"not valid in {reason}", "yellow"), soft_wrap=True)


def _differences(two: TwoRuns) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("the runs differ in", "A", "B", ""):
        table.add_column(name, overflow="fold")
    for one in two.differences:
        matters = Text("matters", "yellow") if one.matters else Text("")
        table.add_row(Text(one.name), Text(one.first), Text(one.second), matters)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, justify="left" if name in ("", "verdict") else "right", no_wrap=True)
    return table
