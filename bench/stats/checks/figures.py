"""What every check makes of its figures, whatever head is held against."""

from collections.abc import Sequence
from math import exp, isfinite

from bench.scenario.check import Metric
from bench.stats.checks.summary import CheckedCell
from bench.stats.inference.gate import Verdict
from bench.stats.summary import Interval, Summary


def as_multiple(metric: Metric, slow_down: float, low: float, high: float) -> Interval | None:
    """A slow-down with its bounds, log-ratios, as head's multiple of base; None where they are not known."""
    if not isfinite(low) or not isfinite(high):
        return None
    if metric == "goodput":
        return Interval(exp(-slow_down), exp(-high), exp(-low))
    return Interval(exp(slow_down), exp(low), exp(high))


def worst(summary: Summary, cells: Sequence[CheckedCell]) -> Verdict:
    """The verdict of a whole check."""
    verdicts = {one.verdict for one in cells} | {one.verdict for one in summary.requirements}
    if "regression" in verdicts:
        return "regression"
    return "pass" if verdicts == {"pass"} else "inconclusive"


def verdict_of_cell(gated: Sequence[Verdict], *, broken: bool, usable: bool) -> Verdict:
    """The verdict of a cell from those of its gated metrics and from what speaks against its numbers."""
    if broken or (usable and "regression" in gated):
        return "regression"
    return "pass" if usable and set(gated) == {"pass"} else "inconclusive"
