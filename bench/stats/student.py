"""Student's t, of which one quantile is needed: computed here, for a library takes long to import.

With t = sqrt(freedom) tan(angle) the density becomes a power of the cosine, which is smooth and of bounded
width for any degrees of freedom, so a few dozen nodes integrate it to the last digits of a float.
"""

from functools import lru_cache
from math import atan, cos, exp, lgamma, pi, sqrt, tan
from statistics import NormalDist

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_CLOSE = 1e-14


@lru_cache(maxsize=1024)
def quantile(level: float, freedom: float) -> float:
    """The value below which Student's t lies with this probability.

    The probability is from 0.9 to 0.99, `freedom` 1 or more; beyond that the last digits are lost.
    """
    scale = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(pi)
    # The area grows ever more slowly with the angle, so Newton's steps, which start below, never overshoot.
    angle = atan(NormalDist().inv_cdf(level) / sqrt(freedom))
    step = angle
    while step > _CLOSE * angle:
        missing = level - 0.5 - scale * _area(angle, freedom - 1)
        step = missing / (scale * cos(angle) ** (freedom - 1))
        angle += step
    return sqrt(freedom) * tan(angle)


def _area(angle: float, power: float) -> float:
    """The integral of cos(x)^power from 0 to this angle."""
    half = angle / 2
    return half * float(_WEIGHTS @ np.cos(half * (_NODES + 1)) ** power)
