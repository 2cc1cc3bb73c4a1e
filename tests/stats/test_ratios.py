from itertools import combinations_with_replacement
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.results.model import Slice
from bench.stats.merit import GOODPUT, MEDIAN_LATENCY
from bench.stats.ratios import Pairs, hodges_lehmann, pair, ratio, typical
from bench.stats.tally import tallies
from tests.stats.synthetic import Part, a_slice, measurements, with_slices

values = st.lists(st.floats(-3, 3).map(lambda value: round(value, 6)), min_size=1, max_size=25)
pairs = st.lists(st.tuples(st.integers(0, 3), st.floats(-1, 1)), min_size=5, max_size=30).map(
    lambda data: Pairs(tuple(launch for launch, _ in data), tuple(value for _, value in data), 0)
)


def walsh_averages(data: list[float]) -> list[float]:
    return [(one + other) / 2 for one, other in combinations_with_replacement(data, 2)]


@given(values)
def test_hodges_lehmann_is_the_median_of_all_walsh_averages(data: list[float]) -> None:
    assert hodges_lehmann(data) == pytest.approx(float(np.median(walsh_averages(data))), abs=1e-12)


def test_hodges_lehmann_of_a_small_example() -> None:
    # Averages of 1, 2, 9: 1, 1.5, 2, 5, 5.5, 9.
    assert hodges_lehmann([9, 1, 2]) == pytest.approx(3.5)


def test_one_launch_gives_the_interval_of_the_signed_rank_test() -> None:
    data = [0.1, 0.3, 0.4, 0.8, 1.1, 1.3, 1.7, 2.0, 2.2, 2.9]
    averages = sorted(walsh_averages(data))
    # The two-sided 5 % critical value for ten pairs is 8, so the exact ends are the 9th averages from either
    # side; the normal approximation, rounded outwards, takes the 8th.
    half = (averages[-8] - averages[7]) / 2
    interval = ratio(Pairs((1,) * 10, tuple(data), 0))
    assert interval is not None
    assert log(interval.high / interval.low) / 2 == pytest.approx(half)


@given(pairs)
def test_swapping_the_cells_inverts_the_ratio(data: Pairs) -> None:
    swapped = ratio(Pairs(data.launches, tuple(-value for value in data.log_ratios), 0))
    plain = ratio(data)
    assert plain is not None
    assert swapped is not None
    assert (swapped.value, swapped.low, swapped.high) == pytest.approx(
        (1 / plain.value, 1 / plain.high, 1 / plain.low), rel=1e-9
    )


@given(pairs, st.floats(0.1, 10))
def test_a_cell_faster_by_a_factor_has_a_ratio_greater_by_it(data: Pairs, factor: float) -> None:
    plain = ratio(data)
    faster = ratio(Pairs(data.launches, tuple(value + log(factor) for value in data.log_ratios), 0))
    assert plain is not None
    assert faster is not None
    assert (faster.value, faster.low, faster.high) == pytest.approx(
        (factor * plain.value, factor * plain.low, factor * plain.high), rel=1e-9
    )


@given(pairs, st.randoms())
def test_the_order_of_blocks_does_not_matter(data: Pairs, random: object) -> None:
    together = list(zip(data.launches, data.log_ratios, strict=True))
    random.shuffle(together)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    shuffled = Pairs(tuple(launch for launch, _ in together), tuple(value for _, value in together), 0)
    one, other = ratio(data), ratio(shuffled)
    assert one is not None
    assert other is not None
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), rel=1e-9)


def test_four_pairs_are_too_few_for_a_comparison_and_five_are_enough() -> None:
    assert ratio(Pairs((1,) * 4, (0.1, 0.2, 0.3, 0.4), 0)) is None
    assert ratio(Pairs((1,) * 5, (0.1, 0.2, 0.3, 0.4, 0.5), 0)) is not None


def test_one_wild_block_hardly_moves_the_ratio() -> None:
    steady = tuple(0.001 * (position % 7) for position in range(40))
    calm, wild = ratio(Pairs((1,) * 40, steady, 0)), ratio(Pairs((1,) * 40, (*steady[:-1], 5.0), 0))
    assert calm is not None
    assert wild is not None
    assert wild.value == pytest.approx(calm.value, rel=0.001)


def test_ten_thousand_blocks_are_compared_without_holding_all_their_averages() -> None:
    data = np.random.default_rng(3).normal(0.1, 0.05, 10_000)
    interval = ratio(Pairs((1,) * 10_000, tuple(data.tolist()), 0))
    assert interval is not None
    assert log(interval.value) == pytest.approx(0.1, abs=0.002)
    assert log(interval.high / interval.low) / 2 == pytest.approx(1.96 * 0.05 * 1.023 / 100, rel=0.05)


def test_slices_of_the_same_block_are_paired_whatever_their_order() -> None:
    made = measurements([Part("a", 3000.0), Part("b", 2000.0)], noise=0.0, launch_noise=0.0)
    first, second = tallies(made)
    found = pair(first, second, GOODPUT.of_slices)
    # Drift of 10 % a block cancels; what is left is rounding to whole requests.
    assert found.log_ratios == pytest.approx([log(1.5)] * 40, abs=0.01)


def test_a_block_in_which_a_cell_answered_nothing_is_dropped_and_counted() -> None:
    parts = [Part("a"), Part("b")]
    made = measurements(parts)
    silent = a_slice(parts[0], 0.0)
    blocks = list(made.blocks)
    kept = tuple(one for one in blocks[3].slices if one.cell != parts[0].cell_id)
    blocks[3] = blocks[3].model_copy(update={"slices": (*kept, silent)})
    first, second = tallies(made.model_copy(update={"blocks": tuple(blocks)}))
    found = pair(first, second, GOODPUT.of_slices)
    assert (len(found.log_ratios), found.dropped) == (39, 1)


def test_blocks_that_only_one_cell_has_are_no_pairs() -> None:
    parts = [Part("a"), Part("b")]
    made = measurements(parts)
    only = tuple(one for one in made.blocks[0].slices if one.cell == parts[0].cell_id)
    first_block = made.blocks[0].model_copy(update={"slices": only})
    first, second = tallies(made.model_copy(update={"blocks": (first_block, *made.blocks[1:])}))
    found = pair(first, second, GOODPUT.of_slices)
    assert (len(found.log_ratios), found.dropped) == (39, 0)


def test_no_counted_time_is_no_goodput() -> None:
    made = with_slices(measurements([Part("a")]), lambda one: one.model_copy(update={"counted_ns": 0}))
    (only,) = tallies(made)
    assert set(only.goodputs) == {0.0}


@pytest.mark.parametrize(("launch_noise", "outliers"), [(0.01, False), (0.01, True), (0.03, True)])
def test_the_interval_holds_the_true_ratio_95_times_in_100(launch_noise: float, outliers: bool) -> None:
    generator = np.random.default_rng(11)
    launches = np.repeat(np.arange(4), 12)
    held = 0
    for _ in range(400):
        noise = generator.normal(0, 0.03, 48)
        noise[generator.random(48) < 0.05 * outliers] *= 5
        log_ratios = generator.normal(0, launch_noise, 4)[launches] + noise
        interval = ratio(Pairs(tuple(launches.tolist()), tuple(log_ratios.tolist()), 0))
        held += interval is not None and interval.low <= 1 <= interval.high
    assert 0.93 <= held / 400 <= 0.97


medians = st.lists(st.tuples(st.integers(0, 3), st.floats(1e4, 1e9)), min_size=1, max_size=30)


@given(medians, st.floats(0.01, 100))
def test_other_units_scale_the_typical_value_and_its_interval(
    data: list[tuple[int, float]], factor: float
) -> None:
    launches, values = [launch for launch, _ in data], [value for _, value in data]
    plain, scaled = typical(launches, values), typical(launches, [factor * value for value in values])
    assert plain is not None
    assert scaled is not None
    expected = [factor * end for end in (plain.value, plain.low, plain.high)]
    assert [scaled.value, scaled.low, scaled.high] == pytest.approx(expected, rel=1e-6)


@given(medians)
def test_the_typical_value_lies_among_the_values_and_in_its_interval(data: list[tuple[int, float]]) -> None:
    values = [value for _, value in data]
    interval = typical([launch for launch, _ in data], values)
    assert interval is not None
    assert min(values) <= interval.value * (1 + 1e-9)
    assert interval.value * (1 - 1e-9) <= max(values)
    assert 0 <= interval.low <= interval.value <= interval.high


@given(medians)
def test_slices_without_an_answer_have_no_part_in_the_typical_value(data: list[tuple[int, float]]) -> None:
    silent = [(launch, value) for launch, _ in data for value in (0.0, float("nan"))]
    plain = typical([launch for launch, _ in data], [value for _, value in data])
    together = [*data, *silent]
    assert typical([launch for launch, _ in together], [value for _, value in together]) == plain


def test_a_single_slice_is_given_an_interval_nobody_takes_for_knowledge() -> None:
    interval = typical([1], [5.0])
    assert interval is not None
    assert (interval.value, interval.low, interval.high) == pytest.approx((5, 0, 10))
    assert typical([1], [0.0]) is None


def test_latencies_of_the_same_block_are_paired() -> None:
    made = measurements(
        [Part("a", rate=500.0, latency_ms=3.0), Part("b", rate=500.0, latency_ms=2.0)],
        noise=0.0,
        launch_noise=0.0,
    )
    first, second = tallies(made)
    assert pair(first, second, MEDIAN_LATENCY.of_slices).log_ratios == pytest.approx(
        [log(1.5)] * 40, abs=0.003
    )


def test_a_block_without_a_latency_is_dropped_and_counted() -> None:
    parts = [Part("a", rate=500.0), Part("b", rate=500.0)]
    made = measurements(parts)
    silenced = iter([True])

    def silence(one: Slice) -> Slice:
        if one.cell != parts[0].cell_id or not next(silenced, False):
            return one
        return one.model_copy(update={"histogram": Histogram().encode(), "requests": 0})

    first, second = tallies(with_slices(made, silence))
    found = pair(first, second, MEDIAN_LATENCY.of_slices)
    assert (len(found.log_ratios), found.dropped) == (39, 1)
