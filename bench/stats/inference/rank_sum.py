"""Wilcoxon's rank-sum test, exact and one-sided: two independent groups, and by how much one lies above.

U counts the pairs of one value of each group in which the first group's is the larger. Where both groups come
from the same distribution, every order of all values is as likely as any other, so the chance of each U is
known exactly, whatever that distribution is (Wilcoxon 1945, Mann and Whitney 1947).

scipy.stats.mannwhitneyu is exact only without ties. Here a tie counts against the claim, as not larger: if
ties were broken by lot, the test would be exact, and U could only be larger. So a p-value may be too large
then, never too small.
"""

from functools import cache
from math import inf

import numpy as np

from bench.stats.intervals import Floats


@cache
def tail(first: int, second: int) -> Floats:
    """P(U >= u) for u from 0 to first x second, where groups of these sizes do not differ."""
    shorter = [np.ones(1)] * (second + 1)  # of no values in the first group, by the size of the second
    for ours in range(1, first + 1):
        row = [np.ones(1)]
        for theirs in range(1, second + 1):
            # The largest value of all is one of ours, and above all of theirs, or it is one of theirs.
            chances = np.zeros(ours * theirs + 1)
            chances[theirs:] += shorter[theirs] * (ours / (ours + theirs))
            chances[: -ours or None] += row[-1] * (theirs / (ours + theirs))
            row.append(chances)
        shorter = row
    # Summed from the far end, the small chances first: nothing is lost to rounding.
    summed = np.cumsum(shorter[second][::-1])[::-1]
    summed.flags.writeable = False
    return summed


def p_value(first: Floats, second: Floats) -> Floats:
    """How likely chance is to put the first group as far above; along the last axis, all finite."""
    larger = np.count_nonzero(first[..., :, np.newaxis] > second[..., np.newaxis, :], axis=(-2, -1))
    chances: Floats = tail(first.shape[-1], second.shape[-1])[larger]
    return chances


def shifts(first: Floats, second: Floats) -> Floats:
    """What every value of the first group lies above every one of the second, in ascending order.

    Their median is the Hodges-Lehmann estimate of the shift, and U is the number of those above 0.
    """
    return np.sort((first[:, np.newaxis] - second).ravel())


def bounds(first: Floats, second: Floats, level: float) -> tuple[float, float]:
    """The lower and the upper bound of the shift, each wrong with at most this chance.

    Zero lies below the lower bound exactly where the p-value is within the level. With too few values for
    the level they are infinite.
    """
    ordered = shifts(first, second)
    # The largest number of shifts with P(fewer of them lie above the true one) within the level.
    cut = int(np.count_nonzero(tail(len(first), len(second)) <= level))
    return (float(ordered[cut - 1]), float(ordered[-cut])) if cut else (-inf, inf)
