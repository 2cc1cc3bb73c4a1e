"""What is made of an open loop's outcomes: how late, how many, and how many were slow."""

from math import inf

import pytest

from bench.units import NS_PER_MS, NS_PER_S
from benchmarks.known_latency import closed_seconds, delayed_finding, median_finding, slower_than
from benchmarks.open_loop import Arriving, Sent, findings_of, offered_finding
from tests.benchmarks.outcomes import outcome

EVENLY, BY_CHANCE = Arriving(10, poisson=False), Arriving(10_000, poisson=True)


def sent(ordered: float, count: int) -> Sent:
    return Sent(ordered, count, {0.5: 900.0, 0.99: 60_000.0}, 70_000, 0, 50_000.0)


def test_those_that_were_never_sent_are_not_among_the_sent() -> None:
    found = Sent.of(outcome([1000] * 8, late_ns=[500] * 6, waited=4, unsent=2), 10)
    assert (found.ordered, found.sent, found.waited, found.latest_ns) == (10, 8, 4, 500)


def test_lateness_is_endless_where_nothing_was_sent_on_time() -> None:
    found = Sent.of(outcome([1000] * 8, late_ns=[], waited=10, unsent=2), 10)
    assert set(found.late_ns.values()) == {inf}


def test_each_lateness_has_its_own_bar() -> None:
    median, high, latest, offered = findings_of(EVENLY, [sent(10, 10)] * 6)
    assert (median.met, high.met, latest.met, offered.met) == (True, False, None, True)


def test_one_round_in_which_too_few_were_sent_is_enough_to_miss() -> None:
    assert offered_finding(EVENLY, [sent(10_000, 10_000)] * 5 + [sent(10_000, 9_989)]).met is False


@pytest.mark.parametrize(("count", "met"), [(10_390, True), (10_410, False), (9_590, False)])
def test_arrivals_by_chance_may_be_four_standard_deviations_off(count: int, met: bool) -> None:
    assert offered_finding(BY_CHANCE, [sent(10_000, 10_000)] * 5 + [sent(10_000, count)]).met is met


def test_only_durations_above_the_threshold_are_slower() -> None:
    found = outcome([99 * NS_PER_MS, 100 * NS_PER_MS, 102 * NS_PER_MS, NS_PER_S])
    assert slower_than(found, 100 * NS_PER_MS) == 2


def test_delayed_requests_are_held_to_those_that_were_due() -> None:
    all_there = outcome([NS_PER_S] * 950 + [NS_PER_MS] * 50)
    some_missing = outcome([NS_PER_S] * 900 + [NS_PER_MS] * 100)
    found = [delayed_finding(2.0, one, 100 * NS_PER_MS) for one in (all_there, some_missing)]
    assert [one.met for one in found] == [True, False]


@pytest.mark.parametrize(
    ("latency_ms", "found_us", "met"),
    [(1, 1_090, True), (1, 1_110, False), (1, 890, False), (100, 100_900, True), (100, 101_200, False)],
)
def test_a_median_may_be_off_by_a_tenth_of_a_millisecond_or_a_hundredth(
    latency_ms: int, found_us: int, met: bool
) -> None:
    found = median_finding("p50", latency_ms * NS_PER_MS, outcome([found_us * 1000]))
    assert found.met is met


def test_a_closed_loop_is_long_enough_for_answers_to_be_counted_to_half_a_percent() -> None:
    assert [closed_seconds(ms * NS_PER_MS, 5) for ms in (1, 20, 100)] == [5, 5, 20]
