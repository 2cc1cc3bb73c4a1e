from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.inference.gate import UNSEEN, Gated, Judgement, by_launch, gate
from bench.stats.inference.looks import Looks
from bench.stats.inference.signed_rank import p_value
from bench.stats.intervals import Floats
from bench.stats.ratios import Pairs, hodges_lehmann
from tests.stats import noise

LOOKS = Looks((12, 24, 36), level=0.01)
CELLS = 5
CHECKS = 10_000
MODELS = [noise.gaussian, noise.with_outliers, noise.drifting_launches]

rising = np.linspace(0.001, 0.003, 36)
one_cell = st.lists(st.floats(-0.2, 0.2), min_size=36, max_size=36).map(lambda some: Gated(tuple(some)))


def of(values: Floats, allow: float = 0.05, least: float = 0.02) -> Gated:
    return Gated(tuple(values.tolist()), allow, least)


def only(values: Floats, allow: float = 0.05, least: float = 0.02, looks: Looks = LOOKS) -> Judgement:
    (judgement,) = gate([of(values, allow, least)], looks)
    return judgement


# One verdict at a time


def test_a_sure_slow_down_of_two_percent_or_more_is_a_regression_at_the_first_look() -> None:
    judgement = only(rising + 0.03)
    assert (judgement.verdict, judgement.pairs, judgement.detectable) == ("regression", 12, None)
    assert 0.03 < judgement.effect < judgement.at_most < 0.035
    assert judgement.p_value == 3 / 2**12


def test_a_sure_slow_down_of_less_is_none_and_passes_below_what_is_allowed() -> None:
    judgement = only(rising + 0.01)
    assert judgement.verdict == "pass"
    assert judgement.p_value == 3 / 2**12
    assert judgement.effect < 0.02


def test_a_slow_down_neither_red_nor_within_the_allowance_is_inconclusive() -> None:
    judgement = only(rising + 0.01, allow=0.005)
    assert (judgement.verdict, judgement.pairs) == ("inconclusive", 36)
    assert judgement.at_most > 0.005


def test_noise_too_large_for_an_answer_is_inconclusive_and_says_what_it_could_have_seen() -> None:
    noisy = np.random.default_rng(1).normal(0, 0.3, 36)
    judgement = only(noisy)
    assert judgement.verdict == "inconclusive"
    assert judgement.detectable is not None
    assert 0.2 < judgement.detectable < 0.6


def test_a_faster_version_passes() -> None:
    assert only(rising - 0.3).verdict == "pass"


def test_before_the_first_look_nothing_is_told() -> None:
    assert only(rising[:11] + 0.1) == UNSEEN
    assert gate([], LOOKS) == ()


def test_a_run_cut_short_is_judged_by_what_it_has() -> None:
    cut = LOOKS.cut_at(11)
    assert only(rising[:11] + 0.1, looks=cut).verdict == "regression"
    assert only(rising[:7] + 0.1, looks=LOOKS.cut_at(7)).verdict == "inconclusive"
    assert only(rising[:7] + 0.1, looks=LOOKS.cut_at(7)).detectable is None


def test_a_launch_without_a_ratio_is_left_out_of_its_look() -> None:
    values = rising + 0.1
    values[[3, 30]] = np.nan
    judgement = only(values)
    assert (judgement.verdict, judgement.pairs) == ("regression", 11)


def test_a_cell_without_any_ratio_is_inconclusive_and_leaves_the_others_be() -> None:
    silent, sound = gate([of(np.full(36, np.nan)), of(rising)], LOOKS)
    assert (silent.verdict, silent.pairs, silent.at_most, silent.detectable) == (
        "inconclusive",
        0,
        np.inf,
        None,
    )
    assert np.isnan(silent.effect)
    assert sound.verdict == "pass"


# Several cells and looks


def test_a_cell_among_many_needs_a_smaller_p_value_than_one_alone() -> None:
    slow, calm = of(rising[:12] + 0.03), of(rising[:12] - 0.001 * np.arange(12))
    assert gate([slow, *[calm] * 2], LOOKS)[0].verdict == "regression"
    alone = gate([slow, *[calm] * 14], LOOKS)[0]
    assert alone.p_value == 15 * 3 / 2**12
    assert alone.verdict != "regression"


def test_what_is_red_leaves_the_family_and_what_passed_does_not() -> None:
    # The second cell's p-value at the second look stays; the first settled at the first look.
    doubtful = np.r_[np.linspace(-0.2, 0.2, 12), np.linspace(0.01, 0.2, 24)]
    with_red = gate([of(rising + 0.1), of(doubtful)], LOOKS)
    with_pass = gate([of(rising - 0.1), of(doubtful)], LOOKS)
    plain = min(1.0, 3 * float(p_value(doubtful[: with_red[1].pairs])))
    assert (with_red[0].verdict, with_pass[0].verdict) == ("regression", "pass")
    assert with_red[1].p_value == pytest.approx(plain)
    assert with_pass[1].pairs == with_red[1].pairs
    assert with_pass[1].p_value == pytest.approx(2 * plain)


@given(st.lists(one_cell, min_size=1, max_size=3), st.integers(0, 36))
def test_a_verdict_once_given_stands_whatever_comes_later(family: list[Gated], launches: int) -> None:
    earlier = gate([replace(one, slow_downs=one.slow_downs[:launches]) for one in family], LOOKS)
    for sooner, later in zip(earlier, gate(family, LOOKS), strict=True):
        assert sooner.verdict == "inconclusive" or sooner == later


@given(one_cell)
def test_launches_between_two_looks_are_not_peeked_at(one: Gated) -> None:
    assert gate([replace(one, slow_downs=one.slow_downs[:23])], LOOKS) == gate(
        [replace(one, slow_downs=one.slow_downs[:12])], LOOKS
    )


# From blocks to launches


def test_each_launch_speaks_once_in_order_and_one_without_blocks_is_nan() -> None:
    pairs = Pairs((1, 1, 1, 3), (0.1, 0.2, 0.9, 0.4), 0)
    assert by_launch(pairs, [1, 2, 3]) == pytest.approx(
        (hodges_lehmann([0.1, 0.2, 0.9]), float("nan"), 0.4), nan_ok=True
    )


def test_the_simulated_estimates_are_those_of_the_gate() -> None:
    blocks = noise.drifting_blocks(np.random.default_rng(4), (1, 1, 12))
    launches = np.repeat(np.arange(12), noise.BLOCKS)
    pairs = Pairs(tuple(launches.tolist()), tuple(blocks.ravel().tolist()), 0)
    assert by_launch(pairs, range(12)) == pytest.approx(noise.estimates(blocks)[0, 0].tolist())


# What the rule promises, by simulation: `checks` is (checks, cells, launches)


def share_with_a_false_alarm(checks: Floats, allow: float = 0.05, least: float = 0.02) -> float:
    """Of checks in which nothing got slower, how many have a red cell at any look."""
    smallest = np.min([p_value(checks[..., :look]) for look in LOOKS.pairs], axis=(0, 2))
    # Holm's first step must reject something, or there is no red: only those few are worth a closer look.
    suspects = checks[smallest <= LOOKS.share / checks.shape[1]]
    alarms = sum(
        any(one.verdict == "regression" for one in gate([of(cell, allow, least) for cell in check], LOOKS))
        for check in suspects
    )
    return alarms / len(checks)


@pytest.mark.parametrize("model", MODELS)
def test_false_alarms_of_whole_checks_stay_within_the_level(model: noise.Model) -> None:
    checks = model(np.random.default_rng(10), (CHECKS, CELLS, 36))
    assert share_with_a_false_alarm(checks) <= 0.012


@pytest.mark.parametrize("model", MODELS)
def test_the_test_alone_keeps_the_level_without_the_two_percent_and_the_early_passes(
    model: noise.Model,
) -> None:
    checks = model(np.random.default_rng(11), (CHECKS, CELLS, 36))
    # Not far below either: the level is used, or the checks would be blunter than need be.
    assert 0.004 <= share_with_a_false_alarm(checks, allow=0.0, least=0.0) <= 0.012


def test_blocks_of_a_few_launches_taken_for_pairs_would_cry_wolf() -> None:
    generator = np.random.default_rng(12)
    luck = generator.normal(0, 0.02, (1000, CELLS, 4)).repeat(9, axis=-1)
    assert share_with_a_false_alarm(luck + noise.with_outliers(generator, luck.shape)) > 0.1


@pytest.mark.parametrize("others", ["unchanged", "slower too"])
@pytest.mark.parametrize(("slow_down", "power"), [(0.05, 0.95), (0.10, 0.99)])
def test_a_true_slow_down_is_red_within_36_pairs(slow_down: float, power: float, others: str) -> None:
    checks = noise.with_outliers(np.random.default_rng(13), (1000, CELLS, 36))
    checks[:, slice(0, 1 if others == "unchanged" else CELLS)] += np.log1p(slow_down)
    red = [gate([of(cell) for cell in check], LOOKS)[0].verdict == "regression" for check in checks]
    assert np.mean(red) >= power


@pytest.mark.parametrize("model", MODELS)
def test_a_slow_down_just_as_large_as_allowed_hardly_ever_passes(model: noise.Model) -> None:
    allow = 0.01
    checks = model(np.random.default_rng(14), (CHECKS, 1, 36)) + np.log1p(allow)
    reached = np.min([p_value(np.log1p(allow) - checks[..., :look]) for look in LOOKS.pairs], axis=(0, 2))
    suspects = checks[reached <= LOOKS.share]
    passed = sum(only(check[0], allow).verdict == "pass" for check in suspects)
    assert 0.002 <= passed / CHECKS <= 0.012


@pytest.mark.parametrize("model", [noise.gaussian, noise.with_outliers])
def test_what_did_not_change_passes_within_36_pairs(model: noise.Model) -> None:
    checks = model(np.random.default_rng(15), (300, CELLS, 36))
    passed = [one.verdict == "pass" for check in checks for one in gate([of(cell) for cell in check], LOOKS)]
    assert np.mean(passed) >= 0.98
