"""What a check found as annotations of a GitHub workflow: lines that its runner takes for commands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.stats.checks.summary import CheckSummary
from bench.stats.inference.verdict import Verdict

MOST_OF_A_KIND = 10  # the page shows no more of one step

Kind = Literal["error", "warning", "notice"]

_KINDS: dict[Verdict, Kind] = {"regression": "error", "inconclusive": "warning"}


@dataclass(frozen=True)
class Annotation:
    """A mark on the page: how bad it is, a short title, and a sentence."""

    kind: Kind
    title: str
    what: str


def annotations(check: CheckSummary) -> str:
    """One line for each cell and requirement that did not pass, and each note; empty where all is well."""
    found = list(_found(check))
    kinds: tuple[Kind, ...] = ("error", "warning", "notice")
    shown = (_at_most([one for one in found if one.kind == kind]) for kind in kinds)
    return "".join(f"{_line(one)}\n" for of_a_kind in shown for one in of_a_kind)


def _found(check: CheckSummary) -> Iterator[Annotation]:
    names = {cell.head.cell.id: cell.name for cell in check.cells}
    for cell in check.cells:
        if cell.verdict in _KINDS:
            yield Annotation(_KINDS[cell.verdict], f"{cell.verdict.capitalize()}: {cell.name}", cell.why)
    for one in check.summary.requirements:
        if one.verdict in _KINDS:
            title = "Requirement not met" if one.verdict == "regression" else "Requirement not decided"
            yield Annotation(_KINDS[one.verdict], f"{title}: {names.get(one.cell, one.cell)}", one.what)
    yield from (Annotation("notice", "Note", note) for note in check.notes)


def _at_most(found: Sequence[Annotation]) -> Sequence[Annotation]:
    """As many of one kind as are shown; where there are more, the last one stands for the rest."""
    if len(found) <= MOST_OF_A_KIND:
        return found
    shown, rest = found[: MOST_OF_A_KIND - 1], found[MOST_OF_A_KIND - 1 :]
    lines = "\n".join(f"{one.title}: {one.what}" for one in rest)
    return [*shown, Annotation(rest[0].kind, f"{len(rest)} more", lines)]


def _line(one: Annotation) -> str:
    return f"::{one.kind} title={_property(one.title)}::{_message(one.what)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
