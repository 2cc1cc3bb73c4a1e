"""From a run with a reference to what a baseline keeps of it, and to what a later run is judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, isfinite, nan

from bench.results.baseline_file import Baseline, KeptCell, KeptMetric
from bench.results.model import Answer, LoadLevel, Measurements, Run
from bench.scenario.check import METRICS, Metric
from bench.stats import validity
from bench.stats.baselines.judgement import AgainstBaseline
from bench.stats.baselines.reference import LogRatios, log_ratios, reference_of
from bench.stats.summary import Reason
from bench.stats.tally import Tally, tallies
from bench.stats.two_runs.fingerprint import Difference, differences_of, facts
from bench.stats.two_runs.levels import levels, typical_level

_NO_REFERENCE = Reason("no-reference", "no reference was measured beside it", "measure it with `bench check`")


@dataclass(frozen=True)
class ReferredCell:
    """A cell of the app and the reference beside it, in one run of these launches.

    `repeated` are the launches that repeat a regression, `answers` what it answered to each of its requests,
    where that must always be the same.
    """

    tally: Tally
    reference: Tally | None
    launches: tuple[int, ...]
    repeated: tuple[int, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, LoadLevel]:
        """What it is found again by: deployment name, request and load."""
        return self.tally.deployment.name, self.tally.cell.request, self.tally.cell.load

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What speaks against its numbers, or those of its reference."""
        of_reference = (
            Reason(one.code, f"of its reference: {one.what}", one.remedy) for one in self.reference_reasons
        )
        return (*self.own_reasons, *of_reference)

    @cached_property
    def own_reasons(self) -> tuple[Reason, ...]:
        """What speaks against its own numbers."""
        return validity.reasons(self.tally)

    @cached_property
    def reference_reasons(self) -> tuple[Reason, ...]:
        """What speaks against those of the reference."""
        return (_NO_REFERENCE,) if self.reference is None else validity.reasons(self.reference)

    @cached_property
    def log_ratios(self) -> LogRatios:
        """By metric one a launch; all nan without a reference."""
        return self._log_ratios(self.launches)

    @cached_property
    def confirming(self) -> LogRatios:
        """The same of the launches that repeat a regression."""
        return self._log_ratios(self.repeated)

    def _log_ratios(self, launches: tuple[int, ...]) -> LogRatios:
        if self.reference is None:
            return {metric: (nan,) * len(launches) for metric in METRICS}
        return log_ratios(self.tally, self.reference, launches)

    def typical(self, metric: Metric) -> float | None:
        """The metric's own value: goodput a second, nanoseconds or bytes; None where not measured."""
        level = typical_level(levels(self.tally, metric))
        return None if level is None else exp(level)


def referred_cells(measurements: Measurements) -> tuple[ReferredCell, ...]:
    """Every cell of the app, in the order of the run; of a check with two versions, those of head."""
    found = tallies(measurements)
    launches = tuple(one.number for one in measurements.launches if not one.confirming)
    repeated = tuple(one.number for one in measurements.launches if one.confirming)
    return tuple(
        ReferredCell(
            tally, reference_of(tally, found), launches, repeated, _answers(measurements, tally.cell.id)
        )
        for tally in found
        if tally.deployment.app == "app"
        and tally.deployment.twin_of is None
        and tally.deployment.revision != "base"
    )


def baseline_of(run: Run, cells: Sequence[ReferredCell]) -> Baseline:
    """What is kept of a run. Raises ValueError where there is no cell, or one has reasons against it."""
    if any(one.reasons for one in cells):
        raise ValueError("a baseline holds valid cells only")
    return Baseline(
        run=run.id,
        measured_at=run.started_at,
        facts=facts(run),
        cells=tuple(_kept(one) for one in cells),
    )


def refusals(baseline: Baseline, run: Run) -> tuple[Difference, ...]:
    """The facts that matter and differ, the baseline's value first: with any, it decides nothing."""
    return tuple(one for one in differences_of(baseline.facts, facts(run)) if one.matters)


def kept_cell(baseline: Baseline, cell: ReferredCell) -> KeptCell | None:
    """The same cell in the baseline; None where that run did not measure it."""
    return next((one for one in baseline.cells if (one.deployment, one.request, one.load) == cell.key), None)


def against(then: KeptCell, now: ReferredCell, metric: Metric, allow: float, least: float) -> AgainstBaseline:
    """What `baseline.judge` takes for one metric of a cell. A metric that was not kept has nothing to say."""
    return AgainstBaseline(log_ratios_of(then, metric), now.log_ratios[metric], allow, least)


def log_ratios_of(kept: KeptCell, metric: Metric) -> tuple[float, ...]:
    """One a launch, nan where it has none; nothing where the metric was not kept."""
    found = kept.metrics.get(metric)
    return () if found is None else tuple(nan if one is None else one for one in found.log_ratios)


def _answers(measurements: Measurements, cell: str) -> dict[str, Answer]:
    """What a cell (id) answered to each request, in whichever launch it was asked first."""
    found: dict[str, Answer] = {}
    for launch in measurements.launches:
        found = {**launch.answers.get(cell, {}), **found}
    return found


def _kept(cell: ReferredCell) -> KeptCell:
    deployment, request, load = cell.key
    return KeptCell(
        deployment=deployment,
        request=request,
        load=load,
        metrics={
            metric: KeptMetric(
                log_ratios=tuple(one if isfinite(one) else None for one in cell.log_ratios[metric]),
                typical=cell.typical(metric),
            )
            for metric in METRICS
        },
        answers=dict(cell.answers),
    )
