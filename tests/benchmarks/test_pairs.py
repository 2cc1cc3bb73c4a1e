"""Pairs and the interval of their ratio."""

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pairs import FEWEST_PAIRS, interval_rank, median_interval, median_ratio, play, shuffled

rates = st.floats(1, 1e6)


@given(st.lists(st.tuples(rates, rates), min_size=FEWEST_PAIRS, max_size=40))
def test_median_ratio_lies_in_its_interval(pairs: list[tuple[float, float]]) -> None:
    found = median_ratio(pairs)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("count", range(FEWEST_PAIRS, 60))
def test_interval_is_the_narrowest_that_holds_the_median_with_95_percent(count: int) -> None:
    def coverage(rank: int) -> float:
        return 1 - 2 * sum(comb(count, below) for below in range(rank)) / 2.0**count

    rank = interval_rank(count)
    assert coverage(rank) >= 0.95 > coverage(rank + 1)


def test_too_few_pairs_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no 95 % interval"):
        median_ratio([(1.0, 1.0)] * (FEWEST_PAIRS - 1))


def test_median_of_values_has_the_interval_that_their_ratios_would_have() -> None:
    found = median_interval([9.0, 1.0, 2.0, 8.0, 5.0, 4.0])
    assert (found.low, found.value, found.high) == (1.0, 4.5, 9.0)


def test_what_slows_both_of_a_pair_cancels() -> None:
    found = median_ratio([(slowness * 3, slowness * 2) for slowness in (1.0, 0.5, 0.1, 2.0, 8.0, 0.25)])
    assert (found.low, found.value, found.high) == pytest.approx((1.5, 1.5, 1.5))


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_every_turn_is_taken_once_a_round_and_the_two_of_a_pair_are_neighbours(
    seed: int, rounds: int
) -> None:
    order: list[str] = []

    def turn(name: str, value: float) -> float:
        order.append(name)
        return value

    pairs = {
        name: (lambda name=name: turn(name, 1.0), lambda name=name: turn(name, 2.0))
        for name in ("a", "b", "c")
    }
    played = play(pairs, rounds=rounds, seed=seed, say=lambda _: None)
    assert played == {name: [(1.0, 2.0)] * rounds for name in pairs}
    assert order[::2] == order[1::2]


def test_order_within_a_pair_is_random() -> None:
    chance = random.Random(1)
    assert {tuple(shuffled((0, 1), chance)) for _ in range(50)} == {(0, 1), (1, 0)}
