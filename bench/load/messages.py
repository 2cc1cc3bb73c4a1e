"""What is said between whoever orders load and the processes that generate it: plain dictionaries."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class SliceOrder:
    """One slice to generate: the key of a target, and for how long. Durations in nanoseconds.

    Closed loop without `rate_per_s`: each of the connections sends when its answer came. With it, requests
    are due at that rate, evenly or `poisson`-distributed, and there are at most so many connections. `seed`
    draws the requests of a mix and Poisson's arrivals. `polls` says that the generator has a core of its own
    and need not sleep between answers.
    """

    target: str
    connections: int
    ramp_ns: int
    counted_ns: int
    response_timeout_ns: int
    polls: bool
    rate_per_s: float | None = None
    poisson: bool = False
    seed: int = 0

    def to_message(self) -> dict[str, Any]:
        """The order as a dictionary of JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The order that `to_message` wrote."""
        return cls(**message)


@dataclass(frozen=True)
class LocustfileOrder:
    """One slice of load by the users of a locustfile. Durations in nanoseconds.

    `url` is what its users get as their host; `locustfile` the file's path; the ramp begins when the last of
    the users has been spawned.
    """

    locustfile: str
    url: str
    users: int
    ramp_ns: int
    counted_ns: int

    def to_message(self) -> dict[str, Any]:
        """The order as a dictionary of JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The order that `to_message` wrote."""
        return cls(**message)


@dataclass(frozen=True)
class Share:
    """What one request of several contributed to the counted window; the histogram is encoded."""

    requests: int
    histogram: str


@dataclass(frozen=True)
class Arrivals:
    """The arrivals that were due in the counted window of an open loop. Durations in nanoseconds.

    `due` counts all of them; `waited` those that found every connection taken; `unsent` those still waiting
    when the window ended, which are not sent any more. `late` (encoded histogram) and `latest_ns` tell how
    long after they were due the others were sent: the generator's own lateness. `behind_before` and
    `behind_after` are the requests that were due and not answered yet when the window began and ended.
    """

    due: int
    waited: int
    unsent: int
    late: str
    latest_ns: int
    behind_before: int = 0
    behind_after: int = 0


@dataclass(frozen=True)
class SliceOutcome:
    """One slice of load on one target, as the generator saw it. Durations in nanoseconds.

    `requests`, `histogram` (HdrHistogram, encoded), `duration_sum_ns`, `longest_ns` and `per_connection`
    belong to the counted window of `counted_ns`; errors, `answered`, `connections_opened` and the
    generator's two durations to the whole slice. Busy is its CPU time, less that of polling in vain.

    In a closed loop a duration is the service time of a request that was sent within the window, in an open
    loop the latency of one that was due within it, whenever its answer came.
    `by_request` tells the requests of a mix apart, by name.
    """

    counted_ns: int
    requests: int
    errors: dict[str, int]
    histogram: str
    duration_sum_ns: int
    longest_ns: int
    per_connection: list[int]
    connections_opened: int
    answered: int
    generator_wall_ns: int
    generator_busy_ns: int
    arrivals: Arrivals | None = None
    by_request: dict[str, Share] = field(default_factory=dict)

    def to_message(self) -> dict[str, Any]:
        """The outcome as a dictionary of JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The outcome that `to_message` wrote."""
        arrivals = message["arrivals"]
        return cls(
            **{
                **message,
                "arrivals": None if arrivals is None else Arrivals(**arrivals),
                "by_request": {name: Share(**share) for name, share in message["by_request"].items()},
            }
        )
