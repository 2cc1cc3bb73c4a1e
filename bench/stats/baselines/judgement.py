"""The gate rule against a baseline: is a cell slower, relative to the reference, than it was in a stored run?

The same promises as the gate of two versions in one run, from launches of two runs that have nothing in
common but the reference. Why, and what it was measured to do: docs/decisions/0014-baselines.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, inf, isfinite, log1p, nan

import numpy as np

from bench.stats.inference.detectable import SHORTFALL
from bench.stats.inference.gate import Judgement, Verdict
from bench.stats.inference.holm import adjusted
from bench.stats.inference.rank_sum import bounds, p_value, shifts
from bench.stats.intervals import Floats

LEVEL = 0.01
DRIFT = 0.01
"""What two runs may differ by though nothing changed: a reference does not cancel all that a day brings."""


@dataclass(frozen=True)
class AgainstBaseline:
    """One metric of one cell, then and now, and how much slower it may have become.

    `then` and `now` have one log-ratio to the reference for every launch of their run, above 0 where the cell
    is worse than the reference; nan where a launch has none. `allow` and `least` are those of `gate.Gated`.
    `drift` is a slow-down that is not held against the app: all launches of a run share what its day was
    like, so no number of them can tell.
    """

    then: tuple[float, ...]
    now: tuple[float, ...]
    allow: float = 0.05
    least: float = 0.02
    drift: float = DRIFT


def judge(family: Sequence[AgainstBaseline], level: float = LEVEL) -> tuple[Judgement, ...]:
    """The judgement of every gated metric, from all launches of both runs, looked at once.

    The number of launches has to be settled before the run: who looks again after more of them, and stops
    when it suits, has not the level that is promised. `pairs` of a judgement counts the launches of now.
    """
    seen = [(_finite(one.now), _finite(one.then)) for one in family]
    chances = [_chance(one, now, then) for one, (now, then) in zip(family, seen, strict=True)]
    return tuple(
        _judged(one, now, then, float(chance), level, len(family))
        for one, (now, then), chance in zip(family, seen, adjusted(np.array(chances)), strict=True)
    )


def _chance(gated: AgainstBaseline, now: Floats, then: Floats) -> float:
    """How likely it is by chance to look so much slower where that is no more than the drift."""
    return float(p_value(now - log1p(gated.drift), then))


def _finite(log_ratios: Sequence[float]) -> Floats:
    return np.array([value for value in log_ratios if isfinite(value)])


def _judged(
    gated: AgainstBaseline, now: Floats, then: Floats, chance: float, level: float, family: int
) -> Judgement:
    """The verdict on one metric, its p-value raised for the others."""
    known = len(now) > 0 and len(then) > 0
    effect = expm1(float(np.median(shifts(now, then)))) if known else nan
    at_most = expm1(bounds(now, then, level)[1] + log1p(gated.drift)) if known else inf
    verdict: Verdict = "inconclusive"
    if chance <= level and effect >= gated.least:
        verdict = "regression"
    elif at_most < gated.allow:
        verdict = "pass"
    open_ = known and verdict == "inconclusive"
    detectable = smallest_effect(gated, now, then, level / family) if open_ else None
    return Judgement(verdict, len(now), effect, at_most, chance, detectable)


def smallest_effect(gated: AgainstBaseline, now: Floats, then: Floats, level: float) -> float | None:
    """The slow-down that would have been called four times in five or more, None if none.

    Reckoned as `detectable.smallest_effect` does for pairs: half the width of the bounds at the level of the
    first rejection beyond the drift, or what is too small to call, and half their width at 2.5 % on top.
    """
    needed = max(_half_width(now, then, level) + log1p(gated.drift), log1p(gated.least))
    effect = needed + _half_width(now, then, SHORTFALL)
    return expm1(effect) if isfinite(effect) else None


def _half_width(now: Floats, then: Floats, level: float) -> float:
    low, high = bounds(now, then, level)
    return (high - low) / 2 if isfinite(high) else inf
