from collections.abc import Iterator
from itertools import islice, pairwise, takewhile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.arrivals import NS_PER_S, Constant, Pace, Part, Poisson, Schedule

RATES = st.floats(0.1, 200_000) | st.integers(1, 200_000).map(float)
BEGINNINGS = st.integers(0, 10**17)
RAMPS = st.integers(0, 10**9)
PARTS = st.integers(1, 5)
SEEDS = st.integers(0, 2**63 - 1)


def first(schedule: Schedule, count: int, *, from_ns: int = 0, ramp_ns: int = 0) -> list[int]:
    return list(islice(schedule.begin(from_ns, ramp_ns), count))


def until(schedule: Schedule, end_ns: int, *, from_ns: int = 0, ramp_ns: int = 0) -> list[int]:
    return list(takewhile(end_ns.__gt__, schedule.begin(from_ns, ramp_ns)))


@given(RATES, BEGINNINGS, RAMPS)
def test_constant_arrivals_are_periodic_to_the_nanosecond(rate: float, from_ns: int, ramp_ns: int) -> None:
    interval_ns = NS_PER_S / rate
    times_ns = first(Constant(rate), 50, from_ns=from_ns, ramp_ns=ramp_ns)
    for number, due_ns in enumerate(times_ns):
        assert abs(due_ns - times_ns[0] - number * interval_ns) <= 1 + 1e-15 * ramp_ns
    assert all(earlier <= later for earlier, later in pairwise(times_ns))


@given(RATES, BEGINNINGS, RAMPS)
def test_one_constant_arrival_is_due_when_the_window_begins(rate: float, from_ns: int, ramp_ns: int) -> None:
    interval_ns = NS_PER_S / rate
    times_ns = until(
        Constant(rate), from_ns + 1, from_ns=from_ns, ramp_ns=min(ramp_ns, int(50 * interval_ns))
    )
    assert times_ns[-1] == from_ns


@given(RATES, BEGINNINGS, st.integers(0, 50), st.integers(1, 200))
def test_a_window_of_whole_intervals_has_exactly_as_many_constant_arrivals(
    rate: float, from_ns: int, ramp_intervals: int, intervals: int
) -> None:
    interval_ns = NS_PER_S / rate
    ramp_ns, end_ns = int(ramp_intervals * interval_ns), from_ns + round(intervals * interval_ns)
    times_ns = until(Constant(rate), end_ns, from_ns=from_ns, ramp_ns=ramp_ns)
    assert sum(due_ns >= from_ns for due_ns in times_ns) == intervals
    assert times_ns[0] >= from_ns - ramp_ns


@given(st.integers(1, 50_000), st.integers(1, 50), BEGINNINGS)
def test_a_second_has_as_many_constant_arrivals_as_the_rate_says(rate: int, part: int, from_ns: int) -> None:
    seconds = 2 if rate < 1000 else 1 / part
    times_ns = until(Constant(float(rate)), from_ns + round(seconds * NS_PER_S), from_ns=from_ns)
    assert abs(len(times_ns) - rate * seconds) < 1


@given(RATES, BEGINNINGS, RAMPS, PARTS)
def test_constant_parts_are_disjoint_and_together_the_whole(
    rate: float, from_ns: int, ramp_ns: int, processes: int
) -> None:
    count = 20
    parts = [
        first(Constant(rate, Part(index, processes)), count, from_ns=from_ns, ramp_ns=ramp_ns)
        for index in range(processes)
    ]
    whole = first(Constant(rate), count * processes, from_ns=from_ns, ramp_ns=ramp_ns)
    assert sorted(due_ns for part in parts for due_ns in part) == whole


@given(RATES, SEEDS, BEGINNINGS, RAMPS)
def test_poisson_arrivals_ascend_from_the_ramp_on(rate: float, seed: int, from_ns: int, ramp_ns: int) -> None:
    times_ns = first(Poisson(rate, seed), 200, from_ns=from_ns, ramp_ns=ramp_ns)
    assert times_ns == sorted(times_ns)
    assert times_ns[0] >= from_ns - ramp_ns


@given(RATES, SEEDS, PARTS)
def test_poisson_arrivals_are_reproducible_by_their_seed(rate: float, seed: int, processes: int) -> None:
    part = Part(processes - 1, processes)
    one, again = (first(Poisson(rate, seed, part), 20) for _ in range(2))
    assert one == again
    assert one != first(Poisson(rate, seed + 1, part), 20)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_poisson_arrivals_come_at_their_rate_and_vary_as_they_should(seed: int, processes: int) -> None:
    rate, seconds = 1000.0, 20
    parts = [Poisson(rate, seed, Part(index, processes)) for index in range(processes)]
    times_ns = sorted(due_ns for part in parts for due_ns in until(part, seconds * NS_PER_S))
    # The count has a standard deviation of its square root; five of them are as good as never exceeded.
    expected = rate * seconds
    assert abs(len(times_ns) - expected) < 5 * expected**0.5
    # A Poisson process has as much variance as mean in equal stretches, an even one has next to none.
    counts = [0] * (10 * seconds)
    for due_ns in times_ns:
        counts[due_ns * 10 // NS_PER_S] += 1
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert variance / mean == pytest.approx(1, abs=5 * (2 / len(counts)) ** 0.5)


def test_the_parts_of_poisson_arrivals_are_independent_of_each_other() -> None:
    distances = []
    for index in range(2):
        times_ns = first(Poisson(1000, 7, Part(index, 2)), 4001)
        distances.append([later - earlier for earlier, later in pairwise(times_ns)])
    one, other = ([value - sum(values) / len(values) for value in values] for values in distances)
    covariance = sum(a * b for a, b in zip(one, other, strict=True))
    correlation = covariance / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    assert abs(correlation) < 5 / len(one) ** 0.5


@given(RATES, BEGINNINGS, RAMPS, st.booleans(), SEEDS)
def test_a_pace_that_does_not_change_is_a_schedule(
    rate: float, from_ns: int, ramp_ns: int, poisson: bool, seed: int
) -> None:
    pace = Pace(rate, poisson=poisson, seed=seed)
    times_ns = first(pace, 100, from_ns=from_ns, ramp_ns=ramp_ns)
    assert times_ns[0] == from_ns - ramp_ns
    assert times_ns == sorted(times_ns)
    assert pace.due_ns == times_ns[-1]
    if not poisson:
        # Each follows the one before it, so that roundings of half a nanosecond may add up.
        assert times_ns[-1] - times_ns[0] == pytest.approx(99 * NS_PER_S / rate, abs=50)


@given(st.lists(st.tuples(RATES, st.integers(0, 5), st.floats(0, 1.5)), max_size=10), st.booleans(), SEEDS)
def test_a_change_of_rate_keeps_the_order(
    changes: list[tuple[float, int, float]], poisson: bool, seed: int
) -> None:
    pace = Pace(100.0, poisson=poisson, seed=seed)
    arrivals = pace.begin(0, 0)
    sent_ns, now_ns = next(arrivals), 0
    for rate, taken, share in changes:
        sent_ns = _take(arrivals, taken, sent_ns)
        now_ns = max(now_ns, sent_ns)
        pending_ns = next(arrivals)
        now_ns += int(share * max(0, pending_ns - now_ns))
        pace.change(rate, now_ns)
        assert pace.due_ns >= min(pending_ns, now_ns)  # not before what is already past
        assert pace.due_ns >= sent_ns
        sent_ns = pace.due_ns
    assert next(arrivals) >= sent_ns


def _take(arrivals: Iterator[int], count: int, sent_ns: int) -> int:
    for due_ns in islice(arrivals, count):
        assert due_ns >= sent_ns
        sent_ns = due_ns
    return sent_ns


def test_a_change_of_rate_takes_effect_at_once_and_in_proportion() -> None:
    pace = Pace(1.0, poisson=False)
    arrivals = pace.begin(0, 0)
    assert [next(arrivals), next(arrivals)] == [0, NS_PER_S]
    pace.change(4.0, NS_PER_S // 2)  # half of the interval is left, which becomes an eighth
    assert pace.due_ns == NS_PER_S // 2 + NS_PER_S // 8
    assert next(arrivals) == pace.due_ns == NS_PER_S // 2 + NS_PER_S // 8 + NS_PER_S // 4
    pace.change(1.0, pace.due_ns - NS_PER_S // 8)
    assert pace.due_ns == NS_PER_S // 2 + NS_PER_S // 8 + NS_PER_S // 8 + NS_PER_S // 2


def test_an_arrival_that_waits_in_line_is_not_moved_by_a_change_of_rate() -> None:
    pace = Pace(1000.0, poisson=False)
    arrivals = pace.begin(0, 0)
    waiting_ns = next(islice(arrivals, 3, None))
    pace.change(10.0, waiting_ns + NS_PER_S)
    assert pace.due_ns == waiting_ns
    assert next(arrivals) == waiting_ns + NS_PER_S // 10


def test_two_schedules_of_one_object_do_not_disturb_each_other() -> None:
    for schedule in (Constant(300.0), Poisson(300.0, 5)):
        chance = Random(1)
        one, other = schedule.begin(0, 0), schedule.begin(0, 0)
        taken: tuple[list[int], list[int]] = ([], [])
        for _ in range(100):
            which = chance.randrange(2)
            taken[which].append(next((one, other)[which]))
        expected = first(schedule, 100)
        assert taken[0] == expected[: len(taken[0])]
        assert taken[1] == expected[: len(taken[1])]
