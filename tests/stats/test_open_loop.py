from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench.histogram import Histogram
from bench.results.model import Slice
from bench.stats import closed_loop, open_loop, validity
from bench.stats.tally import Tally
from tests.stats.synthetic import COUNTED_NS, Part, tally

Change = Callable[[Slice], Slice]

OPEN = Part("gunicorn", rate=500.0, latency_ms=2.0)
USERS = Part("gunicorn", locustfile="flows.py")


def codes(measured: Tally) -> list[str]:
    return [reason.code for reason in validity.reasons(measured)]


def arriving(**update: Any) -> Change:
    """A slice whose arrivals differ in these fields."""

    def change(one: Slice) -> Slice:
        assert one.arrivals is not None
        return one.model_copy(update={"arrivals": one.arrivals.model_copy(update=update)})

    return change


def late(*microseconds: float) -> Change:
    """A slice whose requests were sent so late, each value as often as any other."""
    histogram = Histogram.of(np.repeat(microseconds, 200) * 1000)
    return arriving(late=histogram.encode(), latest_ns=round(max(microseconds) * 1000))


def behind(capacity: float) -> Change:
    """A slice whose server answers so many a second, and whose latencies grow from first to last."""

    def change(one: Slice) -> Slice:
        wall_ns = one.answered / capacity * 1e9
        drain_ns = wall_ns - one.answered / 500 * 1e9
        growing = Histogram.of(np.linspace(0.02, 1, one.requests) * drain_ns + 1e6)
        return one.model_copy(update={"generator_wall_ns": round(wall_ns), "histogram": growing.encode()})

    return change


def test_a_server_that_keeps_up_is_valid() -> None:
    assert codes(tally(OPEN)) == []


@pytest.mark.parametrize("part", [OPEN, USERS])
def test_nothing_is_asked_of_idle_or_unequal_connections_but_in_a_closed_loop(part: Part) -> None:
    def odd(one: Slice) -> Slice:
        update = {
            "duration_sum_ns": 1,
            "per_connection": (1000, 0, 0, 0),
            "server_cpu_ns": 1,
            "generator_busy_ns": 1,
        }
        return one.model_copy(update=update)

    measured = tally(part, odd)
    assert codes(measured) == []
    assert not closed_loop.waits(measured)
    assert codes(tally(Part("gunicorn"), odd)) == ["littles-law", "both-idle", "starved"]


def test_what_holds_of_every_load_is_asked_of_an_open_loop_too() -> None:
    busy = tally(OPEN, lambda one: one.model_copy(update={"generator_busy_ns": one.generator_wall_ns}))
    assert codes(busy) == ["generator-bound"]


def test_users_of_a_locustfile_that_are_too_many_are_told_what_helps() -> None:
    busy = tally(USERS, lambda one: one.model_copy(update={"generator_busy_ns": one.generator_wall_ns}))
    (reason,) = validity.reasons(busy)
    assert reason.code == "generator-bound"
    assert all(words in reason.remedy for words in ("fewer", "ConnectionUser", "generators"))


@pytest.mark.parametrize(("unsent", "expected"), [(1, []), (2, ["overloaded"])])
def test_more_than_one_in_a_thousand_unsent_is_overload_and_no_error(
    unsent: int, expected: list[str]
) -> None:
    assert codes(tally(OPEN, arriving(due=1000, unsent=unsent))) == expected


@pytest.mark.parametrize(("capacity", "expected"), [(250, ["overloaded"]), (350, ["overloaded"]), (480, [])])
def test_a_line_that_grows_with_the_slice_is_overload_though_all_was_sent(
    capacity: float, expected: list[str]
) -> None:
    assert codes(tally(OPEN, behind(capacity))) == expected


@pytest.mark.parametrize(("before", "after", "expected"), [(3, 3, []), (3, 4, ["overloaded"]), (4, 3, [])])
def test_requests_that_pile_up_in_slice_after_slice_are_overload(
    before: int, after: int, expected: list[str]
) -> None:
    assert codes(tally(OPEN, arriving(due=30, behind_before=before, behind_after=after))) == expected


def test_requests_that_pile_up_in_one_slice_of_many_are_no_overload() -> None:
    after = iter([25])

    def pausing(one: Slice) -> Slice:
        return arriving(due=30, behind_after=next(after, 0))(one)

    paused = tally(OPEN, pausing)
    assert codes(paused) == []


def test_the_reason_of_overload_names_the_rate_and_what_was_reached_instead() -> None:
    (reason,) = validity.reasons(tally(OPEN, behind(250)))
    assert "cannot keep up with 500/s" in reason.what
    assert "it reached 250/s" in reason.what
    assert "less than 250/s" in reason.remedy


def test_a_view_that_is_slow_for_its_slice_is_not_taken_for_overload() -> None:
    def slow(one: Slice) -> Slice:
        histogram = Histogram.of(np.full(one.requests, COUNTED_NS)).encode()
        return one.model_copy(update={"generator_wall_ns": round(2.1 * COUNTED_NS), "histogram": histogram})

    assert codes(tally(OPEN, slow)) == []


def test_one_long_pause_is_not_taken_for_overload() -> None:
    walls = iter([2_000_000_000])
    paused = tally(OPEN, lambda one: one.model_copy(update={"generator_wall_ns": next(walls, COUNTED_NS)}))
    assert codes(paused) == []


def test_answers_that_are_all_errors_are_errors_and_not_overload() -> None:
    failing = tally(
        OPEN, lambda one: one.model_copy(update={"answered": 0, "errors": {"status": one.answered}})
    )
    assert codes(failing) == ["errors"]


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        ((5, 5, 5, 900), []),
        ((5, 5, 5, 1100), ["sent-late"]),
        ((150, 150, 150, 180), []),
        ((250, 250, 250, 260), ["sent-late"]),
    ],
)
def test_a_late_generator_makes_a_cell_invalid(microseconds: tuple[float, ...], expected: list[str]) -> None:
    # The median latency is 2 ms: a tenth of it is 200 us.
    assert codes(tally(OPEN, late(*microseconds))) == expected


@pytest.mark.parametrize(("microseconds", "expected"), [(9_000, []), (11_000, ["sent-late"])])
def test_the_lateness_that_is_borne_grows_with_the_latency(microseconds: float, expected: list[str]) -> None:
    slow = Part("gunicorn", rate=500.0, latency_ms=100.0)
    assert codes(tally(slow, late(5, 5, 5, microseconds))) == expected


@pytest.mark.parametrize(("microseconds", "expected"), [(45, []), (55, ["sent-late"])])
def test_a_few_microseconds_are_borne_however_fast_the_server_is(
    microseconds: float, expected: list[str]
) -> None:
    assert codes(tally(Part("gunicorn", rate=500.0, latency_ms=0.1), late(microseconds))) == expected


def test_lateness_that_only_the_tail_shows_is_known() -> None:
    assert open_loop.blurs_tail(tally(OPEN, late(5, 5, 5, 900)))
    assert not open_loop.blurs_tail(tally(OPEN))
    assert not open_loop.blurs_tail(tally())


def test_a_cell_without_a_single_answer_is_told_so_and_nothing_else_breaks() -> None:
    def silent(one: Slice) -> Slice:
        nothing = {"requests": 0, "answered": 0, "duration_sum_ns": 0, "histogram": Histogram().encode()}
        return arriving(due=50, unsent=50, late=Histogram().encode())(one.model_copy(update=nothing))

    assert codes(tally(OPEN, silent)) == ["no-requests", "overloaded"]
