"""Welch's interval: the difference of two independent groups of launches that need not be equally noisy.

Two runs have no block in common, so nothing cancels between them but what each has cancelled by itself. Their
variances add up, and Student's t has the degrees of freedom that Welch (1947) and Satterthwaite give the sum.
"""

from collections.abc import Sequence
from math import exp, sqrt
from statistics import fmean, variance

from bench.stats.intervals import quantile
from bench.stats.summary import Interval

FEWEST_LAUNCHES = 2


def ratio_of_groups(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """The second group's centre as a multiple of the first's, from logarithms, with its 95 % interval.

    One finite value a launch. None where either group has fewer than two: one launch knows no spread.
    """
    if min(len(first), len(second)) < FEWEST_LAUNCHES:
        return None
    centre = fmean(second) - fmean(first)
    half = _half_width(variance(first) / len(first), len(first), variance(second) / len(second), len(second))
    return Interval(exp(centre), exp(centre - half), exp(centre + half))


def _half_width(first: float, first_count: int, second: float, second_count: int) -> float:
    """Half the interval, from each group's squared error and its size."""
    error = first + second
    if not error:
        return 0.0
    # By shares of the error, whose squares cannot vanish as those of tiny errors would.
    freedom = 1 / ((first / error) ** 2 / (first_count - 1) + (second / error) ** 2 / (second_count - 1))
    return quantile(freedom) * sqrt(error)
