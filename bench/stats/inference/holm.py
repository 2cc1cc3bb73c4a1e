"""Holm's step-down: many tests at once with one chance, over all of them, of any false alarm (Holm 1979)."""

import numpy as np

from bench.stats.intervals import Floats


def adjusted(p_values: Floats) -> Floats:
    """The p-values of a family of tests, each raised so that it may be held against the family's level.

    The smallest of m is multiplied by m, the next by m - 1 and so on; none comes out below a smaller one.
    Sound however the tests depend on one another.
    """
    order = np.argsort(p_values, kind="stable")
    raised = p_values[order] * np.arange(len(p_values), 0, -1)
    found = np.empty(len(p_values))
    found[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return found
