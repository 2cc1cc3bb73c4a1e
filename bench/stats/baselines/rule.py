"""The rule of a check against a baseline: docs/decisions/0014.

All gated metrics of all cells are one family, and there is one look. What comes out red is measured once more
with fresh launches, held against the same launches of then, and is only then red.
"""

from collections.abc import Sequence

from bench.results.model import BaselineCheck
from bench.scenario.check import Metric
from bench.stats.baselines.judgement import AgainstBaseline, judge
from bench.stats.baselines.pairing import Held
from bench.stats.checks.rule import CONFIRMED_AT, Judgements, least_red
from bench.stats.inference.gate import UNSEEN, Judgement


def may_look(check: BaselineCheck, launches: int, *, ended: bool) -> bool:
    """Whether the one look is due: after the planned launches, or where the check ended before them."""
    return launches >= check.launches or (ended and launches > 0)


def judgements_of(cells: Sequence[Held], *, look: bool) -> Judgements:
    """The judgement of every gated metric; before the look nothing is told.

    What cannot be used stays in the family with nothing to say.
    """
    places = [(cell, metric) for cell in cells for metric in cell.gated]
    if look:
        looked = judge([_against(cell, metric, cell.now.log_ratios[metric]) for cell, metric in places])
    else:
        looked = (UNSEEN,) * len(places)
    return {
        (cell.id, metric): (first, repetition(cell, metric, first))
        for (cell, metric), first in zip(places, looked, strict=True)
    }


def judged_alone(cell: Held, metric: Metric, *, look: bool) -> Judgement:
    """The judgement of a metric that does not decide, so that it can be named."""
    return judge([_against(cell, metric, cell.now.log_ratios[metric])])[0] if look else UNSEEN


def repetition(cell: Held, metric: Metric, first: Judgement) -> Judgement | None:
    """What the launches say that repeated a regression; None where there was none."""
    if first.verdict != "regression":
        return None
    return judge([_against(cell, metric, cell.now.confirming[metric])], CONFIRMED_AT)[0]


def _against(cell: Held, metric: Metric, log_ratios: tuple[float, ...]) -> AgainstBaseline:
    allow = cell.allowed[metric]
    now = log_ratios if cell.usable else ()
    return AgainstBaseline(cell.before(metric), now, allow, least_red(allow))
