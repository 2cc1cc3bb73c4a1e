from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.load.recording import Recording

CONNECTIONS = 3
ANSWERS = st.lists(st.tuples(st.integers(0, CONNECTIONS - 1), st.integers(1, 10**10)), max_size=60)


@dataclass(frozen=True)
class Run:
    """The answers of a slice, each with its connection and service time: before, in and after the window."""

    ramp: list[tuple[int, int]]
    counted: list[tuple[int, int]]
    rest: list[tuple[int, int]]


RUNS = st.builds(Run, ramp=ANSWERS, counted=ANSWERS, rest=ANSWERS)


def recorded(run: Run) -> Recording:
    recording = Recording()
    answered = [0] * CONNECTIONS
    for part in (run.ramp, run.counted, run.rest):
        for connection, duration_ns in part:
            recording.durations_ns.append(duration_ns)
            answered[connection] += 1
        if part is not run.rest:
            recording.mark(list(answered))
    return recording


def outcome_of(recording: Recording) -> SliceOutcome:
    return recording.outcome(counted_ns=10**8, opened=2, wall_ns=3 * 10**8, busy_ns=10**7)


@given(RUNS)
def test_only_the_answers_in_the_window_are_counted(run: Run) -> None:
    outcome = outcome_of(recorded(run))
    durations_ns = [duration_ns for _, duration_ns in run.counted]
    assert outcome.requests == len(durations_ns)
    assert outcome.service_time_sum_ns == sum(durations_ns)
    assert outcome.longest_ns == max(durations_ns, default=0)
    assert Histogram.decode(outcome.histogram) == Histogram.of(durations_ns)


@given(RUNS)
def test_each_connection_gets_the_answers_it_had_in_the_window(run: Run) -> None:
    of_connections = [connection for connection, _ in run.counted]
    outcome = outcome_of(recorded(run))
    assert outcome.per_connection == [of_connections.count(number) for number in range(CONNECTIONS)]


@given(RUNS)
def test_every_answer_of_the_slice_is_in_answered_and_in_what_locust_is_told(run: Run) -> None:
    recording = recorded(run)
    everything = [duration_ns for _, duration_ns in [*run.ramp, *run.counted, *run.rest]]
    assert recording.all_ns.tolist() == everything
    assert outcome_of(recording).answered == len(everything)


@given(RUNS, RUNS)
def test_what_is_before_and_after_the_window_does_not_change_what_is_counted(run: Run, other: Run) -> None:
    outcome = outcome_of(recorded(run))
    changed = outcome_of(recorded(replace(run, ramp=other.ramp, rest=other.rest)))
    assert replace(changed, answered=outcome.answered) == outcome


def test_errors_are_counted_by_their_kind_over_the_whole_slice() -> None:
    recording = Recording()
    recording.errors["status"] += 1
    recording.mark([0])
    recording.errors["status"] += 1
    recording.errors["reset"] += 1
    recording.mark([0])
    recording.errors["timeout"] += 1
    outcome = outcome_of(recording)
    assert outcome.errors == {"status": 2, "reset": 1, "timeout": 1}
    assert (outcome.requests, outcome.answered) == (0, 0)


def test_what_the_clock_and_the_pool_say_is_passed_on() -> None:
    outcome = outcome_of(recorded(Run([], [(0, 5)], [])))
    assert (outcome.counted_ns, outcome.connections_opened) == (10**8, 2)
    assert (outcome.generator_wall_ns, outcome.generator_busy_ns) == (3 * 10**8, 10**7)


@pytest.mark.parametrize("marks", [0, 1, 3])
def test_a_slice_without_exactly_one_window_is_a_defect(marks: int) -> None:
    recording = Recording()
    for _ in range(marks):
        recording.mark([0])
    with pytest.raises(ValueError, match="unpack"):
        outcome_of(recording)
