import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.results.model import LoadLevel
from bench.stats.merit import GOODPUT, MEDIAN_LATENCY, Merit, merit_of
from bench.stats.summary import Interval

MERITS = st.sampled_from([GOODPUT, MEDIAN_LATENCY])
RATIOS = st.lists(st.floats(0.01, 100), min_size=3, max_size=3).map(sorted)
OPPOSITE = {"faster": "slower", "slower": "faster", "tie": "tie"}


def test_only_at_a_rate_is_the_latency_what_counts() -> None:
    assert merit_of(LoadLevel(connections=16)) is GOODPUT
    assert merit_of(LoadLevel(connections=16, locustfile="flows.py")) is GOODPUT
    assert merit_of(LoadLevel(connections=16, rate_per_s=500)) is MEDIAN_LATENCY


@pytest.mark.parametrize(("merit", "verdict"), [(GOODPUT, "faster"), (MEDIAN_LATENCY, "slower")])
def test_more_goodput_is_faster_and_more_latency_is_slower(merit: Merit, verdict: str) -> None:
    assert merit.verdict(Interval(1.2, 1.1, 1.3)) == verdict
    assert merit.verdict(Interval(0.8, 0.7, 0.9)) == OPPOSITE[verdict]
    assert merit.verdict(Interval(1.2, 1.0, 1.3)) == "tie"


@given(MERITS, RATIOS)
def test_the_verdict_turns_round_when_the_cells_are_swapped(merit: Merit, ends: list[float]) -> None:
    low, value, high = ends
    swapped = Interval(1 / value, 1 / high, 1 / low)
    assert merit.verdict(swapped) == OPPOSITE[merit.verdict(Interval(value, low, high))]


@given(MERITS, st.floats(0.1, 10), st.floats(0.1, 10))
def test_what_ranks_first_is_not_slower(merit: Merit, one: float, other: float) -> None:
    ratio = one / other
    verdict = merit.verdict(Interval(ratio, ratio, ratio))
    assert (merit.rank(one) < merit.rank(other)) is (verdict == "faster") or ratio == 1
