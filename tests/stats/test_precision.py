from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest

from bench.export.summary_json import summary_document
from bench.results.model import Failure, Measurements, Slice
from bench.scenario.model import LAUNCHES_BEFORE_ENOUGH
from bench.stats.intervals import BlockError, LaunchEstimate, half_width, quantile
from bench.stats.precision import about_precision, asked_precision, decide
from bench.stats.summarise import summarise
from bench.stats.summary import Summary
from tests.stats.synthetic import Part, measurements, with_run, with_slices

FAST, LIKE_FAST, SLOW = Part("uwsgi", 3000.0), Part("bjoern", 2900.0), Part("flask", 1000.0)
MIDDLE = Part("waitress", 2400.0)
PARTS = (SLOW, FAST, LIKE_FAST)
ASKED = {"measure": {"for": "120s", "until": "2%", "launches": 12}}


def run(*parts: Part, launches: int = 8, **options: Any) -> Summary:
    return summarise(measurements(parts, launches=launches, **options))


def asked(summary: Summary, status: str = "complete") -> Summary:
    described = summary.run.model_copy(update={"scenario": ASKED, "status": status})
    return replace(summary, run=described)


def with_noise_on(original: Measurements, part: Part, noise: float) -> Measurements:
    """The same run, but for this cell, which is noisier."""
    factors = iter(np.exp(np.random.default_rng(2).normal(0, noise, 10_000)))

    def change(one: Slice) -> Slice:
        if one.cell != part.cell_id:
            return one
        return one.model_copy(update={"requests": round(one.requests * next(factors))})

    return with_slices(original, change)


def test_it_is_enough_when_every_comparison_is_narrow_enough() -> None:
    summary = run(*PARTS)
    decision = decide(summary, 0.02)
    assert decision.enough
    assert decision.widths.keys() == {SLOW.cell_id, LIKE_FAST.cell_id}
    widest = max(log(one.ratio.high / one.ratio.low) / 2 for one in summary.comparisons)
    assert decision.widest == pytest.approx(widest)
    assert decide(summary, widest * 1.001).enough
    assert not decide(summary, widest * 0.999).enough


def test_few_launches_are_never_enough_however_narrow_the_intervals_are() -> None:
    assert not decide(run(*PARTS, launches=LAUNCHES_BEFORE_ENOUGH - 1), 0.5).enough
    assert decide(run(*PARTS, launches=LAUNCHES_BEFORE_ENOUGH), 0.5).enough


def test_who_is_far_behind_is_settled_while_another_is_not_precise_yet() -> None:
    made = with_noise_on(measurements([*PARTS, MIDDLE], launches=8), MIDDLE, 0.3)
    decision = decide(summarise(made), 0.02)
    assert decision.settled == (SLOW.cell_id,)
    assert not decision.enough


def test_who_may_yet_be_best_is_measured_as_long_as_the_best_is() -> None:
    made = with_noise_on(measurements(PARTS, launches=8), SLOW, 0.3)
    decision = decide(summarise(made), 0.02)
    assert decision.widths[LIKE_FAST.cell_id] < 0.02 < decision.widths[SLOW.cell_id]
    assert decision.settled == ()


def test_a_group_that_is_precise_is_settled_with_its_best_while_another_group_is_not() -> None:
    floors = [replace(one, app="floor") for one in (FAST, SLOW)]
    made = with_noise_on(measurements([*PARTS, *floors], launches=8), floors[1], 0.3)
    assert set(decide(summarise(made), 0.02).settled) == {one.cell_id for one in PARTS}


def test_a_cell_that_is_compared_with_nothing_is_settled_where_others_are_compared() -> None:
    alone = Part("gunicorn-sync", kept=False, promised=False)
    made = with_noise_on(measurements([FAST, SLOW, alone], launches=8), SLOW, 0.3)
    assert decide(summarise(made), 0.02).settled == (alone.cell_id,)


def test_a_cell_far_ahead_in_latency_is_settled_by_the_same_rule() -> None:
    soon, late, other = (Part(name, rate=500.0, latency_ms=ms) for name, ms in
                         (("a", 2.0), ("b", 4.0), ("c", 2.1)))  # fmt: skip
    made = measurements([soon, late, other, *PARTS], launches=8)
    decision = decide(summarise(made), 0.02)
    assert decision.enough
    assert set(decision.settled) == {one.cell.id for one in summarise(made).cells}


def test_before_there_are_pairs_enough_the_widest_is_not_known() -> None:
    decision = decide(run(*PARTS, launches=2, blocks=2), 0.5)
    assert (decision.widest, decision.settled, decision.enough) == (None, (), False)


def test_where_nothing_is_compared_the_figures_themselves_count() -> None:
    made = measurements([FAST], launches=8, blocks=30)
    (cell,) = summarise(made).cells
    assert cell.goodput is not None
    width = log(cell.goodput.high / cell.goodput.low) / 2
    assert decide(summarise(made), width * 1.001).enough
    assert not decide(summarise(made), width * 0.999).enough


def test_without_a_valid_cell_nothing_is_ever_enough() -> None:
    decision = decide(run(Part("waitress", failure=Failure(code="worker", what="worker 12 ended"))), 0.5)
    assert (decision.widths, decision.widest, decision.enough) == ({}, None, False)


def test_the_twin_of_a_settled_cell_is_settled_with_it() -> None:
    made = with_noise_on(measurements([*PARTS, MIDDLE, Part("again", 1000.0)], launches=8), MIDDLE, 0.3)
    deployments = tuple(
        one.model_copy(update={"twin_of": SLOW.deployment_id}) if one.name == "again" else one
        for one in made.run.deployments
    )
    decision = decide(summarise(with_run(made, deployments=deployments)), 0.02)
    assert decision.settled == (SLOW.cell_id, Part("again").cell_id)


def test_what_is_measured_in_every_second_block_is_compared_by_those() -> None:
    made = measurements(PARTS, launches=8)
    half = made.model_copy(update={"blocks": tuple(
        block if block.number % 2 == 0 else block.model_copy(update={"slices": tuple(
            one for one in block.slices if one.cell != SLOW.cell_id)})
        for block in made.blocks
    )})  # fmt: skip
    pairs = {one.cell: one.pairs for one in summarise(half).comparisons}
    assert pairs == {SLOW.cell_id: 40, LIKE_FAST.cell_id: 80}
    assert decide(summarise(half), 0.02).enough


def test_a_run_of_a_fixed_length_says_nothing_of_a_precision() -> None:
    summary = run(*PARTS)
    assert asked_precision(summary.run) is None
    assert list(about_precision(summary)) == []


def test_a_precision_that_was_reached_is_told_with_when() -> None:
    assert list(about_precision(asked(run(*PARTS)))) == [
        "Every comparison is known to +-2 % or better, as was asked for: after 8 of at most 12 launches "
        "in 1 min 40 s."
    ]


def test_what_is_still_wider_is_told() -> None:
    made = with_noise_on(measurements([*PARTS, MIDDLE], launches=8), MIDDLE, 0.3)
    (told,) = about_precision(asked(summarise(made)))
    assert told.startswith("Not every comparison is known to +-2 %, as was asked for, after 8 of at most 12 ")
    assert ": waitress, GET /json, 16 connections is at +-" in told
    assert "flask" not in told
    assert told.endswith(" %. Measure longer.")


def test_of_many_that_are_wider_the_widest_are_told() -> None:
    parts = [Part(f"s{number}", 1000.0 + number) for number in range(6)]
    (told,) = about_precision(asked(summarise(measurements(parts, launches=8, noise=0.3))))
    assert told.count("is at +-") == 3
    assert told.endswith("; and 2 more. Measure longer.")


@pytest.mark.parametrize(
    ("summary", "why"),
    [
        (run(*PARTS, launches=3, noise=0.001, launch_noise=0.0), ": it takes 8 launches."),
        (run(FAST, SLOW, launches=2, blocks=2), ": flask, GET /json, 16 connections is not known yet."),
        (run(Part("x", failure=Failure(code="died", what="killed"))), ": no cell is valid."),
    ],
)
def test_a_run_that_was_ended_early_says_why_its_precision_was_not_reached(
    summary: Summary, why: str
) -> None:
    (told,) = about_precision(asked(summary, "partial"))
    assert told.endswith(why)


def interval_of(blocks: np.ndarray) -> tuple[float, float]:
    """The mean of log-ratios, shape (launches, blocks), and half its interval as every interval is made."""
    launches, count = blocks.shape
    means = blocks.mean(axis=1)
    freedom = launches * (count - 1)
    standard = float(np.sqrt(((blocks - means[:, None]) ** 2).sum() / freedom / blocks.size))
    estimates = [LaunchEstimate(float(one), 1 / launches) for one in means]
    half = half_width(float(means.mean()), estimates, BlockError(standard, quantile(freedom) * standard))
    assert half is not None
    return float(means.mean()), half


def ends(generator: np.random.Generator, launch_effect: float, until: float) -> tuple[int, bool]:
    """After how many launches a run ends, and whether its interval then holds the truth, which is 0."""
    luck = generator.normal(0, 0.03 * np.sqrt(launch_effect / 6), (24, 1))
    blocks = generator.normal(0, 0.03, (24, 6)) + luck
    for launches in range(LAUNCHES_BEFORE_ENOUGH, 25):
        value, half = interval_of(blocks[:launches])
        if half <= until:
            break
    return launches, abs(value) <= half


@pytest.mark.parametrize(("launch_effect", "until"), [(0, 0.008), (1, 0.011), (3, 0.017), (10, 0.028)])
def test_ending_on_precision_leaves_the_intervals_true_93_to_97_times_in_100(
    launch_effect: float, until: float
) -> None:
    generator = np.random.default_rng(11)
    ended = [ends(generator, launch_effect, until) for _ in range(1000)]
    assert 9 <= np.mean([launches for launches, _ in ended]) <= 14  # so there were looks to choose from
    assert 0.93 <= np.mean([held for _, held in ended]) <= 0.97


def test_the_document_tells_what_came_of_the_precision_that_was_asked_for() -> None:
    summary = asked(run(*PARTS))
    known = summary_document(summary)["precision"]
    assert (known["until"], known["reached"], known["launches"], known["most_launches"]) == (
        0.02,
        True,
        8,
        12,
    )
    assert 0 < known["widest"] <= 0.02
    assert set(known["settled"]) == {part.cell_id for part in PARTS}
    short = summary_document(asked(run(*PARTS, launches=6)))["precision"]
    assert (short["reached"], short["launches"]) == (False, 6)
    assert summary_document(run(*PARTS))["precision"] is None
