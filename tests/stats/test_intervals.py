import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats.intervals import BlockError, LaunchEstimate, half_width, ratio_of_sums


def equal(*values: float) -> list[LaunchEstimate]:
    return [LaunchEstimate(value, 1 / len(values)) for value in values]


def test_launches_that_differ_give_students_interval_over_launches() -> None:
    values = [1.0, 2.0, 4.0, 5.0]
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    half = half_width(3.0, equal(*values), BlockError(0.01, 0.02))
    assert half is not None
    assert (3 - half, 3 + half) == pytest.approx(expected)


def test_launches_that_agree_by_luck_do_not_make_the_interval_narrower_than_the_blocks_allow() -> None:
    assert half_width(3.0, equal(3.0, 3.0, 3.0, 3.0), BlockError(0.1, 0.2)) == 0.2


def test_one_launch_leaves_the_spread_to_its_blocks() -> None:
    assert half_width(3.0, equal(3.0), BlockError(0.1, 0.2)) == 0.2


def test_a_second_launch_that_was_cut_short_leaves_the_spread_to_the_blocks() -> None:
    launches = [LaunchEstimate(3.0, 0.97), LaunchEstimate(4.0, 0.03)]
    assert half_width(3.03, launches, BlockError(0.1, 0.2)) == 0.2


def test_neither_launches_nor_blocks_give_no_spread() -> None:
    assert half_width(3.0, equal(3.0), None) is None


def test_the_value_is_the_ratio_of_the_sums_not_the_mean_of_ratios() -> None:
    interval = ratio_of_sums([1, 1], [10, 90], [1, 3])
    assert interval is not None
    assert interval.value == 25


def test_blocks_of_one_launch_give_the_linearised_error_of_a_ratio() -> None:
    # Ratio 2, residuals -1, 1, 0: error sqrt(2 * 3 / 2) / 3, three blocks less one launch leave 2.
    interval = ratio_of_sums([1, 1, 1], [1, 3, 2], [1, 1, 1])
    assert interval is not None
    half = float(stats.t.ppf(0.975, 2)) * np.sqrt(3) / 3
    assert (interval.value, interval.low, interval.high) == pytest.approx((2, max(0, 2 - half), 2 + half))


def test_a_single_block_is_given_an_interval_nobody_takes_for_knowledge() -> None:
    interval = ratio_of_sums([1], [10], [2])
    assert interval is not None
    assert (interval.value, interval.low, interval.high) == (5, 0, 10)


def test_nothing_measured_gives_no_interval() -> None:
    assert ratio_of_sums([], [], []) is None
    assert ratio_of_sums([1, 2], [0, 0], [0, 0]) is None


blocks = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 10_000), st.integers(1, 1000)), min_size=1, max_size=30
)


@given(blocks, st.floats(0.01, 100))
def test_other_units_scale_the_whole_interval(data: list[tuple[int, int, int]], factor: float) -> None:
    launches, amounts, totals = (list(column) for column in zip(*data, strict=True))
    plain = ratio_of_sums(launches, amounts, totals)
    scaled = ratio_of_sums(launches, [factor * amount for amount in amounts], totals)
    assert plain is not None
    assert scaled is not None
    expected = [factor * end for end in (plain.value, plain.low, plain.high)]
    assert [scaled.value, scaled.low, scaled.high] == pytest.approx(expected, abs=1e-6 * factor * plain.high)


@given(blocks)
def test_the_interval_holds_its_value_and_is_finite(data: list[tuple[int, int, int]]) -> None:
    launches, amounts, totals = (list(column) for column in zip(*data, strict=True))
    interval = ratio_of_sums(launches, amounts, totals)
    assert interval is not None
    assert 0 <= interval.low <= interval.value <= interval.high < float("inf")


@pytest.mark.parametrize("launch_noise", [0.02, 0.05, 0.1])
def test_the_interval_of_a_cell_holds_the_true_goodput_95_times_in_100(launch_noise: float) -> None:
    generator = np.random.default_rng(5)
    launches = np.repeat(np.arange(4), 15)
    held = 0
    for _ in range(1000):
        luck = generator.normal(0, launch_noise, 4)[launches]
        goodputs = 1000 * (1 + luck + generator.normal(0, 0.08, 60))
        interval = ratio_of_sums(launches.tolist(), (goodputs * 0.1).tolist(), [0.1] * 60)
        held += interval is not None and interval.low <= 1000 <= interval.high
    assert 0.93 <= held / 1000 <= 0.97
