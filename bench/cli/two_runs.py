"""Two runs side by side on the terminal, as wide as that is: words are wrapped, figures never."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.stats.two_runs.comparison import ComparedCell, TwoRuns
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

_WORDS = ("", "verdict")  # columns of text, which stand on the left and are wrapped where it is narrow


def print_comparison(two: TwoRuns, console: Console) -> None:
    """Print what to know first, what the runs differ in, a table for each cell, and what only one has."""
    for letter, run in zip("AB", (two.first, two.second), strict=True):
        _say(console, f"{letter}  {run.id}, {run.started_at:%Y-%m-%d %H:%M}")
    for warning in warnings(two):
        _say(console, f"note: {warning}", "yellow")
    if two.differences:
        console.print()
        console.print(_differences(two))
    for cell in two.cells:
        console.print()
        _print_cell(cell, console)
    for letter, names in zip("AB", (two.only_first, two.only_second), strict=True):
        for name in names:
            _say(console, f"only in {letter}: {name}", "dim")
    if two.cells:
        _say(console, WORKED_OUT, "dim")


def _say(console: Console, text: str, style: str = "") -> None:
    """A line; a terminal would break it within words, and where there is none it stays whole."""
    console.print(Text(text, style), soft_wrap=not console.is_terminal)


def _print_cell(cell: ComparedCell, console: Console) -> None:
    _say(console, cell.name, "bold")
    _say(console, about(cell), "dim")
    table = _table("", "A", "B", ratio_heading(cell), "verdict")
    for one in cell.metrics:
        values = (value(one, one.first), value(one, one.second))
        table.add_row(*map(Text, (heading(cell, one), *values, ratio(one.ratio), verdict(cell, one))))
    console.print(table)
    for reason in cell.reasons:
        _say(console, f"not valid in {reason}", "yellow")


def _differences(two: TwoRuns) -> Table:
    table = _empty()
    for name in ("the runs differ in", "A", "B"):
        table.add_column(name, overflow="fold")
    table.add_column("", no_wrap=True)
    for one in two.differences:
        matters = Text("matters", "yellow") if one.matters else Text("")
        table.add_row(Text(one.name), Text(one.first), Text(one.second), matters)
    return table


def _table(*columns: str) -> Table:
    table = _empty()
    for name in columns:
        is_text = name in _WORDS
        table.add_column(name, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    return table


def _empty() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
