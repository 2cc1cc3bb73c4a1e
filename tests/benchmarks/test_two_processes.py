"""Differences between what two processes report and what others have counted."""

from dataclasses import replace

from benchmarks.two_processes import Counted
from tests.benchmarks.outcomes import outcome

CLOSED = outcome([1000] * 7)
OPEN = outcome([1000] * 8, late_ns=[500] * 6, waited=4, unsent=2)


def test_equal_counts_differ_by_nothing() -> None:
    for one, count in ((CLOSED, 7), (OPEN, 8)):
        assert set(Counted("some", one, count, count).differences.values()) == {0}


def test_a_request_only_nginx_has_seen_is_told() -> None:
    found = Counted("some", CLOSED, 8, 7).differences
    assert found["requests nginx has counted"] == 1
    assert found["requests Locust has counted"] == 0


def test_a_duration_lost_in_merging_is_told() -> None:
    lost = replace(CLOSED, histogram=outcome([1000] * 6).histogram)
    assert Counted("some", lost, 7, 7).differences["durations in the histogram"] == -1


def test_an_answer_that_never_came_is_told() -> None:
    lost = outcome([1000] * 7, late_ns=[500] * 6, waited=4, unsent=2)
    assert Counted("some", lost, 7, 7).differences["answers to what was sent"] == -1
