"""What happened in one slice, recorded as it happens and summed up after it."""

from array import array
from collections import Counter

import numpy as np

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome


class Recording:
    """Service times in the order of their completion, with marks where the counted window begins and ends."""

    def __init__(self) -> None:
        self.durations_ns = array("q")
        self.errors: Counter[str] = Counter()
        self._marks: list[int] = []
        self._answered_at_marks: list[list[int]] = []

    def mark(self, answered_per_connection: list[int]) -> None:
        """Note that the counted window begins (first call) or ends (second call) here."""
        self._marks.append(len(self.durations_ns))
        self._answered_at_marks.append(answered_per_connection)

    @property
    def all_ns(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Every service time of the slice, those of the ramp included."""
        return np.array(self.durations_ns, np.int64)

    def outcome(self, *, counted_ns: int, opened: int, wall_ns: int, busy_ns: int) -> SliceOutcome:
        """The slice, summed up."""
        begin, end = self._marks
        counted = self.all_ns[begin:end]
        before, after = self._answered_at_marks
        return SliceOutcome(
            counted_ns=counted_ns,
            requests=int(counted.size),
            errors=dict(self.errors),
            histogram=Histogram.of(counted).encode(),
            service_time_sum_ns=int(counted.sum()),
            longest_ns=int(counted.max(initial=0)),
            per_connection=[late - early for early, late in zip(before, after, strict=True)],
            connections_opened=opened,
            answered=len(self.durations_ns),
            generator_wall_ns=wall_ns,
            generator_busy_ns=busy_ns,
        )
