"""What a run is held to: every gate of a check, every requirement, and the validity of every cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.scenario.check import Metric
from bench.stats.caveats import label
from bench.stats.checks.changes import (
    allowed,
    beside,
    change_of,
    comparable,
    interval_of,
    share_of_base,
    value_of,
)
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.checks.words import NAMES, what_helps, worse
from bench.stats.inference.gate import Judgement
from bench.stats.inference.verdict import Verdict
from bench.stats.requirements.words import remedy_of
from bench.stats.summary import CellSummary, Reason, RequirementVerdict, Summary

Outcome = Literal["regression", "inconclusive", "pass", "not judged"]

VALIDITY = "validity"
_NOT_JUDGED = "Not judged, for the numbers of this cell decide nothing."


@dataclass(frozen=True)
class Gate:
    """One gate: the cell it is about (its name), what of it is gated, how that came out, and a sentence.

    What was `not judged` was not measured, or has numbers that decide nothing, and `validity` says why.
    """

    about: str
    gate: str
    outcome: Outcome
    what: str


def gates_of(summary: Summary, check: CheckSummary | None) -> tuple[Gate, ...]:
    """All gates, in the order of the run; those of one cell stand together."""
    by_cell: dict[str, list[Gate]] = {}
    for gate in _all(summary, check):
        by_cell.setdefault(gate.about, []).append(gate)
    return tuple(gate for gates in by_cell.values() for gate in gates)


def _all(summary: Summary, check: CheckSummary | None) -> Iterator[Gate]:
    names = {cell.cell.id: label(cell) for cell in summary.cells}
    if check is None:
        yield from map(_validity, summary.cells)
    else:
        names |= {side.cell.id: cell.name for cell in check.cells for side in (cell.base, cell.head)}
        for cell in check.cells:
            yield from _checked(cell)
    yield from (_required(one, names) for one in summary.requirements)
    yield from (Gate(one.name, VALIDITY, "not judged", one.reason) for one in summary.skipped)


def worst(verdicts: set[Verdict]) -> Verdict:
    """Red where any is, else undecided where any is, else passed."""
    order: tuple[Verdict, ...] = ("regression", "inconclusive")
    return next((verdict for verdict in order if verdict in verdicts), "pass")


def _checked(cell: CheckedCell) -> Iterator[Gate]:
    """Validity first; where it is what decided, no metric was judged."""
    gated = [one for one in cell.metrics if one.verdict is not None]
    by_metrics = worst({one.verdict for one in gated if one.verdict is not None})
    if not comparable(cell) or cell.verdict != by_metrics:
        yield Gate(cell.name, VALIDITY, cell.verdict, " ".join((cell.why, *what_helps(cell))))
        yield from (
            Gate(cell.name, one.metric, "not judged", f"{_NOT_JUDGED} {_values(one)}") for one in gated
        )
        return
    yield Gate(cell.name, VALIDITY, "pass", f"Nothing speaks against the numbers of {beside(cell)} and head.")
    yield from (Gate(cell.name, one.metric, one.verdict, _told(one)) for one in gated if one.verdict)


def _told(one: MetricCheck) -> str:
    """The metric in one line: both values, the change, what is allowed, and how sure it is."""
    parts = [_values(one)]
    if one.ratio is not None:
        limit = f"{allowed(one)} {worse(one.metric)} is allowed"
        parts.append(f"{change_of(one)} ({interval_of(one)}), {limit}")
    for judgement, launches in ((one.judgement, "launches"), (one.confirmation, "fresh launches")):
        parts.append(_tested(one.metric, judgement, launches))
    return "; ".join(part for part in parts if part)


def _values(one: MetricCheck) -> str:
    base, head = value_of(one.metric, one.base), value_of(one.metric, one.head)
    return f"{NAMES[one.metric]}: {base} in base, {head} in head"


def _tested(metric: Metric, judgement: Judgement | None, launches: str) -> str:
    """How likely so much would be by chance, and what would have been seen where nothing was."""
    if judgement is None or not judgement.pairs:
        return ""
    chance = f"p = {judgement.p_value:.2g} from {judgement.pairs} {launches}"
    if judgement.detectable is None:
        return chance
    return f"{chance}; {100 * share_of_base(metric, judgement.detectable):.1f} % would have been seen"


def _validity(cell: CellSummary) -> Gate:
    if cell.valid:
        return Gate(label(cell), VALIDITY, "pass", "Nothing speaks against the numbers.")
    return Gate(label(cell), VALIDITY, "inconclusive", "; ".join(map(_reason, cell.reasons)))


def _reason(reason: Reason) -> str:
    return f"{reason.what}: {reason.remedy}" if reason.remedy else reason.what


def _required(one: RequirementVerdict, names: dict[str, str]) -> Gate:
    what = ". ".join((one.what, *remedy_of(one)))
    return Gate(names.get(one.cell, one.cell), f"require {one.figure}", one.verdict, what)
