"""The gate rule: is one version of an app slower than another, is it not, or can that not be told?

A pair is a launch, not a block. What a fresh start brings (memory layout, hash seed, placement) moves all
blocks of a launch alike, so blocks are no independent witnesses and a test on them cries wolf. Each launch
speaks once, by the Hodges-Lehmann estimate of its blocks. Why, and what it was measured to do:
docs/decisions/0010-the-gate-rule.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, inf, isfinite, nan

import numpy as np

from bench.stats.inference.detectable import smallest_effect
from bench.stats.inference.holm import adjusted
from bench.stats.inference.looks import Looks
from bench.stats.inference.signed_rank import bounds, p_value, walsh_averages
from bench.stats.inference.verdict import Verdict
from bench.stats.intervals import Floats
from bench.stats.ratios import Pairs, hodges_lehmann

__all__ = ["UNSEEN", "Gated", "Judgement", "Verdict", "by_launch", "gate"]


@dataclass(frozen=True)
class Gated:
    """One metric of one cell: how much slower each launch showed it, and how much slower it may be.

    `slow_downs` has a log-ratio for every launch in the order they were measured, above 0 where head is worse
    than base; nan where a launch has none. `allow` and `least` are fractions: a slow-down surely below
    `allow` passes, one estimated below `least` is never red.
    """

    slow_downs: tuple[float, ...]
    allow: float = 0.05
    least: float = 0.02


@dataclass(frozen=True)
class Judgement:
    """What a gated metric of a cell came to at the look that settled it, or at the last one.

    `effect` is the estimated slow-down and `at_most` its upper bound, wrong with at most 1 % over all looks;
    0.03 is 3 %, and they are nan and infinite where there is nothing to tell them from. `p_value` is already
    raised for the family and for the looks: red needs 1 % at most. `detectable` is the smallest slow-down
    that would have been red four times in five; None with a verdict, and with too few pairs for any.
    """

    verdict: Verdict
    pairs: int
    effect: float
    at_most: float
    p_value: float
    detectable: float | None


UNSEEN = Judgement("inconclusive", 0, nan, inf, 1.0, None)
"""What is known before the first look."""


def by_launch(pairs: Pairs, launches: Sequence[int]) -> tuple[float, ...]:
    """One log-ratio for each of these launches, the Hodges-Lehmann estimate of its blocks; nan without."""
    own: dict[int, list[float]] = {launch: [] for launch in launches}
    for launch, log_ratio in zip(pairs.launches, pairs.log_ratios, strict=True):
        if launch in own:
            own[launch].append(log_ratio)
    return tuple(hodges_lehmann(values) if values else nan for values in own.values())


def gate(family: Sequence[Gated], looks: Looks) -> tuple[Judgement, ...]:
    """The judgement of every gated metric, from all planned looks the launches so far allow, in turn.

    A verdict stands from the look that gave it; later launches do not change it. So a running check may ask
    again at each look, and a stored one gives the same answer. Before the first look nothing is told.
    """
    judgements = [UNSEEN] * len(family)
    for launches in looks.reached(max((len(one.slow_downs) for one in family), default=0)):
        judgements = _look(family, judgements, launches, looks)
    return tuple(judgements)


def _look(
    family: Sequence[Gated], earlier: Sequence[Judgement], launches: int, looks: Looks
) -> list[Judgement]:
    seen = [_finite(one.slow_downs[:launches]) for one in family]
    chances = np.array([_chance(values, before) for values, before in zip(seen, earlier, strict=True)])
    raised = np.minimum(1.0, adjusted(chances) * len(looks.pairs))
    return [
        _judge(one, values, float(chance), looks, len(family)) if before.verdict == "inconclusive" else before
        for one, before, values, chance in zip(family, earlier, seen, raised, strict=True)
    ]


def _finite(slow_downs: Sequence[float]) -> Floats:
    return np.array([value for value in slow_downs if isfinite(value)])


def _chance(values: Floats, before: Judgement) -> float:
    """The p-value that Holm's step-down sees: what is red leaves the family, what passed stays counted."""
    settled = {"regression": 0.0, "pass": 1.0}
    return settled[before.verdict] if before.verdict in settled else float(p_value(values))


def _judge(gated: Gated, values: Floats, chance: float, looks: Looks, family: int) -> Judgement:
    """The verdict on one metric, its p-value raised for the others and the looks."""
    effect = expm1(float(np.median(walsh_averages(values)))) if len(values) else nan
    _, highest = bounds(values, looks.share)
    at_most = expm1(highest)
    verdict: Verdict = "inconclusive"
    if chance <= looks.level and effect >= gated.least:
        verdict = "regression"
    elif at_most < gated.allow:
        verdict = "pass"
    detectable = (
        smallest_effect(values, looks.share / family, gated.least) if verdict == "inconclusive" else None
    )
    return Judgement(verdict, len(values), effect, at_most, chance, detectable)
