"""Slow-downs: how much worse head is than base by each metric, one log-ratio a launch.

A launch is the unit (docs/decisions/0010): what its blocks say is one value, the Hodges-Lehmann estimate of
their log-ratios. Tails and memory have no value a block, and are taken of the launch as a whole.
"""

from collections.abc import Callable, Sequence
from math import log, nan

from bench.scenario.check import Metric
from bench.stats.inference.gate import by_launch
from bench.stats.ratios import pair
from bench.stats.tally import Tally

TAIL = 0.99


def slow_downs(head: Tally, base: Tally, metric: Metric, launches: Sequence[int]) -> tuple[float, ...]:
    """The log-ratio of each of these launches, above 0 where head is worse; nan where there is none."""
    sign = -1.0 if metric == "goodput" else 1.0
    if metric in OF_SLICES:
        values = by_launch(pair(head, base, OF_SLICES[metric]), launches)
    else:
        heads, bases = (OF_LAUNCHES[metric](tally) for tally in (head, base))
        values = tuple(_log_ratio(heads.get(one), bases.get(one)) for one in launches)
    return tuple(sign * value for value in values)


def cpu_ns_per_request(tally: Tally) -> tuple[float, ...]:
    """CPU time a verified response, one value a slice; nan where it is not known."""
    return tuple(
        one.server_cpu_ns / one.answered if one.server_cpu_ns and one.answered else nan
        for one in tally.slices
    )


def _log_ratio(head: float | None, base: float | None) -> float:
    return log(head / base) if head and base and head > 0 and base > 0 else nan


def _tails_ns(tally: Tally) -> dict[int, float]:
    """The 99th percentile of each launch, of all its slices together."""
    return {launch: one.quantile_ns(TAIL) for launch, one in tally.histograms_by_launch.items()}


def _memory_bytes(tally: Tally) -> dict[int, float]:
    return {launch: float(one.memory_bytes) for launch, one in tally.launched if one.memory_bytes is not None}


OF_SLICES: dict[Metric, Callable[[Tally], Sequence[float]]] = {
    "goodput": lambda tally: tally.goodputs,
    "cpu": cpu_ns_per_request,
    "median": lambda tally: tally.medians_ns,
}
"""One value a slice, of the metrics that have one: a second, or in nanoseconds."""

OF_LAUNCHES: dict[Metric, Callable[[Tally], dict[int, float]]] = {
    "p99": _tails_ns,
    "memory": _memory_bytes,
}
"""One value a launch, of the metrics that have no other: nanoseconds and bytes."""
