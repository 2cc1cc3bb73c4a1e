"""Levels: what a cell came to in each launch by itself, for comparing runs that have no block in common."""

from collections.abc import Mapping, Sequence
from math import isfinite, log
from statistics import fmean

from bench.scenario.check import Metric
from bench.stats.checks.slow_downs import OF_LAUNCHES, OF_SLICES
from bench.stats.ratios import hodges_lehmann
from bench.stats.tally import Tally

Levels = Mapping[int, float]
"""By launch, the natural logarithm of a metric's level; a launch that has none is not there."""


def levels(tally: Tally, metric: Metric) -> Levels:
    """The level of each launch: goodput a second, durations and CPU time in nanoseconds, memory in bytes.

    What slices have a value for is typical of the launch's slices (Hodges-Lehmann, by logarithms); tails and
    memory are the launch's as a whole.
    """
    if metric in OF_SLICES:
        return _typical(tally.launches, OF_SLICES[metric](tally))
    return _logs(OF_LAUNCHES[metric](tally))


def _typical(launches: Sequence[int], values: Sequence[float]) -> Levels:
    found: dict[int, list[float]] = {}
    for launch, value in zip(launches, values, strict=True):
        if value > 0:
            found.setdefault(launch, []).append(log(value))
    return {launch: hodges_lehmann(logs) for launch, logs in found.items()}


def _logs(values: Mapping[int, float]) -> Levels:
    return {launch: log(value) for launch, value in values.items() if isfinite(value) and value > 0}


def typical_level(found: Levels) -> float | None:
    """The mean over the launches, as a logarithm; None where there is none.

    Welch's ratio is that of means: with any other centre, two values would not have the ratio beside them.
    """
    return fmean(found.values()) if found else None
