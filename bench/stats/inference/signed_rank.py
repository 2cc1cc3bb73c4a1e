"""Wilcoxon's signed-rank test, exact and one-sided: p-values of paired log-ratios, and the bounds it implies.

Rank the absolute values; W is the sum of the ranks of those above 0. Where nothing differs every sign is a
coin toss, so the chance of each W is known exactly, whatever the noise is like (Wilcoxon 1945). All that is
assumed is that values are independent of one another and as likely above as below 0.

Exact for any number of values, by adding one rank after the other. scipy.stats.wilcoxon is not used because
it is exact only without ties and zeros. Here both are read against the claim: a zero counts as not above 0,
and among equals those above 0 get the lower ranks. So a p-value may be too large then, never too small.
"""

from functools import cache
from math import ceil, inf, log2

import numpy as np

from bench.stats.intervals import Floats


@cache
def tail(count: int) -> Floats:
    """P(W >= w) for w from 0 to count (count + 1) / 2 where `count` signs are coin tosses."""
    chances = np.ones(1)
    for rank in range(1, count + 1):
        below = np.pad(chances, (0, rank))
        chances = (below + np.roll(below, rank)) / 2
    # Summed from the far end, the small chances first: nothing is lost to rounding.
    summed = np.cumsum(chances[::-1])[::-1]
    summed.flags.writeable = False
    return summed


def p_value(values: Floats) -> Floats:
    """How likely coin tosses are to put as much weight above 0; along the last axis, all finite."""
    # By size, and among equals those above 0 first: they get the lower ranks.
    order = np.lexsort((values <= 0, np.abs(values)), axis=-1)
    above = np.take_along_axis(values, order, axis=-1) > 0
    count = values.shape[-1]
    chances: Floats = tail(count)[above @ np.arange(1, count + 1)]
    return chances


def fewest(level: float) -> int:
    """How many values it takes before the test can reach this level at all."""
    return ceil(log2(1 / level))


def walsh_averages(values: Floats) -> Floats:
    """The means of every two values, each also with itself, in ascending order; for dozens of values.

    Their median is the Hodges-Lehmann estimate, and W is the number of those above 0.
    """
    first, second = np.triu_indices(len(values))
    return np.sort((values[first] + values[second]) / 2)


def bounds(values: Floats, level: float) -> tuple[float, float]:
    """The lower and the upper bound of what the values centre on, each wrong with at most this chance.

    Zero lies below the lower bound exactly where the test's p-value is within the level (ties aside). With
    too few values for the level they are infinite.
    """
    averages = walsh_averages(values)
    # The largest number of averages with P(fewer of them lie above the centre) within the level.
    cut = int(np.count_nonzero(tail(len(values)) <= level))
    return (float(averages[cut - 1]), float(averages[-cut])) if cut else (-inf, inf)
