import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats.inference.welch import ratio_of_groups

logs = st.lists(st.floats(-1, 1), min_size=2, max_size=8)


def test_it_is_the_interval_of_welchs_test() -> None:
    first, second = [0.1, 0.12, 0.09, 0.11], [0.3, 0.2, 0.4, 0.25, 0.31, 0.36]
    theirs = stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    ours = ratio_of_groups(first, second)
    assert ours is not None
    assert np.log([ours.low, ours.high]) == pytest.approx([theirs.low, theirs.high])


def test_one_launch_knows_no_spread() -> None:
    assert ratio_of_groups([0.1], [0.1, 0.2]) is None
    assert ratio_of_groups([0.1, 0.2], []) is None


def test_launches_that_all_agree_leave_nothing_open() -> None:
    one = ratio_of_groups([0.5, 0.5], [0.5, 0.5, 0.5])
    assert one is not None
    assert (one.low, one.value, one.high) == (1, 1, 1)


@given(logs, logs)
def test_swapping_the_groups_inverts_the_answer(first: list[float], second: list[float]) -> None:
    one, other = ratio_of_groups(first, second), ratio_of_groups(second, first)
    assert one is not None
    assert other is not None
    assert [1 / one.high, 1 / one.value, 1 / one.low] == pytest.approx([other.low, other.value, other.high])


@pytest.mark.parametrize(("counts", "spreads"), [((8, 8), (1, 1)), ((8, 24), (3, 1)), ((4, 8), (1, 2))])
def test_the_interval_holds_the_truth_95_times_in_100(
    counts: tuple[int, int], spreads: tuple[float, float]
) -> None:
    generator = np.random.default_rng(3)
    found = []
    for _ in range(3000):
        first, second = (
            generator.normal(0, 0.02 * spread, count).tolist()
            for count, spread in zip(counts, spreads, strict=True)
        )
        interval = ratio_of_groups(first, second)
        assert interval is not None
        found.append(interval.low <= 1 <= interval.high)
    assert 0.935 <= np.mean(found) <= 0.965
