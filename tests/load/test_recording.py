from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.load.recording import Durations, Recording

NAMES = ["one", "two", "three"]
DURATIONS = st.integers(1, 10**10)
ANSWERS = st.lists(st.tuples(st.integers(0, len(NAMES) - 1), DURATIONS), max_size=60)


@dataclass(frozen=True)
class Run:
    """The answers of a slice, each with its request's index and duration: within the window and outside."""

    counted: list[tuple[int, int]]
    uncounted: list[tuple[int, int]]


RUNS = st.builds(Run, counted=ANSWERS, uncounted=ANSWERS)


def recorded(run: Run, *, names: list[str] = NAMES) -> Recording:
    recording = Recording(names)
    for durations, answers in ((recording.counted, run.counted), (recording.uncounted, run.uncounted)):
        for index, duration_ns in answers:
            durations[index % len(names)].raw.append(duration_ns)
    return recording


def outcome_of(recording: Recording, *, is_open_loop: bool = False) -> SliceOutcome:
    return recording.outcome(
        counted_ns=10**8, opened=2, wall_ns=3 * 10**8, busy_ns=10**7, is_open_loop=is_open_loop
    )


@given(RUNS)
def test_only_the_answers_in_the_window_are_counted(run: Run) -> None:
    outcome = outcome_of(recorded(run))
    durations_ns = [duration_ns for _, duration_ns in run.counted]
    assert outcome.requests == len(durations_ns)
    assert outcome.duration_sum_ns == sum(durations_ns)
    assert outcome.longest_ns == max(durations_ns, default=0)
    assert Histogram.decode(outcome.histogram) == Histogram.of(durations_ns)


@given(RUNS)
def test_the_requests_of_a_mix_are_told_apart(run: Run) -> None:
    outcome = outcome_of(recorded(run))
    assert list(outcome.by_request) == NAMES
    for index, share in enumerate(outcome.by_request.values()):
        durations_ns = [duration_ns for number, duration_ns in run.counted if number == index]
        assert share.requests == len(durations_ns)
        assert Histogram.decode(share.histogram) == Histogram.of(durations_ns)


@given(RUNS)
def test_a_single_request_has_no_shares(run: Run) -> None:
    outcome = outcome_of(recorded(run, names=["alone"]))
    assert outcome.by_request == {}
    assert outcome.requests == len(run.counted)


@given(RUNS)
def test_every_answer_of_the_slice_is_answered(run: Run) -> None:
    recording = recorded(run)
    assert recording.answered == len(run.counted) + len(run.uncounted)
    assert outcome_of(recording).answered == recording.answered


@given(RUNS, RUNS)
def test_what_is_outside_of_the_window_does_not_change_what_is_counted(run: Run, other: Run) -> None:
    outcome = outcome_of(recorded(run))
    changed = outcome_of(recorded(replace(run, uncounted=other.uncounted)))
    assert replace(changed, answered=outcome.answered) == outcome


@given(RUNS, ANSWERS, st.integers(0, 20), st.integers(0, 20))
def test_the_arrivals_are_those_of_an_open_loop(
    run: Run, late: list[tuple[int, int]], w: int, u: int
) -> None:
    recording = recorded(run)
    late_ns = [duration_ns for _, duration_ns in late]
    recording.late.raw.extend(late_ns)
    recording.due, recording.waited, recording.unsent = len(late_ns) + w + u, w + u, u
    assert outcome_of(recording).arrivals is None
    arrivals = outcome_of(recording, is_open_loop=True).arrivals
    assert arrivals is not None
    assert (arrivals.due, arrivals.waited, arrivals.unsent) == (len(late_ns) + w + u, w + u, u)
    assert Histogram.decode(arrivals.late) == Histogram.of(late_ns)
    assert arrivals.latest_ns == max(late_ns, default=0)


@given(st.lists(st.lists(DURATIONS, max_size=20), max_size=8), st.integers(1, 10))
def test_folding_at_any_time_changes_nothing(pieces: list[list[int]], at_least: int) -> None:
    durations = Durations()
    append = durations.raw.append  # kept by who records, while the durations are folded
    for piece in pieces:
        for duration_ns in piece:
            append(duration_ns)
        durations.fold(at_least)
        assert len(durations.raw) < max(at_least, 1)
    everything = [duration_ns for piece in pieces for duration_ns in piece]
    assert durations.histogram == Histogram.of(everything)
    assert durations.count == len(everything)
    assert durations.sum_ns == sum(everything)
    assert durations.longest_ns == max(everything, default=0)
    assert durations.shortest_ns == min(everything, default=0)


@given(st.lists(st.tuples(st.integers(0, len(NAMES) - 1), st.sampled_from(["status", "reset", "timeout"]))))
def test_errors_are_counted_by_their_kind_over_all_requests(errors: list[tuple[int, str]]) -> None:
    recording = Recording(NAMES)
    for index, kind in errors:
        recording.errors[index][kind] += 1
    outcome = outcome_of(recording)
    assert outcome.errors == Counter(kind for _, kind in errors)
    assert (outcome.requests, outcome.answered) == (0, 0)


def test_what_the_loop_says_is_passed_on() -> None:
    recording = recorded(Run([(0, 5)], []))
    recording.per_connection = [1, 0]
    outcome = outcome_of(recording)
    assert outcome.per_connection == [1, 0]
    assert (outcome.counted_ns, outcome.connections_opened) == (10**8, 2)
    assert (outcome.generator_wall_ns, outcome.generator_busy_ns) == (3 * 10**8, 10**7)


@pytest.mark.parametrize("is_open_loop", [False, True])
def test_a_slice_without_anything_is_all_zeros(is_open_loop: bool) -> None:
    outcome = outcome_of(Recording(["alone"]), is_open_loop=is_open_loop)
    assert (outcome.requests, outcome.errors, outcome.longest_ns, outcome.duration_sum_ns) == (0, {}, 0, 0)
    assert Histogram.decode(outcome.histogram) == Histogram()
