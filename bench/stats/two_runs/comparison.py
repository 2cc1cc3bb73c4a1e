"""Two stored runs side by side: what is the same cell in both, and how its numbers moved.

The runs did not take place side by side. A machine may be faster on one day than on another, which no
interval of either run knows. Where both measured a common reference in their own paired slices, each cell is
first divided by it, and the machine's speed cancels; without one the plain ratio is all there is.
docs/compare.md tells what that is worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Literal

from bench.results.model import App, Deployment, Measurements, Run
from bench.scenario.check import METRICS, Metric
from bench.stats import validity
from bench.stats.baselines.reference import VERSION_NAME, reference_of
from bench.stats.caveats import condition
from bench.stats.checks.slow_downs import slow_downs
from bench.stats.inference.welch import ratio_of_groups
from bench.stats.summary import Interval
from bench.stats.tally import Tally, tallies
from bench.stats.two_runs.fingerprint import Difference, differences
from bench.stats.two_runs.levels import levels, typical_level

Verdict = Literal["better", "worse", "tie"]

_REFERENCES: tuple[App, ...] = ("reference", "floor")
_STARTED_AS = ("server", "version", "programs", "parts", "processes", "threads", "profile", "tls")


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of a cell in both runs.

    `first` and `second` are typical of a launch: goodput in verified responses a second, CPU time and
    durations in nanoseconds, memory in bytes. `plain` is the second as a multiple of the first, with its 95 %
    interval; `relative` the same after each was divided by its run's reference. None where not known.
    """

    metric: Metric
    first: float | None
    second: float | None
    plain: Interval | None
    relative: Interval | None
    verdict: Verdict | None

    @property
    def ratio(self) -> Interval | None:
        """What the verdict is from: relative to the reference where there is one, else plain."""
        return self.relative or self.plain

    @property
    def machine_cancels(self) -> bool:
        """Whether how fast the machine was has no part in the ratio."""
        return self.relative is not None


@dataclass(frozen=True)
class ComparedCell:
    """A cell that both runs measured. `reference` names what its ratios are relative to; "" without one.

    `reasons` say what speaks against its numbers, in which run: there are no verdicts then.
    """

    name: str
    deployment: Deployment
    request: str
    is_open: bool
    reference: str
    metrics: tuple[ComparedMetric, ...]
    reasons: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against the numbers of either run."""
        return not self.reasons


@dataclass(frozen=True)
class TwoRuns:
    """Two runs, the cells they have in common in the order of the first, and all in which they differ.

    `only_first` and `only_second` name the cells of only one of them.
    """

    first: Run
    second: Run
    cells: tuple[ComparedCell, ...]
    differences: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    launches: tuple[int, int]


def compare(first: Measurements, second: Measurements) -> TwoRuns:
    """The comparison of two runs. The same measurements always give the same."""
    ours, theirs = ({_key(one): one for one in _counted(run)} for run in (first, second))
    common = [key for key in ours if key in theirs]
    apps = _common_references(first.run, second.run)
    return TwoRuns(
        first=first.run,
        second=second.run,
        cells=tuple(_cell((ours[key], theirs[key]), (ours, theirs), apps) for key in common),
        differences=differences(first.run, second.run),
        only_first=tuple(_name(one) for key, one in ours.items() if key not in theirs),
        only_second=tuple(_name(one) for key, one in theirs.items() if key not in ours),
        launches=(len(first.launches), len(second.launches)),
    )


_Both = tuple[Tally, Tally]
_Tallies = dict[tuple[object, ...], Tally]


def _counted(measurements: Measurements) -> list[Tally]:
    """The run's cells without the twin's, which says nothing of its own."""
    return [one for one in tallies(measurements) if one.deployment.twin_of is None]


def _key(tally: Tally) -> tuple[object, ...]:
    one = tally.deployment
    return one.name, one.app, one.revision, tally.cell.request, tally.cell.load


def _name(tally: Tally) -> str:
    one = tally.deployment
    kind = "" if one.app == "app" else f", {one.app}"
    version = f" of {one.revision}" if one.revision else ""
    return f"{one.name}{version}{kind}, {condition(tally.cell.request, tally.cell.load)}"


def _common_references(first: Run, second: Run) -> tuple[App, ...]:
    """What may be a reference, the best first: bench's own where both had the same version of it."""
    same = first.versions.get(VERSION_NAME) == second.versions.get(VERSION_NAME)
    return _REFERENCES if same else ("floor",)


def _cell(both: _Both, runs: tuple[_Tallies, _Tallies], apps: tuple[App, ...]) -> ComparedCell:
    reasons = tuple(
        f"{run}: {reason.what}"
        for run, tally in zip("AB", both, strict=True)
        for reason in validity.reasons(tally)
    )
    references = None if both[0].deployment.app in _REFERENCES else _references(both, runs, apps)
    return ComparedCell(
        name=_name(both[0]),
        deployment=both[0].deployment,
        request=both[0].cell.request,
        is_open=both[0].cell.load.is_open,
        reference=_named(references[0].deployment) if references else "",
        metrics=tuple(_metric(metric, both, references, valid=not reasons) for metric in METRICS),
        reasons=reasons,
    )


def _references(both: _Both, runs: tuple[_Tallies, _Tallies], apps: tuple[App, ...]) -> _Both | None:
    """The best reference that both runs have for a cell: bench's own, else the floor of the same server."""
    for app in apps:
        first, second = (
            reference_of(tally, tuple(cells.values()), app) for tally, cells in zip(both, runs, strict=True)
        )
        if first and second and _does_the_same(first, second):
            return first, second
    return None


def _does_the_same(first: Tally, second: Tally) -> bool:
    """Whether both did the same work in the same way, so that they differ by the machine alone."""
    return (
        _key(first) == _key(second)
        and all(getattr(first.deployment, name) == getattr(second.deployment, name) for name in _STARTED_AS)
        and not validity.reasons(first)
        and not validity.reasons(second)
    )


def _named(reference: Deployment) -> str:
    return f"the {reference.app} under {reference.name}"


def _metric(metric: Metric, both: _Both, references: _Both | None, *, valid: bool) -> ComparedMetric:
    first, second = (levels(tally, metric) for tally in both)
    plain = ratio_of_groups(list(first.values()), list(second.values()))
    # Memory is not more on a slow machine: there is nothing to cancel.
    relative = None if references is None or metric == "memory" else _relative(metric, both, references)
    return ComparedMetric(
        metric=metric,
        first=_value(typical_level(first)),
        second=_value(typical_level(second)),
        plain=plain,
        relative=relative,
        verdict=_verdict(metric, relative or plain) if valid else None,
    )


def _relative(metric: Metric, both: _Both, references: _Both) -> Interval | None:
    first, second = (
        _to_reference(metric, tally, reference) for tally, reference in zip(both, references, strict=True)
    )
    return ratio_of_groups(first, second)


def _to_reference(metric: Metric, tally: Tally, reference: Tally) -> list[float]:
    """A log-ratio to the reference for each launch, paired by block where slices have a value."""
    sign = -1.0 if metric == "goodput" else 1.0  # a slow-down is less goodput
    launches = list(dict.fromkeys(tally.launches))
    return [sign * one for one in slow_downs(tally, reference, metric, launches) if isfinite(one)]


def _verdict(metric: Metric, ratio: Interval | None) -> Verdict | None:
    if ratio is None:
        return None
    if ratio.low <= 1 <= ratio.high:
        return "tie"
    return "better" if (ratio.value > 1) is (metric == "goodput") else "worse"


def _value(level: float | None) -> float | None:
    return None if level is None else exp(level)


def cells_with(two: TwoRuns, *, reference: bool) -> Sequence[ComparedCell]:
    """The cells of the app that have a reference, or have none."""
    return [one for one in two.cells if one.deployment.app == "app" and bool(one.reference) is reference]
