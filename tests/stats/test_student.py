"""The quantile of Student's t, held against scipy's."""

from math import pi, tan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from bench.stats.student import quantile


@given(st.floats(0.9, 0.99), st.floats(1.0, 10_000.0))
def test_it_is_what_scipy_says(level: float, freedom: float) -> None:
    assert quantile(level, freedom) == pytest.approx(stdtrit(freedom, level), rel=1e-8)


def test_with_one_degree_of_freedom_it_is_the_tangent() -> None:
    assert quantile(0.95, 1.0) == pytest.approx(tan(0.45 * pi), rel=1e-13)
