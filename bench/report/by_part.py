"""Deployments by their parts: what the proxy and each server behind it take of CPU time and memory."""

from dataclasses import dataclass

from bench.report.standings import Condition
from bench.report.tables import NOTHING, Entry, entry
from bench.report.theme import Styles
from bench.report.words import percent
from bench.stats.summary import CellSummary, PartSummary, Spread
from bench.units import format_bytes


@dataclass(frozen=True)
class PartRow:
    """One part of a deployment: its name, and what stands under each column."""

    name: str
    columns: dict[str, Entry]


@dataclass(frozen=True)
class DividedDeployment:
    """A deployment of several parts: how it is named, how evenly its backends worked, and a row a part."""

    name: str
    mark: str
    role: str
    spread: str
    rows: tuple[PartRow, ...]


def divided(condition: Condition, styles: Styles) -> tuple[DividedDeployment, ...]:
    """The app's deployments of several parts, in the order of the run; every row has the same columns."""
    return tuple(_divided(cell, styles) for cell in condition.app if cell.parts)


def spread_in_words(spread: Spread) -> str:
    """How evenly the backends worked: `2 x waitress: each 49.1 % to 50.9 % of their CPU time; even: 50 %`."""
    least, most, even = percent(spread.least, 1), percent(spread.most, 1), percent(1 / spread.backends)
    return f"{spread.backends} x {spread.of}: each {least} to {most} of their CPU time; even: {even}"


def _divided(cell: CellSummary, styles: Styles) -> DividedDeployment:
    style = styles[cell.deployment.name]
    return DividedDeployment(
        name=cell.deployment.name,
        mark=style.mark,
        role=style.role,
        spread=spread_in_words(cell.spread) if cell.spread else "",
        rows=tuple(PartRow(part.name, _columns(part)) for part in cell.parts),
    )


def _columns(part: PartSummary) -> dict[str, Entry]:
    return {
        "CPU us": entry(part.cpu_us_per_request, lambda value: f"{value:,.1f}"),
        "of all": Entry(NOTHING if part.cpu_share is None else percent(part.cpu_share, 1)),
        "memory": Entry(NOTHING if part.memory_bytes is None else format_bytes(part.memory_bytes)),
        "processes": Entry(NOTHING if part.processes is None else str(part.processes)),
    }
