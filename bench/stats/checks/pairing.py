"""Base and head side by side: every cell of a check, with what speaks for and against its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.results.model import Cell, Launch, Measurements
from bench.scenario.check import LEVEL, METRICS, Metric
from bench.scenario.model import Scenario
from bench.stats import validity
from bench.stats.checks.answers import changed_answer
from bench.stats.checks.errors import errs_more
from bench.stats.checks.overload import OVERLOADED, Overload, overloads
from bench.stats.checks.slow_downs import slow_downs
from bench.stats.summary import Reason
from bench.stats.tally import Tally, tallies

GONE = frozenset({"failed", "died", "worker"})
"""Codes of reasons that, in head alone, say that the change broke something, whatever is wrong with base."""
BROKEN = GONE | {"errors", "no-requests", "answers-differ", OVERLOADED}
"""Those that say so where base has none of them: of two that are wrong, neither is the one to blame."""


@dataclass(frozen=True)
class Pairing:
    """Base and head of one cell, as they were measured, and what decides.

    `allowed` has the slow-down that is allowed by each metric, gated or not. `launches` are the numbers of
    those that are looked at, `repeated` of those that repeat what came out red. `changed` says that head
    gives another answer, `unlike` that it gave several though none was wrong by the scenario, `overload` that
    it missed its rate. `errors_at` is how likely chance alone may be to give head so many more errors.
    """

    base: Tally
    head: Tally
    gated: tuple[Metric, ...]
    allowed: dict[Metric, float]
    launches: tuple[int, ...]
    repeated: tuple[int, ...]
    changed: Reason | None
    unlike: bool
    overload: Overload
    errors_at: float

    @cached_property
    def slow_downs(self) -> dict[Metric, tuple[float, ...]]:
        """Of the launches that are looked at."""
        return {metric: slow_downs(self.head, self.base, metric, self.launches) for metric in METRICS}

    @cached_property
    def confirming(self) -> dict[Metric, tuple[float, ...]]:
        """Of the launches that repeat a regression."""
        return {metric: slow_downs(self.head, self.base, metric, self.repeated) for metric in METRICS}

    @cached_property
    def base_reasons(self) -> tuple[Reason, ...]:
        """What speaks against base's numbers."""
        return validity.reasons(self.base)

    @cached_property
    def head_reasons(self) -> tuple[Reason, ...]:
        """What speaks against head's numbers, and that its answers are other ones than base's."""
        found = self.overload.added_to(validity.reasons(self.head))
        return found if self.changed is None else (*found, self.changed)

    @property
    def broken(self) -> bool:
        """Whether head fails where base does not, in more than a rate that it misses."""
        return bool(self._failures - {OVERLOADED})

    @property
    def overloaded(self) -> bool:
        """Whether head fails by the rate that it misses alone: to be repeated, as what is slower is."""
        return self._failures == {OVERLOADED} and self.changed is None

    @property
    def _failures(self) -> frozenset[str]:
        """The codes of what fails in head and not in base."""
        base, head = self._codes(self.base_reasons), self._codes(self.head_reasons)
        if gone := head & GONE - base:
            return gone
        excused = {"answers-differ"} if self.unlike else set()
        if "errors" in head and not errs_more(self.head, self.base, self.errors_at):
            excused.add("errors")
        return frozenset() if base & BROKEN else head & BROKEN - excused

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against comparing the two."""
        return not self.base_reasons and not self.head_reasons

    @property
    def hopeless(self) -> bool:
        """Whether no further launch can change what is known: one of the two has no numbers, or others."""
        lost_workers = any(one.failure for _, one in (*self.base.launched, *self.head.launched))
        return self.base.failed or self.head.failed or lost_workers or self.changed is not None

    @property
    def cells(self) -> tuple[str, str]:
        """The ids of both cells."""
        return self.base.cell.id, self.head.cell.id

    @staticmethod
    def _codes(reasons: Sequence[Reason]) -> frozenset[str]:
        return frozenset(reason.code for reason in reasons)


def pairings(measurements: Measurements) -> tuple[Pairing, ...]:
    """Every cell of a check, as head has them; those of base stand beside them."""
    check = Scenario.model_validate(measurements.run.scenario).check
    looked = tuple(one.number for one in measurements.launches if not one.confirming)
    repeated = tuple(one.number for one in measurements.launches if one.confirming)
    found, missed = tallies(measurements), overloads(measurements)
    bases = {_work(tally): tally for tally in found if tally.deployment.revision == "base"}
    looks = 1 if measurements.run.check is None else len(measurements.run.check.looks)
    return tuple(
        Pairing(
            base=bases[_work(head)],
            head=head,
            gated=check.gate_of(head.deployment.name, head.cell.request),
            allowed={
                metric: check.allowed(head.deployment.name, head.cell.request, metric) for metric in METRICS
            },
            launches=looked,
            repeated=repeated,
            changed=changed_answer(measurements.launches, bases[_work(head)].cell, head.cell),
            unlike=_unlike(measurements.launches, head.cell),
            overload=missed.of(head.cell.id, bases[_work(head)].cell.id),
            errors_at=LEVEL / looks / len(bases),
        )
        for head in found
        if head.deployment.revision == "head"
    )


def _unlike(launches: Sequence[Launch], cell: Cell) -> bool:
    """Whether its answers were not accepted, and never for what the scenario expects."""
    rejected = [one for one in launches if cell.id in one.rejected]
    return bool(rejected) and all(cell.id in one.unlike for one in rejected)


def _work(tally: Tally) -> tuple[object, ...]:
    return tally.deployment.name, tally.cell.request, tally.cell.load
