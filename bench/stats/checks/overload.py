"""A rate that head misses and base keeps.

Near what a server can do chance decides that, so it is red only where fresh launches show it again, as a
figure that got slower is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.results.model import Measurements
from bench.stats.open_loop import overloaded
from bench.stats.summary import Reason
from bench.stats.tally import tallies

OVERLOADED = "overloaded"
_Reasons = Mapping[str, Reason]


@dataclass(frozen=True)
class Overloads:
    """What missed its rate in the launches that are looked at, and in those that repeat; by cells (ids)."""

    looked: _Reasons
    repeated: _Reasons

    def of(self, cell: str, beside: str) -> "Overload":
        """What is known of one cell, and what was measured beside it."""
        return Overload(
            looked=None if beside in self.looked else self.looked.get(cell),
            again=cell in self.repeated and beside not in self.repeated,
        )


@dataclass(frozen=True)
class Overload:
    """Whether head alone missed its rate: the reason where it did when looked at, and whether again."""

    looked: Reason | None
    again: bool

    def added_to(self, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """These reasons with that of the looks: launches that repeat it do not take it away."""
        if self.looked is None or any(one.code == OVERLOADED for one in reasons):
            return reasons
        return (*reasons, self.looked)


def with_repetition(reasons: tuple[Reason, ...], told: str) -> tuple[Reason, ...]:
    """These reasons, that of an overload with what became of its repetition."""
    return tuple(
        replace(one, what=f"{one.what}, {told}") if one.code == OVERLOADED else one for one in reasons
    )


def overloads(measurements: Measurements) -> Overloads:
    """Every cell that missed its rate, the launches that repeat told apart."""
    return Overloads(*(_overloaded(measurements, confirming=which) for which in (False, True)))


def _overloaded(measurements: Measurements, *, confirming: bool) -> _Reasons:
    launches = tuple(one for one in measurements.launches if one.confirming is confirming)
    numbers = {one.number for one in launches}
    blocks = tuple(one for one in measurements.blocks if one.launch in numbers)
    some = measurements.model_copy(update={"launches": launches, "blocks": blocks})
    found = {one.cell.id: overloaded(one) for one in tallies(some) if one.cell.load.is_open}
    return {cell: reason for cell, reason in found.items() if reason is not None}
