"""The gate rule applied to a check: docs/decisions/0010.

All gated metrics of all cells are one family. What comes out red is measured once more with fresh launches,
and is only then red.
"""

from collections.abc import Sequence

from bench.results.model import Check
from bench.scenario.check import Metric
from bench.stats.checks.pairing import Pairing
from bench.stats.inference.gate import Gated, Judgement, Verdict, gate
from bench.stats.inference.looks import Looks

LEAST = 0.02  # nobody acts upon a smaller slow-down, unless less is allowed
SHORT_OF_ALLOWED = 0.03  # what is red is no farther than this below what is allowed
CONFIRMED_AT = 0.05  # what was red at 1 % is asked again by itself

Judgements = dict[tuple[str, Metric], tuple[Judgement, Judgement | None]]
"""By head's cell (id) and metric: the judgement of the looks, and that of the repetition where it was red."""


def least_red(allow: float) -> float:
    """The smallest slow-down that may be red where so much is allowed: 2 % where that is 5 %.

    A slow-down of just what is allowed comes out red nearly always, as estimates fall short of it by less.
    """
    return min(allow, max(LEAST, allow - SHORT_OF_ALLOWED))


def planned_looks(check: Check, done: int, *, ended: bool) -> Looks:
    """The looks of this check; where it ended before its time, the next one is taken with what there is."""
    looks = Looks(check.looks)
    return looks.cut_at(done) if ended and done else looks


def judgements_of(pairs: Sequence[Pairing], looks: Looks) -> Judgements:
    """The judgements of every gated metric.

    What cannot be used stays in the family with nothing to say, so that the others' level does not depend on
    it.
    """
    places = [(pair, metric) for pair in pairs for metric in pair.gated]
    looked = gate([_gated(pair, metric, pair.slow_downs[metric]) for pair, metric in places], looks)
    return {
        (pair.head.cell.id, metric): (first, repetition(pair, metric, first))
        for (pair, metric), first in zip(places, looked, strict=True)
    }


def judged_alone(pair: Pairing, metric: Metric, looks: Looks) -> Judgement:
    """The judgement of a metric that does not decide, so that it can be named."""
    (judgement,) = gate([_gated(pair, metric, pair.slow_downs[metric])], looks)
    return judgement


def repetition(pair: Pairing, metric: Metric, first: Judgement) -> Judgement | None:
    """What the launches say that repeated a regression; None where there was none."""
    if first.verdict != "regression":
        return None
    looks = Looks((max(1, len(pair.repeated)),), CONFIRMED_AT)
    (judgement,) = gate([_gated(pair, metric, pair.confirming[metric])], looks)
    return judgement


def verdict_of(first: Judgement, second: Judgement | None, *, repeated: bool) -> Verdict:
    """What was red is red where the repetition, once it is complete, says so too."""
    if first.verdict != "regression":
        return first.verdict
    return "regression" if repeated and second and second.verdict == "regression" else "inconclusive"


def _gated(pair: Pairing, metric: Metric, values: tuple[float, ...]) -> Gated:
    allow = pair.allowed[metric]
    return Gated(values if pair.usable else (), allow, least_red(allow))
