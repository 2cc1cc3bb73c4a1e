"""The end of a check on the terminal: the verdict, what it rests on, and why where it is not a pass."""

from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.requirements import print_requirements
from bench.cli.verdict_words import STYLES, WORDS
from bench.stats.checks.changes import (
    allowed,
    change_of,
    comparable,
    compared,
    direction_of,
    interval_of,
    name_of,
    tally_of,
    value_of,
)
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.checks.words import what_helps
from bench.stats.inference.gate import Verdict

_COLUMNS = ("metric", "base", "head", "change", "", "95 % interval", "allowed", "verdict")
_WORDS = ("metric", "", "verdict")  # columns of text, which stand on the left
_GAP, _LEAST_GAP = 2, 1


def print_check(check: CheckSummary, console: Console) -> None:
    """Print the verdict, a table for each cell, why some did not pass, what is required, then the notes."""
    opening = f"  {compared(check.summary.run)}; {tally_of(check)}"
    _say(Text.assemble(_word(check.verdict), opening), console)
    _print_cells(check.cells, console)
    open_ = [cell for cell in check.cells if cell.verdict != "pass"]
    if open_:
        console.print()
    for cell in open_:
        _say(Text.assemble(_word(cell.verdict), f"  {cell.name}: {cell.why}"), console)
        for remedy in what_helps(cell):
            _say(Text(f"  {remedy}"), console)
    print_requirements(check.summary, console)
    for note in (*check.notes, *check.summary.warnings):
        _say(Text(f"note: {note}", "yellow"), console)


def _say(text: Text, console: Console) -> None:
    """A sentence; a terminal would break it within words, and where there is none it stays whole."""
    console.print(text, soft_wrap=not console.is_terminal)


def _word(verdict: Verdict) -> tuple[str, str]:
    """The verdict as a word, in its colour where there are colours."""
    return WORDS[verdict], STYLES[verdict]


def _print_cells(cells: Sequence[CheckedCell], console: Console) -> None:
    """The tables one below another, all with the same columns; closer together where it is narrow."""
    rows = [[_row(one, cell) for one in cell.metrics] for cell in cells]
    texts = [[text.plain for text in row] for table in rows for row in table]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *texts, strict=True)]
    gap = _GAP if sum(widths) + _GAP * (len(widths) - 1) <= console.width else _LEAST_GAP
    for cell, table in zip(cells, rows, strict=True):
        console.print(Text.assemble("\n", (cell.name, "bold"), "  ", _word(cell.verdict)), soft_wrap=True)
        # Its own width, whatever the console's: digits that were cut off would be missed, a broken line not.
        console.print(_table(cell, table, widths, gap), crop=False)


def _table(cell: CheckedCell, rows: Sequence[Sequence[Text]], widths: Sequence[int], gap: int) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        width=sum(widths) + gap * (len(widths) - 1),
    )
    for name, width in zip(_COLUMNS, widths, strict=True):
        justify: Literal["left", "right"] = "left" if name in _WORDS else "right"
        table.add_column(name, justify=justify, width=width, no_wrap=True)
    for one, row in zip(cell.metrics, rows, strict=True):
        table.add_row(*row, style=None if one.gated and comparable(cell) else "dim")
    return table


def _row(one: MetricCheck, cell: CheckedCell) -> list[Text]:
    """A change is shown of numbers that may be compared: what is wrong is never a faster one."""
    values = (value_of(one.metric, value) for value in (one.base, one.head))
    told = (change_of(one), direction_of(one), interval_of(one)) if comparable(cell) else ("-", "", "-")
    texts = (name_of(one.metric), *values, *told, allowed(one) if one.gated else "")
    return [*map(Text, texts), _verdict(one, cell)]


def _verdict(one: MetricCheck, cell: CheckedCell) -> Text:
    if one.verdict is None:
        return Text("not gated")
    return Text(*_word(one.verdict)) if comparable(cell) else Text("not valid")
