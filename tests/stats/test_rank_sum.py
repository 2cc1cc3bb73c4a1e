from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats.inference.rank_sum import bounds, p_value, shifts, tail

group = st.lists(st.floats(-1, 1), min_size=1, max_size=9)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (3, 4), (5, 2)])
def test_the_chances_are_those_of_counting_every_order(first: int, second: int) -> None:
    orders = list(combinations(range(first + second), first))
    larger = [sum(place - rank for rank, place in enumerate(order)) for order in orders]
    counted = [sum(one >= u for one in larger) / len(orders) for u in range(first * second + 1)]
    assert tail(first, second) == pytest.approx(counted)


def test_without_ties_it_is_scipys_exact_test() -> None:
    generator = np.random.default_rng(1)
    for first, second in [(6, 6), (12, 12), (24, 24), (12, 36)]:
        ours, theirs = generator.normal(0.5, 1, first), generator.normal(0, 1, second)
        scipys = stats.mannwhitneyu(ours, theirs, alternative="greater", method="exact").pvalue
        assert float(p_value(ours, theirs)) == pytest.approx(scipys)


def test_the_smallest_chance_is_not_lost_to_rounding() -> None:
    assert tail(36, 36)[-1] == pytest.approx(1 / comb(72, 36), rel=1e-12)


def test_ties_count_against_the_claim() -> None:
    assert float(p_value(np.ones(8), np.ones(8))) == pytest.approx(1)
    assert float(p_value(np.array([1.0, 2, 3]), np.array([1.0, 0, 0]))) > 1 / comb(6, 3)


def test_values_as_coarse_as_a_histogram_cry_no_more_wolf() -> None:
    generator = np.random.default_rng(2)
    ours, theirs = (generator.integers(0, 4, (20_000, 10)).astype(float) for _ in range(2))
    assert np.mean(p_value(ours, theirs) <= 0.05) <= 0.05


@given(group, group)
def test_zero_is_below_the_bound_where_the_test_rejects(first: list[float], second: list[float]) -> None:
    ours, theirs = np.array(first), np.array(second)
    for level in (0.01, 0.05, 0.2):
        low, high = bounds(ours, theirs, level)
        assert (low > 0) == (float(p_value(ours, theirs)) <= level)
        assert low <= float(np.median(shifts(ours, theirs))) <= high


@given(group, group)
def test_swapped_groups_have_the_opposite_bounds(first: list[float], second: list[float]) -> None:
    low, high = bounds(np.array(first), np.array(second), 0.11)
    assert bounds(np.array(second), np.array(first), 0.11) == (-high, -low)


def test_too_few_values_for_the_level_bound_nothing() -> None:
    assert bounds(np.ones(2), np.zeros(2), 0.01) == (-np.inf, np.inf)
