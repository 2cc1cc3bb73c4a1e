"""Goodput with its interval: the deployments that may be compared stand together, best first."""

from matplotlib.figure import Figure

from bench.report.plots.rows import Axis, Dot, Row, Rows, draw_rows
from bench.report.standings import Condition, mode_of, standing
from bench.report.theme import INVALID, Style, Styles
from bench.stats.summary import CellSummary, Interval
from bench.units import format_rate


def draw_throughput(condition: Condition, styles: Styles, width: int) -> Figure:
    """One row a deployment, grouped by keep-alive mode; what is not valid stands last in grey."""
    groups = [
        Rows(mode_of(keeps_alive), tuple(_row(condition, cell, styles) for cell in cells))
        for keeps_alive in (True, False)
        if (cells := _ordered(condition, keeps_alive))
    ]
    return draw_rows(groups, Axis("verified responses a second", format_rate), width)


def _ordered(condition: Condition, keeps_alive: bool) -> list[CellSummary]:
    ranked = [
        cell
        for group in condition.groups
        if group.keeps_alive is keeps_alive
        for cell in (*group.leaders, *(follower.cell for follower in group.followers))
    ]
    return ranked + [cell for cell in condition.app if cell.keeps_alive is keeps_alive and cell not in ranked]


def _row(condition: Condition, cell: CellSummary, styles: Styles) -> Row:
    name = cell.deployment.name
    place = standing(condition, cell)
    return Row(
        name=name,
        text=_text(cell, place),
        dots=_dots(cell, condition.floor.get(name), styles[name]),
        strong=bool(place),
    )


def _text(cell: CellSummary, place: str) -> str:
    if not cell.valid:
        return "not valid, not ranked"
    if cell.goodput is None:
        return "not measured"
    low, high = format_rate(cell.goodput.low), format_rate(cell.goodput.high)
    return f"{place + ': ' if place else ''}{format_rate(cell.goodput.value)} ({low} to {high})"


def _dots(cell: CellSummary, floor: CellSummary | None, style: Style) -> tuple[Dot, ...]:
    dots = []
    if cell.goodput is not None:
        dots.append(_dot(cell.goodput, style if cell.valid else INVALID))
    if floor is not None and floor.goodput is not None:
        note = f"floor {format_rate(floor.goodput.value)}" if floor.valid else "floor not valid"
        dots.append(_dot(floor.goodput, style if floor.valid else INVALID, hollow=True, note=note))
    return tuple(dots)


def _dot(goodput: Interval, style: Style, *, hollow: bool = False, note: str = "") -> Dot:
    return Dot(goodput.value, style, goodput.low, goodput.high, hollow, note)
