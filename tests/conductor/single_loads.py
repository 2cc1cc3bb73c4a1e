"""Single loads made of numbers, for tests of everything that is derived from one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from bench.conductor.single_load.single_load import LoadOrder, SingleLoad
from bench.histogram import Histogram
from bench.load.messages import Arrivals, SliceOutcome
from bench.results.model import LoadLevel

COUNTED_NS = 5 * 10**9
WALL_NS = 5_600_000_000
CONNECTIONS = 8
CLOSED = LoadLevel(connections=CONNECTIONS)
OPEN = LoadLevel(connections=CONNECTIONS, rate_per_s=1000.0)


def single_load(
    level: LoadLevel = CLOSED,
    *,
    durations_ns: Sequence[int] | None = None,
    errors: Mapping[str, int] | None = None,
    busy: float = 0.25,
    opened: int = CONNECTIONS,
    arrivals: Arrivals | None = None,
    wrong_at_first: str | None = None,
    processes: int = 1,
) -> SingleLoad:
    """A load of five seconds with nothing wrong: 40 answers a second on each connection, each after 25 ms."""
    values = np.full(1600, 25_000_000) if durations_ns is None else np.array(durations_ns, np.int64)
    if durations_ns is None and level.is_open:
        values = np.full(5000, 1_000_000)
    if level.is_open and arrivals is None:
        arrivals = arrivals_of(5000)
    each, rest = divmod(values.size, level.connections)
    answered = round(values.size * WALL_NS / COUNTED_NS)
    return SingleLoad(
        url="http://127.0.0.1:8000/json",
        method="GET",
        order=LoadOrder(
            level=level,
            ramp_ns=500_000_000,
            counted_ns=COUNTED_NS,
            timeout_ns=10**10,
            processes=processes,
            polls=None,
            seed=7,
        ),
        polls=True,
        cores=(1,),
        counted_from=datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        wrong_at_first=wrong_at_first,
        interrupted=False,
        outcome=SliceOutcome(
            counted_ns=COUNTED_NS,
            requests=int(values.size),
            errors=dict(errors or {}),
            histogram=Histogram.of(values).encode(),
            duration_sum_ns=int(values.sum()),
            longest_ns=int(values.max(initial=0)),
            per_connection=[each + (at < rest) for at in range(level.connections)],
            connections_opened=opened,
            answered=answered,
            generator_wall_ns=WALL_NS,
            generator_busy_ns=round(busy * WALL_NS),
            arrivals=arrivals,
        ),
    )


def arrivals_of(due: int, *, waited: int = 0, unsent: int = 0, late_ns: int = 2_000) -> Arrivals:
    """The arrivals of an open loop, each of those that did not wait sent so late."""
    late = np.full(due - waited, late_ns)
    return Arrivals(due, waited, unsent, Histogram.of(late).encode(), late_ns if late.size else 0)
