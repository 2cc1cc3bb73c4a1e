"""What happened in one slice, recorded as it happens and summed up after it."""

from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np

from bench.histogram import Histogram
from bench.load.messages import Arrivals, Share, SliceOutcome

FOLD_AT = 16_384


class Durations:
    """Durations in nanoseconds: the latest as they came, in `raw`, and the others folded into a histogram.

    `raw` stays the same object, so that whoever records may keep its `append`.
    """

    __slots__ = ("_histogram", "longest_ns", "raw", "shortest_ns", "sum_ns")

    def __init__(self) -> None:
        self.raw = array("q")
        self._histogram: Histogram | None = None
        self.sum_ns = 0
        self.longest_ns = 0
        self.shortest_ns = 0

    def fold(self, at_least: int = 1) -> None:
        """Move the raw durations into the histogram where there are so many: memory stays flat."""
        if len(self.raw) < at_least:
            return
        values = np.array(self.raw, np.int64)
        del self.raw[:]
        shortest_ns = int(values.min())
        self.shortest_ns = min(self.shortest_ns, shortest_ns) if self._histogram else shortest_ns
        self.longest_ns = max(self.longest_ns, int(values.max()))
        self.sum_ns += int(values.sum())
        folded = Histogram.of(values)
        self._histogram = folded if self._histogram is None else self._histogram + folded

    @property
    def histogram(self) -> Histogram:
        """All of the durations."""
        self.fold()
        return self._histogram or Histogram()

    @property
    def count(self) -> int:
        """How many durations there are."""
        return self.histogram.total


class Recording:
    """The durations of each request of a target, within the counted window and outside of it, and its errors.

    `late` holds how late an open loop sent what was due in the window; `due`, `waited`, `unsent`,
    `behind_before` and `behind_after` are as in `Arrivals`. `per_connection` has the answers of the window
    by connection.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.counted = [Durations() for _ in names]
        self.uncounted = [Durations() for _ in names]
        self.errors = [Counter[str]() for _ in names]
        self.per_connection: list[int] = []
        self.late = Durations()
        self.due = 0
        self.waited = 0
        self.unsent = 0
        self.behind_before = 0
        self.behind_after = 0
        self._names = names

    def fold(self) -> None:
        """Keep memory flat."""
        for durations in (*self.counted, *self.uncounted, self.late):
            durations.fold(FOLD_AT)

    @property
    def answered(self) -> int:
        """Verified responses of the whole slice."""
        return sum(one.count for one in (*self.counted, *self.uncounted))

    def outcome(
        self, *, counted_ns: int, opened: int, wall_ns: int, busy_ns: int, is_open_loop: bool
    ) -> SliceOutcome:
        """The slice, summed up."""
        histograms = [one.histogram for one in self.counted]
        whole = sum(histograms[1:], histograms[0])
        return SliceOutcome(
            counted_ns=counted_ns,
            requests=whole.total,
            errors=dict(sum(self.errors, Counter())),
            histogram=whole.encode(),
            duration_sum_ns=sum(one.sum_ns for one in self.counted),
            longest_ns=max(one.longest_ns for one in self.counted),
            per_connection=self.per_connection,
            connections_opened=opened,
            answered=self.answered,
            generator_wall_ns=wall_ns,
            generator_busy_ns=busy_ns,
            arrivals=self._arrivals() if is_open_loop else None,
            by_request=self._shares(histograms),
        )

    def _arrivals(self) -> Arrivals:
        late = self.late.histogram
        return Arrivals(
            due=self.due,
            waited=self.waited,
            unsent=self.unsent,
            late=late.encode(),
            latest_ns=self.late.longest_ns,
            behind_before=self.behind_before,
            behind_after=self.behind_after,
        )

    def _shares(self, histograms: Sequence[Histogram]) -> dict[str, Share]:
        if len(self._names) == 1:
            return {}
        return {
            name: Share(histogram.total, histogram.encode())
            for name, histogram in zip(self._names, histograms, strict=True)
        }
