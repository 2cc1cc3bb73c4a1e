"""What Locust's request events said in one slice by the users of a locustfile."""

import time
from collections import Counter

from bench.histogram import Histogram
from bench.load.messages import Share, SliceOutcome
from bench.load.recording import FOLD_AT, Durations

MOST_NAMES = 100  # told apart in a slice: names made of ids would fill memory and results
OTHER_NAMES = "(other names)"


class RequestEvents:
    """What Locust's request events of one slice said."""

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self._answered = 0
        self._begin_ns = self._end_ns = 0
        self._counted: dict[str, Durations] = {}

    def count_between(self, begin_ns: int, end_ns: int) -> None:
        """Let the counted window be this one, on the clock of perf_counter_ns."""
        self._begin_ns, self._end_ns = begin_ns, end_ns

    def request(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None,
        exception: object = None,
        **_: object,
    ) -> None:
        """Take in one request event; its response time, in milliseconds, has all digits of the clock."""
        if exception:
            self.errors[type(exception).__name__ if isinstance(exception, Exception) else "failure"] += 1
            return
        self._answered += 1
        if response_time is not None and self._begin_ns <= time.perf_counter_ns() < self._end_ns:
            durations = self._durations_of(f"{request_type} {name}")
            durations.raw.append(round(response_time * 1e6))
            durations.fold(FOLD_AT)

    def _durations_of(self, name: str) -> Durations:
        if name not in self._counted and len(self._counted) >= MOST_NAMES:
            name = OTHER_NAMES
        return self._counted.setdefault(name, Durations())

    def outcome(self, *, counted_ns: int, wall_ns: int, busy_ns: int) -> SliceOutcome:
        """The slice, summed up; Locust's clients do not tell which connection they used."""
        histograms = {name: durations.histogram for name, durations in self._counted.items()}
        everything = sum(histograms.values(), Histogram())
        return SliceOutcome(
            counted_ns=counted_ns,
            requests=everything.total,
            errors=dict(self.errors),
            histogram=everything.encode(),
            duration_sum_ns=sum(durations.sum_ns for durations in self._counted.values()),
            longest_ns=max((durations.longest_ns for durations in self._counted.values()), default=0),
            per_connection=[],
            connections_opened=0,
            answered=self._answered,
            generator_wall_ns=wall_ns,
            generator_busy_ns=busy_ns,
            by_request={
                name: Share(histogram.total, histogram.encode()) for name, histogram in histograms.items()
            },
        )
