from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats.inference.signed_rank import bounds, fewest, p_value, tail, walsh_averages
from bench.stats.ratios import hodges_lehmann

sizes = st.lists(st.integers(1, 10_000), min_size=1, max_size=40, unique=True)
distinct = sizes.flatmap(
    lambda some: st.lists(st.sampled_from([-1, 1]), min_size=len(some), max_size=len(some)).map(
        lambda signs: np.array(some, float) * signs
    )
)
coarse = st.lists(st.integers(-3, 3), min_size=1, max_size=9).map(lambda some: np.array(some, float))
levels = st.floats(0.0001, 0.2)


@given(distinct)
def test_without_ties_and_zeros_it_is_scipys_exact_test(values: np.ndarray) -> None:
    expected = stats.wilcoxon(values, alternative="greater", method="exact").pvalue
    assert float(p_value(values)) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("count", range(8))
def test_the_null_distribution_is_that_of_all_signs(count: int) -> None:
    sums = [sum(signs * np.arange(1, count + 1)) for signs in product([0, 1], repeat=count)]
    found = tail(count)
    assert [float(one) for one in found] == [
        sum(other >= weight for other in sums) / 2**count for weight in range(len(found))
    ]


def test_hundreds_of_values_are_tested_exactly_too() -> None:
    values = np.random.default_rng(1).normal(0.1, 1, 300)
    expected = stats.wilcoxon(values, alternative="greater", method="approx").pvalue
    assert float(p_value(values)) == pytest.approx(float(expected), rel=0.02)


@given(coarse)
def test_with_ties_and_zeros_no_p_value_is_smaller_than_that_of_any_way_to_break_them(
    values: np.ndarray,
) -> None:
    nudges = np.random.default_rng(0).uniform(-0.1, 0.1, (50, len(values)))
    assert np.all(p_value(values) >= p_value(values + nudges))


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=7))
def test_with_ties_and_zeros_coin_tosses_reach_a_level_no_more_often_than_it_says(some: list[int]) -> None:
    tosses = np.array(list(product([-1, 1], repeat=len(some))), float)
    reached = p_value(tosses * np.abs(some))
    for level in (0.01, 0.05, 0.2):
        assert np.mean(reached <= level) <= level


def test_nothing_but_zeros_says_nothing() -> None:
    assert float(p_value(np.zeros(10))) == 1
    assert float(p_value(np.array([]))) == 1


@given(distinct, st.floats(0.001, 1000))
def test_neither_order_nor_unit_matters(values: np.ndarray, unit: float) -> None:
    assert float(p_value(values[::-1] * unit)) == float(p_value(values))


def test_a_batch_is_tested_row_by_row() -> None:
    batch = np.random.default_rng(2).normal(0.3, 1, (4, 3, 12))
    found = p_value(batch)
    assert found.shape == (4, 3)
    assert float(found[2, 1]) == float(p_value(batch[2, 1]))


@pytest.mark.parametrize("level", [0.05, 0.01, 0.0007])
def test_the_fewest_values_reach_the_level_and_one_less_does_not(level: float) -> None:
    count = fewest(level)
    assert float(p_value(np.arange(1.0, count + 1))) <= level < float(p_value(np.arange(1.0, count)))


@given(distinct)
def test_the_weight_above_zero_is_the_number_of_walsh_averages_there(values: np.ndarray) -> None:
    above = int(np.count_nonzero(walsh_averages(values) > 0))
    assert float(p_value(values)) == float(tail(len(values))[above])


@given(distinct)
def test_the_middle_of_the_walsh_averages_is_the_hodges_lehmann_estimate(values: np.ndarray) -> None:
    assert float(np.median(walsh_averages(values))) == pytest.approx(hodges_lehmann(values), abs=1e-9)


@given(distinct, levels)
def test_the_lower_bound_is_above_zero_exactly_where_the_test_reaches_the_level(
    values: np.ndarray, level: float
) -> None:
    low, high = bounds(values, level)
    assert (low > 0) == (float(p_value(values)) <= level)
    assert bounds(-values, level) == (-high, -low)


def test_too_few_values_for_a_level_bound_nothing() -> None:
    assert bounds(np.arange(1.0, 6.0), 0.01) == (-np.inf, np.inf)


@pytest.mark.parametrize("level", [0.05, 0.0033])
def test_the_upper_bound_is_wrong_no_more_often_than_it_says(level: float) -> None:
    noise = np.random.default_rng(3).standard_t(2, (6000, 12))
    # The bound is below the truth, 0, exactly where the test of the negated values reaches the level.
    for values in noise[:200]:
        assert (bounds(values, level)[1] < 0) == (float(p_value(-values)) <= level)
    missed = np.mean(p_value(-noise) <= level)
    assert missed <= level + 3 * np.sqrt(level / len(noise))
