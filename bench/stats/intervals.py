"""95 % intervals from blocks within launches: how far an estimate may be from what more launches would show.

Blocks of one launch share its luck (memory layout, hash seed, neighbours), so there are two levels of noise.
The spread of the launches' own estimates holds both; the spread of the blocks alone is known far better, but
holds the second only. The interval is Student's, with the larger of the two errors and the degrees of freedom
that belong to it. Why not a bootstrap, and what this covers: docs/decisions/0003-intervals.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from bench.stats.summary import Interval

Floats = NDArray[np.float64]

LEVEL = 0.975
FEWEST_LAUNCHES = 1.5
"""Below this effective number of launches (a run cut short in its second) only the blocks tell the spread."""


@dataclass(frozen=True)
class LaunchEstimate:
    """What one launch alone says, and the share of all the data that it holds."""

    value: float
    weight: float


@dataclass(frozen=True)
class BlockError:
    """What the spread of blocks within their launches leaves open: standard error and half an interval."""

    standard: float
    half_width: float


def half_width(
    estimate: float, launches: Sequence[LaunchEstimate], blocks: BlockError | None
) -> float | None:
    """Half the 95 % interval around an estimate; None where neither launches nor blocks tell a spread.

    `blocks` is None where no launch has two blocks. Weights sum to 1; with unequal ones the effective number
    of launches, 1 / sum(weight^2), takes the place of their number, so a launch cut short counts for little.
    """
    weights = np.array([one.weight for one in launches])
    effective = 1 / float(np.sum(weights**2))
    if effective < FEWEST_LAUNCHES:
        return blocks.half_width if blocks else None
    freedom = effective - 1
    deviations = np.array([one.value for one in launches]) - estimate
    error = float(np.sqrt(np.sum(weights * deviations**2) / freedom))
    if blocks and blocks.standard > error:
        return blocks.half_width
    return quantile(max(freedom, 1.0)) * error


def quantile(freedom: float) -> float:
    """Student's t for a two-sided 95 % interval."""
    return float(stdtrit(freedom, LEVEL))


def ratio_of_sums(
    launches: Sequence[int], amounts: Sequence[float], totals: Sequence[float]
) -> Interval | None:
    """sum(amounts) / sum(totals) with its 95 % interval: requests by time, CPU time by requests.

    One value a slice in each sequence, none negative; None where the totals sum to nothing. The interval
    does not go below 0. A single block says nothing of its spread: it gets plus or minus 100 %.
    """
    amount, total = np.asarray(amounts, float), np.asarray(totals, float)
    if not total.sum() > 0:
        return None
    value = float(amount.sum() / total.sum())
    estimates, residuals = _launch_ratios(np.asarray(launches), amount, total)
    half = half_width(value, estimates, _ratio_error(residuals, total, len(estimates)))
    half = value if half is None else half
    return Interval(value, max(0.0, value - half), value + half)


def _launch_ratios(
    launches: NDArray[np.int64], amount: Floats, total: Floats
) -> tuple[list[LaunchEstimate], Floats]:
    """The ratio of every launch, and what each block has beyond its launch's ratio."""
    estimates, residuals = [], np.zeros_like(amount)
    for launch in np.unique(launches):
        here = launches == launch
        if total[here].sum() > 0:
            ratio = amount[here].sum() / total[here].sum()
            estimates.append(LaunchEstimate(float(ratio), float(total[here].sum() / total.sum())))
            residuals[here] = amount[here] - ratio * total[here]
    return estimates, residuals


def _ratio_error(residuals: Floats, total: Floats, launches: int) -> BlockError | None:
    """The linearised error of a ratio of sums, from blocks around their launch's ratio."""
    blocks = int(np.count_nonzero(total))
    freedom = blocks - launches
    if freedom < 1:
        return None
    standard = float(np.sqrt(np.sum(residuals**2) * blocks / freedom) / total.sum())
    return BlockError(standard, quantile(freedom) * standard)
