"""Two runs side by side as Markdown, as a pull request or a wiki takes it."""

from collections.abc import Iterator, Sequence

from bench.export.markdown import COMMENT_LIMIT
from bench.export.markup import Document, code, prose, row, table_head
from bench.results.model import Run
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


def comparison_markdown(two: TwoRuns, limit: int = COMMENT_LIMIT) -> bytes:
    """The document, UTF-8, of `limit` bytes at most: what does not fit is cut off, and it says so."""
    command = code(f"bench compare {two.first.id} {two.second.id}")
    cut = f"Cut off here, for there is no room for more: {command} shows the rest."
    return Document(tuple(_pieces(two))).within(limit, cut).encode()


def _pieces(two: TwoRuns) -> Iterator[str]:
    """The document in pieces, the most important first."""
    yield "## Two runs compared\n"
    for letter, run in zip("AB", (two.first, two.second), strict=True):
        yield f"- **{letter}**: {_run(run)}"
    yield ""
    yield from (f"> **Note:** {prose(warning)}\n>" for warning in warnings(two))
    if two.differences:
        yield "\n### What the runs differ in\n"
        rows = [(one.name, one.first, one.second, "yes" if one.matters else "") for one in two.differences]
        yield from _table(("fact", "A", "B", "matters"), rows)
    for cell in two.cells:
        yield from _cell(cell)
    for letter, names in zip("AB", (two.only_first, two.only_second), strict=True):
        if names:
            yield f"\nOnly in {letter}:\n"
            yield from (f"- {prose(name)}" for name in names)
    if two.cells:
        yield f"\n<sub>{WORKED_OUT}</sub>"


def _run(run: Run) -> str:
    return f"{prose(run.id)}, {run.started_at:%Y-%m-%d %H:%M}, {run.status}"


def _cell(cell: ComparedCell) -> Iterator[str]:
    yield f"\n### {prose(cell.name)}\n\n{prose(_sentence(about(cell)))}\n"
    rows = [
        (
            heading(cell, one),
            value(one, one.first),
            value(one, one.second),
            ratio(one.ratio),
            verdict(cell, one),
        )
        for one in cell.metrics
    ]
    yield from _table(("", "A", "B", ratio_heading(cell), "verdict"), rows)
    if cell.reasons:
        yield ""
        yield from (f"- not valid in {prose(reason)}" for reason in cell.reasons)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield table_head(columns)
    yield from (row([prose(text) for text in each]) for each in rows)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
