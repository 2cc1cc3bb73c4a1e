"""Whether head errs more than chance explains.

Errors come together: a moment of a launch has many of them, or none. To count each by itself would take one
bad moment for a broken version. So a launch is the unit here, as it is for figures (docs/decisions/0010).
"""

import numpy as np

from bench.stats.inference.signed_rank import p_value
from bench.stats.tally import Tally
from bench.stats.validity import ERRORS_AT_MOST


def errs_more(head: Tally, base: Tally, level: float) -> bool:
    """Whether in launch after launch a larger share of head's answers are errors than of base's."""
    heads, bases = _shares(head), _shares(base)
    return _surely_above_0(
        [share - bases[launch] for launch, share in heads.items() if launch in bases], level
    )


def errs_too_often(head: Tally, level: float) -> bool:
    """Whether in launch after launch more of head's answers are errors than a valid cell may have."""
    return _surely_above_0([share - ERRORS_AT_MOST for share in _shares(head).values()], level)


def _shares(tally: Tally) -> dict[int, float]:
    """The share of all answers that were errors, by launch; of those that had answers."""
    found = {}
    for launch, slices in tally.slices_by_launch.items():
        wrong = sum(sum(one.errors.values()) for one in slices)
        if every := wrong + sum(one.answered for one in slices):
            found[launch] = wrong / every
    return found


def _surely_above_0(values: list[float], level: float) -> bool:
    return bool(p_value(np.array(values)) <= level)
