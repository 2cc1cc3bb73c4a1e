"""A table that is no wider than the terminal: less important columns give way, then names are cut."""

from collections.abc import Collection, Sequence

from rich.table import Table
from rich.text import Text

Columns = dict[str, list[str]]  # what stands under each heading

_GAP = 2
_SHORTEST = 12  # characters of a name that are always left


def fitted(
    columns: Columns, width: int, *, names: Collection[str], less_important: Sequence[str]
) -> tuple[Columns, tuple[str, ...]]:
    """Columns that fit into this width where that is possible, and the headings of those left out.

    The `less_important` go first, in this order; then what stands in the columns of `names` is cut.
    """
    kept = dict(columns)
    for heading in less_important:
        if _excess(kept, width) > 0:
            kept.pop(heading, None)
    while (excess := _excess(kept, width)) > 0:
        longest = max((heading for heading in kept if heading in names), key=lambda one: _width(one, kept))
        most = max(_SHORTEST, _width(longest, kept) - excess)
        if most >= _width(longest, kept):
            break
        kept[longest] = [cut(text, most) for text in kept[longest]]
    return kept, tuple(heading for heading in columns if heading not in kept)


def table_of(title: str, columns: Columns, *, on_the_left: Collection[str]) -> Table:
    """The columns as a table without any rules."""
    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
    )
    for heading in columns:
        table.add_column(heading, justify="left" if heading in on_the_left else "right", no_wrap=True)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


def cut(text: str, most: int) -> str:
    """The text, cut in its middle where it is longer than this: names differ at both their ends."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}\u2026{text[len(text) - tail :]}"


def _excess(columns: Columns, width: int) -> int:
    """By how much the columns are wider than this together."""
    return sum(_width(heading, columns) for heading in columns) + _GAP * (len(columns) - 1) - width


def _width(heading: str, columns: Columns) -> int:
    return max(len(text) for text in (heading, *columns[heading]))
