"""What a deployment takes beside time: CPU, memory, start-up; and how busy the generator was with it."""

from collections.abc import Sequence
from statistics import median

from matplotlib.figure import Figure

from bench.report.plots.canvas import NARROW
from bench.report.plots.rows import Axis, Dot, Row, Rows, draw_rows
from bench.report.standings import Condition
from bench.report.theme import INVALID, Style, Styles
from bench.report.words import percent
from bench.stats.summary import CellSummary
from bench.units import NS_PER_S, format_bytes, format_duration

GENERATOR_LIMIT = 0.9

_NOT_MEASURED = "not measured"


def draw_cpu(condition: Condition, styles: Styles) -> Figure:
    """CPU microseconds a request, of all processes of the deployment, with the floor beside."""
    rows = []
    for cell in condition.app:
        floor = condition.floor.get(cell.deployment.name)
        cost = cell.cpu_us_per_request
        text = f"{cost.value:,.0f} us ({cost.low:,.0f} to {cost.high:,.0f})" if cost else _NOT_MEASURED
        dots = [_cpu_dot(each, styles, hollow=each is floor) for each in (floor, cell) if each is not None]
        rows.append(Row(cell.deployment.name, text, tuple(dot for dot in dots if dot is not None)))
    return _draw(rows, Axis("CPU microseconds a request; hollow: the floor", _whole))


def draw_memory(cells: Sequence[CellSummary], styles: Styles) -> Figure:
    """Memory of all processes of a deployment, shared pages shared out (PSS)."""
    rows = []
    for cell in cells:
        size = cell.memory_bytes
        text = _NOT_MEASURED if size is None else format_bytes(size)
        dots = () if size is None else (Dot(size / 1e6, _style(cell, styles)),)
        rows.append(Row(cell.deployment.name, text, dots))
    return _draw(rows, Axis("MB of memory (PSS)", _whole))


def draw_start_up(cells: Sequence[CellSummary], styles: Styles) -> Figure:
    """Time from exec to the first good answer, one dot a launch."""
    rows = []
    for cell in cells:
        starts = sorted(cell.start_up_ns)
        text = f"median {format_duration(median(starts))}" if starts else _NOT_MEASURED
        dots = tuple(Dot(start / NS_PER_S, _style(cell, styles), small=True) for start in starts)
        rows.append(Row(cell.deployment.name, text, dots))
    return _draw(
        rows, Axis("seconds to the first good answer, one mark a launch", lambda value: f"{value:g}")
    )


def draw_generator(condition: Condition, styles: Styles) -> Figure:
    """The share of its time in which the load generator was busy, with the limit of what is believed."""
    rows = []
    for cell in condition.app:
        busy = cell.generator_busy
        text = _NOT_MEASURED if busy is None else percent(busy)
        rows.append(
            Row(cell.deployment.name, text, () if busy is None else (Dot(busy, _style(cell, styles)),))
        )
    return _draw(rows, Axis("generator busy; dashed: what is still believed", percent, GENERATOR_LIMIT))


def _cpu_dot(cell: CellSummary, styles: Styles, *, hollow: bool) -> Dot | None:
    cost = cell.cpu_us_per_request
    return Dot(cost.value, _style(cell, styles), cost.low, cost.high, hollow) if cost else None


def _style(cell: CellSummary, styles: Styles) -> Style:
    return styles[cell.deployment.name] if cell.valid else INVALID


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _draw(rows: list[Row], axis: Axis) -> Figure:
    return draw_rows([Rows("", tuple(rows))], axis, NARROW)
