"""What a run is held to as annotations of a GitHub workflow: lines that its runner takes for commands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.stats.caveats import label
from bench.stats.checks.summary import CheckedCell, CheckSummary
from bench.stats.checks.words import what_helps
from bench.stats.inference.verdict import Verdict
from bench.stats.requirements.words import remedy_of
from bench.stats.summary import Summary

MOST_OF_A_KIND = 10  # the page shows no more of one step
LONGEST_TITLE = 255
LONGEST_MESSAGE = 4_096  # characters; the runner cuts off what follows, in the midst of a word

Kind = Literal["error", "warning", "notice"]

_KINDS: dict[Verdict, Kind] = {"regression": "error", "inconclusive": "warning"}


@dataclass(frozen=True)
class Annotation:
    """A mark on the page: how bad it is, a short title, and a sentence."""

    kind: Kind
    title: str
    what: str


def annotations(summary: Summary, check: CheckSummary | None = None) -> str:
    """One line for each requirement that did not pass, of a check for each cell, too, and each note.

    Empty where all is well.
    """
    found = [*(_of_cells(check) if check else ()), *_of_requirements(summary)]
    found += [Annotation("notice", "Note", note) for note in (check.notes if check else ())]
    kinds: tuple[Kind, ...] = ("error", "warning", "notice")
    shown = (_at_most([one for one in found if one.kind == kind]) for kind in kinds)
    return "".join(f"{_line(one)}\n" for of_a_kind in shown for one in of_a_kind)


def _of_cells(check: CheckSummary) -> Iterator[Annotation]:
    for cell in check.cells:
        if cell.verdict in _KINDS:
            what = " ".join((cell.why, *_what_helps(cell)))
            yield Annotation(_KINDS[cell.verdict], f"{cell.verdict.capitalize()}: {cell.name}", what)


def _what_helps(cell: CheckedCell) -> Iterator[str]:
    """What to do, also where figures left it open: who reads this has no other page before them."""
    yield from what_helps(cell)
    if cell.verdict == "inconclusive" and not cell.decisive:
        yield "Measure longer (`for`), or on a machine that does less besides."


def _of_requirements(summary: Summary) -> Iterator[Annotation]:
    names = {cell.cell.id: label(cell) for cell in summary.cells}
    for one in summary.requirements:
        if one.verdict in _KINDS:
            title = "Requirement not met" if one.verdict == "regression" else "Requirement not decided"
            what = ". ".join((one.what, *remedy_of(one)))
            yield Annotation(_KINDS[one.verdict], f"{title}: {names.get(one.cell, one.cell)}", what)


def _at_most(found: Sequence[Annotation]) -> Sequence[Annotation]:
    """As many of one kind as are shown; where there are more, the last one stands for the rest."""
    if len(found) <= MOST_OF_A_KIND:
        return found
    shown, rest = found[: MOST_OF_A_KIND - 1], found[MOST_OF_A_KIND - 1 :]
    lines = "\n".join(f"{one.title}: {one.what}" for one in rest)
    return [*shown, Annotation(rest[0].kind, f"{len(rest)} more", lines)]


def _line(one: Annotation) -> str:
    title, what = _cut(one.title, LONGEST_TITLE), _cut(one.what, LONGEST_MESSAGE)
    return f"::{one.kind} title={_property(title)}::{_message(what)}"


def _cut(text: str, most: int) -> str:
    """So many characters of the text at most, the last one a sign that there was more."""
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
