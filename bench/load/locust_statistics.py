"""What Locust's own statistics are told: the same counts as ours, all responses of a slice at once.

Locust counts a request at a time in Python, which costs more than sending one. Adding a whole slice to an
entry costs the same as adding a few requests.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from locust.stats import RequestStats, StatsEntry
from numpy.typing import NDArray

from bench.load.target import Target


def record(
    statistics: RequestStats, target: Target, durations_ns: NDArray[np.int64], errors: Mapping[str, int]
) -> None:
    """Add verified responses and errors of a slice to Locust's entry for the target, and to its total."""
    content_length = len(target.expected.body or b"") * int(durations_ns.size)
    for entry in (statistics.total, statistics.get(target.name, target.method)):
        _add_responses(entry, durations_ns, content_length)
    for kind, count in errors.items():
        for _ in range(count):
            statistics.total.num_requests += 1
            statistics.get(target.name, target.method).num_requests += 1
            statistics.log_error(target.method, target.name, kind)


def _add_responses(entry: StatsEntry, durations_ns: NDArray[np.int64], content_length: int) -> None:
    if not durations_ns.size:
        return
    now = time.time()
    count = int(durations_ns.size)
    entry.num_requests += count
    entry.num_reqs_per_sec[int(now)] += count
    entry.last_request_timestamp = now
    entry.total_content_length += content_length
    _add_times(entry, durations_ns / 1e6)


def _add_times(entry: Any, milliseconds: NDArray[np.float64]) -> None:
    # Locust's annotations say int, but its own users record fractions of milliseconds: hence `Any`.
    shortest, longest = float(milliseconds.min()), float(milliseconds.max())
    known = entry.min_response_time
    entry.min_response_time = shortest if known is None else min(known, shortest)
    entry.max_response_time = max(entry.max_response_time, longest)
    entry.total_response_time += float(milliseconds.sum())
    for value, count in zip(*np.unique(_three_digits(milliseconds), return_counts=True), strict=True):
        entry.response_times[float(value)] += int(count)


def _three_digits(milliseconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to three significant digits: Locust rounds to whole milliseconds, which hides a fast server."""
    scale = 10.0 ** (2 - np.floor(np.log10(np.maximum(milliseconds, 1e-6))))
    rounded: NDArray[np.float64] = np.round(milliseconds * scale) / scale
    return rounded
