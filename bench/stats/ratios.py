"""Paired comparison of two cells: what one achieves as a multiple of the other, block by block.

The two slices of a block ran side by side in time, so what slowed the machine slowed both and cancels in
their ratio. Ratios are averaged as logarithms, so that swapping the cells inverts the answer exactly. The
typical value of one cell's slices is found in the same way.

Where every deployment had a round of its own, no two slices ran side by side. Each launch then has one round
of each, in random order, so a pair is a launch, with one value for each cell (docs/decisions/0012-rounds.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from bench.stats.intervals import BlockError, Floats, LaunchEstimate, half_width
from bench.stats.summary import Interval
from bench.stats.tally import Tally

FEWEST_PAIRS = 5
_NORMAL = 1.959964


@dataclass(frozen=True)
class Pairs:
    """Log-ratios of the blocks both cells answered in, and the launch of each; of whole launches in rounds.

    `dropped` counts the blocks, or launches, in which either cell answered nothing: they have no ratio.
    """

    launches: tuple[int, ...]
    log_ratios: tuple[float, ...]
    dropped: int


def pair(cell: Tally, against: Tally, of: Callable[[Tally], Sequence[float]]) -> Pairs:
    """What both cells were measured in, blocks or launches, as log-ratios of the first cell to the second.

    `of` gives what is compared: a value for each slice of a tally, 0 or nan where nothing was answered.
    """
    values, others = _values(cell, of), _values(against, of)
    both = [(place[0], value, others[place]) for place, value in values.items() if place in others]
    answered = [(launch, one, other) for launch, one, other in both if one > 0 and other > 0]
    return Pairs(
        launches=tuple(launch for launch, _, _ in answered),
        log_ratios=tuple(float(np.log(one / other)) for _, one, other in answered),
        dropped=len(both) - len(answered),
    )


def of_means(cell: Tally, against: Tally, of: Callable[[Tally], Sequence[float]]) -> float | None:
    """The ratio of two cells' means over the blocks both were measured in; None where there are none.

    Blocks in which either was far slower have their whole weight here, and next to none in `ratio`.
    """
    values, others = (dict(zip(one.blocks, of(one), strict=True)) for one in (cell, against))
    both = values.keys() & others.keys()
    total = sum(others[block] for block in both)
    return sum(values[block] for block in both) / total if total > 0 else None


def _values(tally: Tally, of: Callable[[Tally], Sequence[float]]) -> dict[tuple[int, ...], float]:
    """What is compared, by block; by launch where it was measured in rounds, 0 where nothing was answered."""
    if not tally.in_rounds:
        return dict(zip(tally.blocks, of(tally), strict=True))
    by_launch: dict[tuple[int, ...], list[float]] = {(launch,): [] for launch in tally.launches}
    for launch, value in zip(tally.launches, of(tally), strict=True):
        if value > 0:
            by_launch[launch,].append(float(np.log(value)))
    return {place: exp(hodges_lehmann(logs)) if logs else 0.0 for place, logs in by_launch.items()}


def ratio(pairs: Pairs) -> Interval | None:
    """The ratio and its 95 % interval; None with fewer than five pairs."""
    if len(pairs.log_ratios) < FEWEST_PAIRS:
        return None
    centre, half = _centre(pairs.launches, pairs.log_ratios)
    return None if half is None else Interval(exp(centre), exp(centre - half), exp(centre + half))


def typical(launches: Sequence[int], values: Sequence[float]) -> Interval | None:
    """The typical value of a cell's slices with its 95 % interval; what is not above 0 is left out.

    None where nothing is left. A single block says nothing of its spread: it gets plus or minus 100 %.
    """
    answered = [(launch, value) for launch, value in zip(launches, values, strict=True) if value > 0]
    if not answered:
        return None
    logs = [float(np.log(value)) for _, value in answered]
    centre, half = _centre([launch for launch, _ in answered], logs)
    value = exp(centre)
    if half is None:
        return Interval(value, 0.0, 2 * value)
    return Interval(value, exp(centre - half), exp(centre + half))


def _centre(launches: Sequence[int], logs: Sequence[float]) -> tuple[float, float | None]:
    """The Hodges-Lehmann estimate of logarithms, and half its 95 % interval where it can be told."""
    values = np.asarray(logs)
    centre = hodges_lehmann(values)
    estimates, residuals = _by_launch(values, np.asarray(launches))
    return centre, half_width(centre, estimates, _block_error(residuals, len(estimates)))


def hodges_lehmann(values: Sequence[float] | Floats) -> float:
    """The median of all Walsh averages (means of two values, each also with itself)."""
    ordered = np.sort(np.asarray(values, float))
    count = len(ordered) * (len(ordered) + 1) // 2
    return (walsh(ordered, (count + 1) // 2) + walsh(ordered, count // 2 + 1)) / 2


def walsh(ordered: Floats, rank: int) -> float:
    """The Walsh average of this rank, 1 the smallest, of values in ascending order.

    Found by halving the range and counting the averages below, so that a thousand blocks need neither the
    memory nor the time of half a million averages. Exact to the last bits of a float.
    """
    positions = np.arange(len(ordered))
    low, high = float(ordered[0]), float(ordered[-1])
    if _averages_up_to(low, ordered, positions) >= rank:
        return low
    while low < (middle := low + (high - low) / 2) < high:
        if _averages_up_to(middle, ordered, positions) >= rank:
            high = middle
        else:
            low = middle
    return high


def _averages_up_to(limit: float, ordered: Floats, positions: NDArray[np.int64]) -> int:
    partners = np.searchsorted(ordered, 2 * limit - ordered, side="right") - positions
    return int(partners[partners > 0].sum())


def _by_launch(values: Floats, launches: NDArray[np.int64]) -> tuple[list[LaunchEstimate], Floats]:
    """The estimate of every launch, and every value's distance from its launch's."""
    estimates, residuals = [], np.empty_like(values)
    for launch in np.unique(launches):
        here = launches == launch
        value = hodges_lehmann(values[here])
        estimates.append(LaunchEstimate(value, float(np.mean(here))))
        residuals[here] = values[here] - value
    return estimates, residuals


def _block_error(residuals: Floats, launches: int) -> BlockError | None:
    """The error by the blocks' spread: the interval of the signed-rank test, which outliers hardly widen.

    Its rank is the normal approximation's, rounded outwards: with few blocks a little too wide.

    Taking each launch's own centre away makes the spread look smaller; the degrees of freedom give it back.
    """
    count, freedom = len(residuals), len(residuals) - launches
    if freedom < 1:
        return None
    averages = count * (count + 1) // 2
    spread = sqrt(count * (count + 1) * (2 * count + 1) / 24)
    rank = max(1, int(averages / 2 - _NORMAL * spread))
    ordered = np.sort(residuals)
    half = (walsh(ordered, averages + 1 - rank) - walsh(ordered, rank)) / 2 * sqrt((count - 1) / freedom)
    return BlockError(half / _NORMAL, half)
