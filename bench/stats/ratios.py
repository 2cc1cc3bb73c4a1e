"""Paired comparison of two cells: what one achieves as a multiple of the other, block by block.

The two slices of a block ran side by side in time, so what slowed the machine slowed both and cancels in
their ratio. Ratios are averaged as logarithms, so that swapping the cells inverts the answer exactly.
"""

from collections.abc import Sequence
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
    """Log-ratios of goodput of the blocks both cells answered in, and the launch of each.

    `dropped` counts the blocks in which either cell answered nothing: they have no ratio.
    """

    launches: tuple[int, ...]
    log_ratios: tuple[float, ...]
    dropped: int


def pair(cell: Tally, against: Tally) -> Pairs:
    """The blocks in which both cells were measured, as log-ratios of the first cell to the second."""
    others = dict(zip(against.blocks, against.goodputs, strict=True))
    both = [
        (block, goodput, others[block])
        for block, goodput in zip(cell.blocks, cell.goodputs, strict=True)
        if block in others
    ]
    answered = [(block[0], one, other) for block, one, other in both if one > 0 and other > 0]
    return Pairs(
        launches=tuple(launch for launch, _, _ in answered),
        log_ratios=tuple(float(np.log(one / other)) for _, one, other in answered),
        dropped=len(both) - len(answered),
    )


def ratio(pairs: Pairs) -> Interval | None:
    """The ratio and its 95 % interval; None with fewer than five pairs."""
    values, launches = np.asarray(pairs.log_ratios), np.asarray(pairs.launches)
    if len(values) < FEWEST_PAIRS:
        return None
    centre = hodges_lehmann(values)
    estimates, residuals = _by_launch(values, launches)
    half = half_width(centre, estimates, _block_error(residuals, len(estimates)))
    return None if half is None else Interval(exp(centre), exp(centre - half), exp(centre + half))


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
