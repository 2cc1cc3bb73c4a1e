"""A run in Markdown: what is not met, who is best, one row a cell, then what speaks against the numbers."""

from collections.abc import Callable, Iterator

from bench.export.figures import quantile_ns
from bench.export.gates import worst
from bench.export.markdown_notes import (
    SYMBOLS,
    measured,
    met_requirements,
    open_requirements,
    unfinished,
    warnings,
)
from bench.export.markup import code, prose, row, table_head
from bench.stats.caveats import condition, label
from bench.stats.merit import merit_of
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.units import format_duration, format_rate

_COLUMNS = ("cell", "goodput/s", "median", "p99", "CPU a request", "to the best", "")


def run_pieces(summary: Summary) -> Iterator[str]:
    """The document in pieces, the most important first."""
    cells = {cell.cell.id: cell for cell in summary.cells}
    comparisons = {each.cell: each for each in summary.comparisons}
    required = {one.verdict for one in summary.requirements}
    symbol = f"{SYMBOLS[worst(required)]} " if required else ""
    yield f"### {symbol}bench run: {code(summary.run.id)}{unfinished(summary)}\n"
    yield from open_requirements(summary)
    groups = [[cells[key] for key in ids] for ids in summary.ranking]
    best = [_best(group, comparisons) for group in groups if group[0].deployment.app == "app"]
    yield "\n".join(f"- {each}" for each in best) + "\n" if best else "**Nothing in this run is valid.**\n"
    yield table_head(_COLUMNS)
    leaders = {group[0].cell.id for group in groups}
    yield from (_row(cell, comparisons.get(cell.cell.id), leaders) for cell in summary.cells)
    yield from met_requirements(summary)
    yield from warnings(summary)
    yield from measured(summary)


def _best(group: list[CellSummary], comparisons: dict[str, Comparison]) -> str:
    """The best of a group with those it cannot be told from, and what it came to."""
    first = group[0]
    tied = [cell for cell in group[1:] if (found := comparisons.get(cell.cell.id)) and found.verdict == "tie"]
    names = ", ".join(code(cell.deployment.name) for cell in (first, *tied))
    what = prose(condition(first.cell.request, first.cell.load))
    figure = merit_of(first.cell.load).of_cell(first)
    value = prose(_merit(first, figure)) if figure else "-"
    mode = "with keep-alive" if first.keeps_alive else "without keep-alive"
    verb = "tie" if tied else "is best" if len(group) > 1 else "stands alone"
    return f"{what}, {mode}: **{names} {verb}**, {value}"


def _merit(cell: CellSummary, figure: Interval) -> str:
    if cell.cell.load.is_open:
        return f"median latency {_interval(figure, format_duration)}"
    return f"{_interval(figure, format_rate)} verified responses a second"


def _row(cell: CellSummary, comparison: Comparison | None, leaders: set[str]) -> str:
    if not cell.valid:
        verdict = "**not valid**: " + prose("; ".join(reason.what for reason in cell.reasons))
    elif comparison is not None:
        verdict = comparison.verdict
    else:
        verdict = "best" if cell.cell.id in leaders else "-"
    median = _interval(cell.median_latency_ns, format_duration) or _duration(quantile_ns(cell, 0.5))
    entries = (
        _interval(cell.goodput, format_rate),
        median,
        _duration(quantile_ns(cell, 0.99)),
        _interval(cell.cpu_us_per_request, lambda value: format_duration(value * 1000)),
        _interval(comparison.ratio, lambda value: f"{value:.3f}") if comparison else "",
    )
    return row([code(label(cell)), *(prose(entry or "-") for entry in entries), verdict])


def _interval(interval: Interval | None, write: Callable[[float], str]) -> str:
    if interval is None:
        return ""
    return f"{write(interval.value)} ({write(interval.low)} to {write(interval.high)})"


def _duration(duration_ns: float | None) -> str:
    return "" if duration_ns is None else format_duration(duration_ns)
