"""Outcomes of slices as a generator would report them."""

from bench.histogram import Histogram
from bench.load.messages import Arrivals, SliceOutcome
from bench.units import NS_PER_S


def outcome(
    durations_ns: list[int], *, late_ns: list[int] | None = None, waited: int = 0, unsent: int = 0
) -> SliceOutcome:
    """One counted second with these durations; of an open loop where there is `late_ns`."""
    arrivals = None
    if late_ns is not None:
        late = Histogram.of(late_ns).encode()
        latest_ns = max(late_ns, default=0)
        arrivals = Arrivals(len(late_ns) + waited, waited, unsent, late, latest_ns)
    return SliceOutcome(
        counted_ns=NS_PER_S,
        requests=len(durations_ns),
        errors={},
        histogram=Histogram.of(durations_ns).encode(),
        duration_sum_ns=sum(durations_ns),
        longest_ns=max(durations_ns),
        per_connection=[len(durations_ns)],
        connections_opened=1,
        answered=len(durations_ns),
        generator_wall_ns=NS_PER_S,
        generator_busy_ns=NS_PER_S // 2,
        arrivals=arrivals,
    )
