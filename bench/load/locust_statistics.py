"""What Locust's own statistics are told: the same counts as ours, all responses of a stretch at once.

Locust counts a request at a time in Python, which costs more than sending one. Adding a histogram to an entry
costs the same as adding a few requests.
"""

import time
from collections.abc import Mapping
from typing import Any

from locust.stats import RequestStats, StatsError

from bench.load.recording import Durations, Recording
from bench.load.target import Target, WireRequest


def record(statistics: RequestStats, target: Target, recording: Recording) -> None:
    """Add all verified responses and errors of a recording to Locust's entries for the target's requests."""
    for index, request in enumerate(target.requests):
        for durations in (recording.counted[index], recording.uncounted[index]):
            add_responses(statistics, request, durations)
        add_errors(statistics, request, recording.errors[index])


def add_responses(statistics: RequestStats, request: WireRequest, durations: Durations) -> None:
    """Add verified responses to the entry of a request, and to the total."""
    if not durations.count:
        return
    times = _in_milliseconds(durations)
    content_length = len(request.expected.body or b"") * durations.count
    for entry in _entries(statistics, request):
        _count(entry, durations.count)
        _add_times(entry, durations, times)
        entry.total_content_length += content_length


def add_errors(statistics: RequestStats, request: WireRequest, errors: Mapping[str, int]) -> None:
    """Add errors to the entry of a request, and to the total."""
    for kind, count in errors.items():
        for entry in _entries(statistics, request):
            _count(entry, count)
            entry.num_none_requests += count  # no time is known of them, so they are in no percentile
            entry.num_failures += count - 1
            entry.num_fail_per_sec[int(time.time())] += count - 1
        statistics.log_error(request.method, request.name, kind)  # the last of them
        key = StatsError.create_key(request.method, request.name, kind)
        statistics.errors[key].occurrences += count - 1


def _entries(statistics: RequestStats, request: WireRequest) -> tuple[Any, Any]:
    # Locust's annotations say int, but its own users record fractions of milliseconds: hence `Any`.
    return statistics.total, statistics.get(request.name, request.method)


def _count(entry: Any, count: int) -> None:
    """Have the entry know of so many more requests, all of them now."""
    now, known_at = time.time(), entry.last_request_timestamp
    if entry.use_response_times_cache and known_at and int(now) > int(known_at):
        entry._cache_response_times(int(now) - 1)  # what the web page's chart is made from
    entry.num_requests += count
    entry.num_reqs_per_sec[int(now)] += count
    entry.last_request_timestamp = now


def _add_times(entry: Any, durations: Durations, times: Mapping[float, int]) -> None:
    shortest_ms, longest_ms = durations.shortest_ns / 1e6, durations.longest_ns / 1e6
    known_ms = entry.min_response_time
    entry.min_response_time = shortest_ms if known_ms is None else min(known_ms, shortest_ms)
    entry.max_response_time = max(entry.max_response_time, longest_ms)
    entry.total_response_time += durations.sum_ns / 1e6
    for milliseconds, count in times.items():
        entry.response_times[milliseconds] += count


def _in_milliseconds(durations: Durations) -> dict[float, int]:
    """How often each duration came, to three digits: Locust's whole milliseconds would hide a fast server."""
    times: dict[float, int] = {}
    for nanoseconds, count in zip(*durations.histogram.buckets(), strict=True):
        milliseconds = float(f"{nanoseconds / 1e6:.3g}")
        times[milliseconds] = times.get(milliseconds, 0) + int(count)
    return times
