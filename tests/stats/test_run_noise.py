"""The run's own noise: a deployment entered twice is compared with itself and counts for nothing else."""

import pytest

from bench.results.model import Failure, Measurements
from bench.stats.noise import sentence
from bench.stats.summarise import summarise
from bench.stats.summary import Interval, Noise, Summary
from tests.stats.synthetic import Part, measurements, with_run

FIRST, OTHER = Part("uwsgi", 3000.0), Part("flask", 1000.0)
AGAIN = Part("uwsgi again", 3000.0)


def entered_twice(made: Measurements, twin: Part = AGAIN, first: Part = FIRST) -> Measurements:
    """The same run, with one of its deployments as the twin of another."""
    deployments = tuple(
        one.model_copy(update={"twin_of": first.deployment_id}) if one.id == twin.deployment_id else one
        for one in made.run.deployments
    )
    return with_run(made, deployments=deployments)


def summary_of(first: Part = FIRST, again: Part = AGAIN, blocks: int = 10) -> Summary:
    return summarise(entered_twice(measurements([first, OTHER, again], blocks=blocks), again, first))


def about_noise(summary: Summary) -> list[str]:
    return [warning for warning in summary.warnings if "twice" in warning or "identical" in warning]


def test_a_deployment_entered_twice_is_compared_with_itself() -> None:
    noise = summary_of().noise
    assert noise is not None
    assert (noise.deployment, noise.request, noise.load) == ("uwsgi-app", "GET /json", FIRST.load)
    assert (noise.of, noise.pairs, noise.dropped) == ("goodput", 40, 0)
    assert noise.ratio.low < noise.ratio.value < noise.ratio.high
    assert noise.ratio.value == pytest.approx(1, abs=0.02)
    assert not noise.told_apart


def test_its_ratio_is_what_any_two_deployments_would_have_been_compared_by() -> None:
    slower = Part("uwsgi again", 2000.0)
    made = measurements([FIRST, slower])
    (comparison,) = summarise(made).comparisons
    noise = summarise(entered_twice(made, slower)).noise
    assert noise is not None
    assert (comparison.cell, comparison.against) == (slower.cell_id, FIRST.cell_id)
    assert (noise.ratio, noise.pairs) == (comparison.ratio, comparison.pairs)


def test_at_a_rate_it_is_the_noise_of_the_median_latency() -> None:
    noise = summary_of(Part("uwsgi", rate=500.0), Part("uwsgi again", rate=500.0)).noise
    assert noise is not None
    assert noise.of == "median latency"


def test_the_twin_changes_nothing_else() -> None:
    made = measurements([FIRST, OTHER, AGAIN])
    without = with_run(
        made,
        deployments=made.run.deployments[:2],
        cells=made.run.cells[:2],
    )
    blocks = tuple(
        block.model_copy(update={"slices": tuple(one for one in block.slices if one.cell != AGAIN.cell_id)})
        for block in made.blocks
    )
    plain = summarise(without.model_copy(update={"blocks": blocks}))
    summary = summarise(entered_twice(made))
    assert summary.cells == plain.cells
    assert summary.ranking == plain.ranking == ((FIRST.cell_id, OTHER.cell_id),)
    assert summary.comparisons == plain.comparisons
    assert (summary.split, summary.warnings) == (plain.split, plain.warnings)
    assert plain.noise is None


def test_a_twin_shares_no_floor() -> None:
    floor = Part("uwsgi", 9000.0, app="floor", cpu_us=40)
    summary = summarise(entered_twice(measurements([FIRST, floor, AGAIN])))
    assert [one.deployment for one in summary.split] == ["uwsgi-app"]


def test_identical_deployments_that_were_told_apart_are_a_warning_with_what_not_to_believe() -> None:
    summary = summary_of(again=Part("uwsgi again", 2850.0))
    noise = summary.noise
    assert noise is not None
    assert noise.told_apart
    (warning,) = about_noise(summary)
    assert "identical deployments of uwsgi were told apart" in warning
    assert f"smaller than {100 * (1 - noise.ratio.low):.1f} %" in warning


def test_differences_are_not_believed_as_far_as_the_interval_reaches() -> None:
    def noise(low: float, high: float) -> Noise:
        return Noise(
            "uwsgi-app", "GET /", FIRST.load, "goodput", Interval((low + high) / 2, low, high), 40, 0
        )

    assert noise(0.98, 1.01).reach == pytest.approx(0.02)
    assert noise(1.01, 1.03).reach == pytest.approx(0.03)
    assert [noise(*one).told_apart for one in ((0.98, 1.01), (1.0, 1.1), (1.01, 1.03), (0.9, 0.99))] == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_twin_that_failed_leaves_the_noise_unknown_and_the_reader_is_told() -> None:
    again = Part("uwsgi again", failure=Failure(code="died", what="killed by signal 9"))
    summary = summary_of(again=again)
    assert summary.noise is None
    (warning,) = about_noise(summary)
    assert "noise is not known: uwsgi was entered twice" in warning
    assert "killed by signal 9" in warning
    assert all(cell.valid for cell in summary.cells)


def test_where_the_deployment_itself_is_not_valid_its_own_reason_is_enough() -> None:
    failure = Failure(code="died", what="killed by signal 9")
    summary = summary_of(Part("uwsgi", failure=failure), Part("uwsgi again", failure=failure))
    assert summary.noise is None
    assert about_noise(summary) == []


def test_too_few_blocks_leave_the_noise_unknown_and_the_reader_is_told() -> None:
    summary = summary_of(blocks=1)
    assert summary.noise is None
    (warning,) = about_noise(summary)
    assert "fewer than 5 blocks" in warning


def test_a_run_without_a_twin_has_no_noise_and_no_word_of_it() -> None:
    summary = summarise(measurements([FIRST, OTHER]))
    assert summary.noise is None
    assert about_noise(summary) == []


def test_the_noise_is_said_with_what_it_was_measured_on() -> None:
    noise = Noise("uwsgi-app", "GET /json", FIRST.load, "goodput", Interval(1.003, 0.991, 1.015), 40, 0)
    assert sentence(noise, "uwsgi") == (
        "the same server twice (uwsgi, GET /json, 16 connections) came out at 1.003 (0.991-1.015)"
    )
