"""A check against a baseline, summed up: from what was measured to a verdict on every cell."""

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np

from bench.results.model import Measurements
from bench.scenario.check import METRICS, Metric
from bench.stats.baselines.pairing import Held, baseline_in, held_cells
from bench.stats.baselines.rule import judged_alone, judgements_of, may_look
from bench.stats.caveats import condition
from bench.stats.checks.figures import as_multiple, verdict_of_cell, worst
from bench.stats.checks.overload import with_repetition
from bench.stats.checks.rule import Judgements, verdict_of
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.checks.words import about_repetition, about_ungated, why
from bench.stats.inference.rank_sum import bounds, shifts
from bench.stats.summarise import cell_summary, summarise
from bench.stats.summary import Interval
from bench.stats.two_runs.fingerprint import differences_of, facts

_RELATIVE = (
    "Changes are relative to the reference app that both runs measured beside the app, so that the speed of "
    "the machine cancels. Values of base are reckoned from them: what it would be beside today's reference."
)
_ALWAYS_DIFFER = frozenset({"seed", "status"})


def check_against_baseline(measurements: Measurements) -> CheckSummary:
    """What a check against a baseline found. Raises ValueError where the run is none."""
    run = measurements.run
    check = run.baseline
    if check is None:
        raise ValueError("this run is held against no baseline")
    cells = held_cells(measurements)
    launches = sum(not one.confirming for one in measurements.launches)
    repeated = len(measurements.launches) - launches >= check.confirmation
    look = may_look(check, launches, ended=run.status == "partial")
    judgements = judgements_of(cells, look=look) | _of_ungated(cells, look=look)
    checked = tuple(_checked(cell, judgements, repeated=repeated) for cell in cells)
    summary = summarise(measurements)
    notes = (_RELATIVE, *_about_run(measurements), *about_ungated(checked))
    return CheckSummary(summary, checked, worst(summary, checked), notes)


def _of_ungated(cells: Sequence[Held], *, look: bool) -> Judgements:
    return {
        (cell.id, metric): (judged_alone(cell, metric, look=look), None)
        for cell in cells
        for metric in METRICS
        if metric not in cell.gated
    }


def _checked(cell: Held, judgements: Judgements, *, repeated: bool) -> CheckedCell:
    metrics = tuple(_metric(cell, metric, judgements, repeated=repeated) for metric in METRICS)
    gated = [one.verdict for one in metrics if one.verdict is not None]
    missed_again = cell.overloaded and repeated and cell.overload.again
    broken, head_reasons = cell.broken or missed_again, cell.head_reasons
    if cell.overloaded:
        told = about_repetition(len(cell.now.repeated), complete=repeated, shown=missed_again)
        head_reasons = with_repetition(head_reasons, told)
    verdict = verdict_of_cell(gated, broken=broken, usable=cell.usable)
    return CheckedCell(
        base=cell_summary(cell.reference),
        head=cell_summary(cell.now.tally),
        metrics=metrics,
        reasons=cell.head_reasons,
        verdict=verdict,
        why=why(
            verdict,
            metrics,
            cell.reference_reasons,
            head_reasons,
            broken=broken,
            beside="reference",
        ),
    )


def _metric(cell: Held, metric: Metric, judgements: Judgements, *, repeated: bool) -> MetricCheck:
    first, second = judgements[cell.id, metric]
    looked, confirming = cell.now.log_ratios[metric], cell.now.confirming[metric]
    head, ratio = cell.now.typical(metric), _ratio(metric, (*looked, *confirming), cell.before(metric))
    return MetricCheck(
        metric=metric,
        base=None if head is None or ratio is None else head / ratio.value,
        head=head,
        ratio=ratio,
        slow_downs=cell.slow_downs(metric, looked),
        confirming=cell.slow_downs(metric, confirming),
        allow=cell.allowed[metric],
        judgement=first,
        confirmation=second if repeated else None,
        verdict=verdict_of(first, second, repeated=repeated) if metric in cell.gated else None,
    )


def _ratio(metric: Metric, now: tuple[float, ...], then: tuple[float, ...]) -> Interval | None:
    """Head as a multiple of what it was, its interval the rank-sum bounds; None with too few launches."""
    ours, theirs = (np.array([value for value in some if isfinite(value)]) for some in (now, then))
    if not len(ours) or not len(theirs):
        return None
    low, high = bounds(ours, theirs, 0.025)
    return as_multiple(metric, float(np.median(shifts(ours, theirs))), low, high)


def _about_run(measurements: Measurements) -> Iterator[str]:
    """In what the two runs differ though it need not matter, and cells that only the baseline has."""
    baseline = baseline_in(measurements.run)
    differing = [
        f"{one.name} ({one.first} then, {one.second} now)"
        for one in differences_of(baseline.facts, facts(measurements.run))
        if one.name not in _ALWAYS_DIFFER
    ]
    if differing:
        yield f"Since the baseline was measured, this changed: {'; '.join(differing)}."
    now = {cell.now.key for cell in held_cells(measurements)}
    gone = [
        f"{one.deployment}, {condition(one.request, one.load)}"
        for one in baseline.cells
        if (one.deployment, one.request, one.load) not in now
    ]
    if gone:
        yield f"The baseline also holds what was not measured now: {'; '.join(gone)}."
