"""Two runs side by side as Markdown, as a pull request or a wiki takes it."""

import re
from collections.abc import Iterator, Sequence

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

_LONGEST = 300  # of what a run brings along: a command line may be of any length
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&$:])")


def comparison_markdown(two: TwoRuns) -> bytes:
    """The document as UTF-8 text. All that runs bring along is escaped."""
    return ("\n".join(_lines(two)) + "\n").encode()


def _lines(two: TwoRuns) -> Iterator[str]:
    yield from ("## Two runs compared", "")
    for letter, run in zip("AB", (two.first, two.second), strict=True):
        yield f"- **{letter}**: {_run(run)}"
    yield ""
    for warning in warnings(two):
        yield from (f"> **Note:** {escaped(warning)}", ">")
    if two.differences:
        yield from ("", "### What the runs differ in", "")
        rows = [(one.name, one.first, one.second, "yes" if one.matters else "") for one in two.differences]
        yield from _table(("fact", "A", "B", "matters"), rows)
    for cell in two.cells:
        yield from _cell(cell)
    for letter, names in zip("AB", (two.only_first, two.only_second), strict=True):
        if names:
            yield from ("", f"Only in {letter}:", "")
            yield from (f"- {escaped(name)}" for name in names)
    if two.cells:
        yield from ("", f"<sub>{WORKED_OUT}</sub>")


def _run(run: Run) -> str:
    return f"{escaped(run.id)}, {run.started_at:%Y-%m-%d %H:%M}, {run.status}"


def _cell(cell: ComparedCell) -> Iterator[str]:
    yield from ("", f"### {escaped(cell.name)}", "", escaped(_sentence(about(cell))), "")
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
        yield from (f"- not valid in {escaped(reason)}" for reason in cell.reasons)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(escaped(text) for text in row)} |"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def escaped(text: str) -> str:
    """The text on one line, shown as it is: no HTML, image, table or mention comes of it."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]}\u2026"
    return _SPECIAL.sub(lambda match: _entity(match[0]), line) if _is_risky(line) else line


def _entity(character: str) -> str:
    """What Markdown shows as this character and nothing else.

    People and issues are looked for in the finished page, so behind their signs stands a space of no width.
    """
    return f"&#{ord(character)};{'&#8203;' if character in '@#' else ''}"


def _is_risky(line: str) -> bool:
    """Whether anything in it could mean something; numbers and plain words stay readable in the source."""
    return re.search(r"[\\`*_{}\[\]<>#|~@&$]|://|www\.|^\W|^\d+[.)]\s", line) is not None
