"""A check, summed up: from what was measured of base and head to a verdict on every cell.

A head that breaks is a regression whatever its speed; numbers that cannot be trusted, or are of another
answer, decide nothing.
"""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from bench.results.model import Measurements
from bench.scenario.check import METRICS, Metric
from bench.stats.baselines.check import check_against_baseline
from bench.stats.checks.figures import as_multiple, verdict_of_cell, worst
from bench.stats.checks.overload import with_repetition
from bench.stats.checks.pairing import Pairing, pairings
from bench.stats.checks.rule import Judgements, judged_alone, judgements_of, planned_looks, verdict_of
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.checks.words import about_repetition, about_ungated, why
from bench.stats.inference.signed_rank import bounds
from bench.stats.ratios import hodges_lehmann
from bench.stats.summarise import summarise
from bench.stats.summary import CellSummary, Interval, Summary


def check_of(measurements: Measurements) -> CheckSummary:
    """What a check found. Raises ValueError where the run is no check."""
    if measurements.run.baseline is not None:
        return check_against_baseline(measurements)
    check = measurements.run.check
    if check is None:
        raise ValueError("this run compares no two versions")
    summary, pairs = summarise(measurements), pairings(measurements)
    launches = max((len(pair.launches) for pair in pairs), default=0)
    looks = planned_looks(check, launches, ended=measurements.run.status == "partial")
    judgements = judgements_of(pairs, looks)
    cells = []
    for pair in pairs:
        ungated = {
            (pair.head.cell.id, metric): (judged_alone(pair, metric, looks), None)
            for metric in METRICS
            if metric not in pair.gated
        }
        cells.append(_checked(pair, summary, judgements | ungated, check.confirmation))
    notes = (*check.notes, *about_ungated(cells))
    return CheckSummary(summary, tuple(cells), worst(summary, cells), notes)


def _checked(pair: Pairing, summary: Summary, judgements: Judgements, confirmation: int) -> CheckedCell:
    by_id = {one.cell.id: one for one in summary.cells}
    base, head = (by_id[cell] for cell in pair.cells)
    repeated = len(pair.repeated) >= confirmation
    metrics = tuple(_metric(pair, metric, base, head, judgements, repeated=repeated) for metric in METRICS)
    gated = [one.verdict for one in metrics if one.verdict is not None]
    missed_again = pair.overloaded and repeated and pair.overload.again
    broken, head_reasons = pair.broken or missed_again, pair.head_reasons
    if pair.overloaded:
        told = about_repetition(len(pair.repeated), complete=repeated, shown=missed_again)
        head_reasons = with_repetition(head_reasons, told)
    verdict = verdict_of_cell(gated, broken=broken, usable=pair.usable)
    return CheckedCell(
        base=base,
        head=head,
        metrics=metrics,
        reasons=pair.head_reasons,
        verdict=verdict,
        why=why(verdict, metrics, pair.base_reasons, head_reasons, broken=broken),
    )


def _metric(
    pair: Pairing,
    metric: Metric,
    base: CellSummary,
    head: CellSummary,
    judgements: Judgements,
    *,
    repeated: bool,
) -> MetricCheck:
    values, confirming = pair.slow_downs[metric], pair.confirming[metric]
    first, second = judgements[head.cell.id, metric]
    return MetricCheck(
        metric=metric,
        base=_typical(base, metric),
        head=_typical(head, metric),
        ratio=_ratio(metric, (*values, *confirming)),
        slow_downs=values,
        confirming=confirming,
        allow=pair.allowed[metric],
        judgement=first,
        confirmation=second if repeated else None,
        verdict=verdict_of(first, second, repeated=repeated) if metric in pair.gated else None,
    )


def _typical(cell: CellSummary, metric: Metric) -> float | None:
    if metric == "goodput":
        return cell.goodput.value if cell.goodput else None
    if metric == "cpu":
        return cell.cpu_us_per_request.value * 1000 if cell.cpu_us_per_request else None
    if metric == "memory":
        return None if cell.memory_bytes is None else float(cell.memory_bytes)
    return cell.histogram.quantile_ns(0.5 if metric == "median" else 0.99) if cell.histogram.total else None


def _ratio(metric: Metric, values: Sequence[float]) -> Interval | None:
    """Head as a multiple of base, its interval the signed-rank bounds; None with too few launches."""
    known = np.array([value for value in values if isfinite(value)])
    if not len(known):
        return None
    low, high = bounds(known, 0.025)
    return as_multiple(metric, hodges_lehmann(known), low, high)
