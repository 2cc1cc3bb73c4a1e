"""Head and what a baseline keeps of it, side by side: every cell, and what speaks against its numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

from bench.results.baseline_file import Baseline, KeptCell
from bench.results.model import Measurements, Run
from bench.scenario.check import LEVEL, METRICS, Metric
from bench.scenario.model import Scenario
from bench.stats.baselines.cells import ReferredCell, kept_cell, log_ratios_of, referred_cells
from bench.stats.checks.answers import changed_since
from bench.stats.checks.errors import errs_too_often
from bench.stats.checks.overload import OVERLOADED, Overload, overloads
from bench.stats.checks.pairing import BROKEN
from bench.stats.ratios import hodges_lehmann
from bench.stats.summary import Reason
from bench.stats.tally import Tally


@dataclass(frozen=True)
class Held:
    """One cell as it was measured now, held against what was kept of it, and what decides.

    `allowed` has the slow-down that is allowed by each metric, gated or not. `reference_reasons` speak
    against what both runs measured beside it. `overload` tells whether head missed its rate, `errors_at` how
    likely chance alone may be to give it more errors than a baseline may have.
    """

    now: ReferredCell
    reference: Tally
    then: KeptCell
    gated: tuple[Metric, ...]
    allowed: dict[Metric, float]
    overload: Overload
    errors_at: float

    @cached_property
    def head_reasons(self) -> tuple[Reason, ...]:
        """What speaks against head's numbers, and that its answers are other ones than they were."""
        changed = changed_since(self.then.answers, self.now.answers)
        found = self.overload.added_to(self.now.own_reasons)
        return found if changed is None else (*found, changed)

    @property
    def reference_reasons(self) -> tuple[Reason, ...]:
        """What speaks against the numbers of the reference."""
        return self.now.reference_reasons

    @property
    def broken(self) -> bool:
        """Whether head fails where the reference, under the same server, does not: then it did not either.

        A rate that it misses is not enough.
        """
        return bool(self._failures - {OVERLOADED})

    @property
    def overloaded(self) -> bool:
        """Whether head fails by the rate that it misses alone: to be repeated, as what is slower is."""
        return self._failures == {OVERLOADED}

    @property
    def _failures(self) -> frozenset[str]:
        found = _codes(self.head_reasons) & BROKEN - _codes(self.reference_reasons)
        chance = "errors" in found and not errs_too_often(self.now.tally, self.errors_at)
        return found - {"errors"} if chance else found

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against comparing now with then."""
        return not self.head_reasons and not self.reference_reasons

    @property
    def hopeless(self) -> bool:
        """Whether no further launch can change what is known: one of the two has no numbers."""
        return self.now.tally.failed or self.reference.failed

    @property
    def cells(self) -> tuple[str, str]:
        """The ids of the cell and of its reference's."""
        return self.id, self.reference.cell.id

    @property
    def id(self) -> str:
        """The id of the cell."""
        return self.now.tally.cell.id

    def before(self, metric: Metric) -> tuple[float, ...]:
        """What was kept: a log-ratio to the reference for each launch of then."""
        return log_ratios_of(self.then, metric)

    def slow_downs(self, metric: Metric, log_ratios: Sequence[float]) -> tuple[float, ...]:
        """How much worse each of these launches is than the middle of those of then; nan where not known."""
        known = [value for value in self.before(metric) if isfinite(value)]
        middle = hodges_lehmann(known) if known else float("nan")
        return tuple(value - middle for value in log_ratios)


def baseline_in(run: Run) -> Baseline:
    """The baseline that a run is held against. Raises ValueError where there is none."""
    if run.baseline is None:
        raise ValueError("this run is held against no baseline")
    return Baseline.model_validate(run.baseline.content)


def held_cells(measurements: Measurements) -> tuple[Held, ...]:
    """Every cell of a check against a baseline that is in both and has a reference, in the run's order."""
    return tuple(_held(measurements))


def _held(measurements: Measurements) -> Iterator[Held]:
    baseline = baseline_in(measurements.run)
    check = Scenario.model_validate(measurements.run.scenario).check
    missed, cells = overloads(measurements), referred_cells(measurements)
    for cell in cells:
        kept = kept_cell(baseline, cell)
        if kept is not None and cell.reference is not None:
            server, request, _ = cell.key
            allowed = {metric: check.allowed(server, request, metric) for metric in METRICS}
            overload = missed.of(cell.tally.cell.id, cell.reference.cell.id)
            gated = check.gate_of(server, request)
            yield Held(cell, cell.reference, kept, gated, allowed, overload, LEVEL / len(cells))


def _codes(reasons: Sequence[Reason]) -> frozenset[str]:
    return frozenset(reason.code for reason in reasons)
