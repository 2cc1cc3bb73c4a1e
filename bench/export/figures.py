"""The figures of a cell for tools that follow them from run to run.

Only what is comparable from commit to commit is followed: valid cells, and of a check those of head.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from bench.stats.caveats import label
from bench.stats.summary import CellSummary, Interval, Summary

BEYOND = 10  # durations that must lie beyond a quantile before it is a figure and no accident


@dataclass(frozen=True)
class Figure:
    """One figure: its name in kebab-case, its unit in words, and its 95 % interval where it has one."""

    name: str
    unit: str
    less_is_better: bool
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class FollowedCell:
    """A cell under the name it keeps from run to run, with its figures."""

    name: str
    requests: int
    figures: tuple[Figure, ...]


def followed_cells(summary: Summary) -> tuple[FollowedCell, ...]:
    """The cells that may be followed, in the order of the run."""
    return tuple(
        FollowedCell(label(cell), cell.requests, tuple(_figures(cell)))
        for cell in summary.cells
        if cell.valid and cell.deployment.revision != "base"
    )


def quantile_ns(cell: CellSummary, share: float) -> float | None:
    """The duration that this share stays at or below; None where too few durations lie beyond it."""
    if cell.histogram.total * (1 - share) < BEYOND - 1e-9:
        return None
    return cell.histogram.quantile_ns(share)


def _figures(cell: CellSummary) -> Iterator[Figure]:
    """Durations are called latency only where it is known when a request was due."""
    yield from _with_interval("throughput", "responses/s", cell.goodput, less_is_better=False)
    durations = "latency" if cell.cell.load.is_open else "service-time"
    if cell.median_latency_ns is not None:
        yield from _with_interval(durations, "ns", cell.median_latency_ns)
    else:
        yield from _alone(durations, "ns", quantile_ns(cell, 0.5))
    yield from _alone(f"{durations}-p99", "ns", quantile_ns(cell, 0.99))
    yield from _with_interval("cpu-time", "ns/response", cell.cpu_us_per_request, unit=1000)
    yield from _alone("memory", "bytes", cell.memory_bytes)


def _alone(name: str, unit_name: str, value: float | None) -> Iterator[Figure]:
    if value is not None and isfinite(value):
        yield Figure(name, unit_name, less_is_better=True, value=value)


def _with_interval(
    name: str, unit_name: str, interval: Interval | None, *, unit: float = 1, less_is_better: bool = True
) -> Iterator[Figure]:
    """The figure in another unit; without its ends where these are no numbers."""
    if interval is None or not isfinite(interval.value):
        return
    low, high = (each * unit if isfinite(each) else None for each in (interval.low, interval.high))
    yield Figure(name, unit_name, less_is_better, interval.value * unit, low, high)
