import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.inference.detectable import smallest_effect
from bench.stats.inference.looks import Looks
from bench.stats.inference.signed_rank import p_value, walsh_averages
from bench.stats.intervals import Floats
from tests.stats import noise

LEVEL = Looks().share / 5
samples = st.lists(st.floats(-0.2, 0.2), min_size=12, max_size=30).map(np.array)


def called(values: Floats, least: float) -> bool:
    return bool(p_value(values) <= LEVEL and np.median(walsh_averages(values)) >= np.log1p(least))


@pytest.mark.parametrize("pairs", [12, 24, 36])
@pytest.mark.parametrize("model", [noise.gaussian, noise.with_outliers, noise.drifting_launches])
def test_the_smallest_effect_is_called_about_as_often_as_promised(model: noise.Model, pairs: int) -> None:
    # What it would have seen is read from one run's noise, and tried on another's.
    generator = np.random.default_rng(7)
    seen, fresh = model(generator, (2, 800, pairs))
    effects = [smallest_effect(values, LEVEL, 0.02) for values in seen]
    hits = [
        effect is not None and called(values + np.log1p(effect), 0.02)
        for effect, values in zip(effects, fresh, strict=True)
    ]
    assert 0.77 <= np.mean(hits) <= 0.98


@given(samples, st.floats(-0.1, 0.1))
def test_what_the_effect_was_does_not_change_what_could_have_been_seen(values: Floats, shift: float) -> None:
    assert smallest_effect(values + shift, LEVEL) == pytest.approx(smallest_effect(values, LEVEL), abs=1e-9)


@given(samples)
def test_it_is_at_least_what_the_rule_calls_red_at_all(values: Floats) -> None:
    effect = smallest_effect(values, LEVEL, least=0.02)
    assert effect is not None
    assert effect >= 0.02 - 1e-12


def test_too_few_pairs_could_have_seen_nothing() -> None:
    assert smallest_effect(np.linspace(-0.01, 0.01, 10), LEVEL) is None
    assert smallest_effect(np.array([]), LEVEL) is None
