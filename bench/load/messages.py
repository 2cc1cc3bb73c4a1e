"""What is said between whoever orders load and the processes that generate it: plain dictionaries."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class SliceOrder:
    """One slice to generate: the key of a target, and for how long. Durations in nanoseconds.

    `polls` says that the generator has a core of its own and need not sleep between answers.
    """

    target: str
    connections: int
    ramp_ns: int
    counted_ns: int
    response_timeout_ns: int
    polls: bool

    def to_message(self) -> dict[str, Any]:
        """The order as a dictionary of JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The order that `to_message` wrote."""
        return cls(**message)


@dataclass(frozen=True)
class SliceOutcome:
    """One slice of load on one target, as the generator saw it. Durations in nanoseconds.

    `requests`, `histogram` (HdrHistogram, encoded), `service_time_sum_ns`, `longest_ns` and `per_connection`
    belong to the counted window of `counted_ns`; errors, `answered`, `connections_opened` and the
    generator's two durations to the whole slice. Busy is its CPU time, less that of polling in vain.
    """

    counted_ns: int
    requests: int
    errors: dict[str, int]
    histogram: str
    service_time_sum_ns: int
    longest_ns: int
    per_connection: list[int]
    connections_opened: int
    answered: int
    generator_wall_ns: int
    generator_busy_ns: int

    def to_message(self) -> dict[str, Any]:
        """The outcome as a dictionary of JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The outcome that `to_message` wrote."""
        return cls(**message)
