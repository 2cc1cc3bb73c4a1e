import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.inference.holm import adjusted

families = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)


def rejected_step_by_step(p_values: np.ndarray, level: float) -> set[int]:
    found: set[int] = set()
    for position in np.argsort(p_values, kind="stable"):
        if p_values[position] * (len(p_values) - len(found)) > level:
            break
        found.add(int(position))
    return found


def test_a_small_example() -> None:
    # 4 x 0.005; 3 x 0.01; 2 x 0.03; 0.04, but not below the one before.
    assert adjusted(np.array([0.03, 0.01, 0.04, 0.005])) == pytest.approx([0.06, 0.03, 0.06, 0.02])


@given(families, st.floats(0.001, 0.3))
def test_raised_p_values_within_the_level_are_those_the_step_down_rejects(
    p: np.ndarray, level: float
) -> None:
    assert set(np.flatnonzero(adjusted(p) <= level).tolist()) == rejected_step_by_step(p, level)


@given(families)
def test_no_p_value_is_lowered_or_raised_beyond_bonferroni(p: np.ndarray) -> None:
    raised = adjusted(p)
    assert np.all(raised >= p)
    assert np.all(raised <= np.minimum(1, p * len(p)))


@given(families, st.randoms())
def test_the_order_of_the_family_does_not_matter(p: np.ndarray, random: object) -> None:
    order = list(range(len(p)))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    assert adjusted(p[order]) == pytest.approx(adjusted(p)[order])


def test_one_test_alone_is_left_as_it_is_and_none_gives_none() -> None:
    assert adjusted(np.array([0.02])).tolist() == [0.02]
    assert adjusted(np.array([])).tolist() == []
