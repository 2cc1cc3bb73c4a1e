"""Checks against a baseline: what is said of an app that is as it was, slower, broken or answers anew."""

from dataclasses import replace
from math import expm1
from statistics import median

import pytest

from bench.results.model import Answer, Failure, Launch, Measurements, Slice
from bench.scenario.model import Scenario
from bench.stats.baselines.cells import baseline_of, referred_cells
from bench.stats.baselines.course import decide_against_baseline
from bench.stats.caveats import is_check
from bench.stats.checks.check import check_of
from bench.stats.checks.summary import CheckedCell, MetricCheck
from bench.stats.summarise import summarise
from tests.stats.synthetic import measurements, with_run
from tests.stats.synthetic_baseline import (
    APP,
    CONFIRMATION,
    LAUNCHES,
    OTHER,
    REFERENCE,
    answering,
    held,
    measured,
)
from tests.stats.synthetic_check import missing, slower

DIED = Failure(code="died", what="ended with exit code 1 under load")
REQUIRED = {"require": {"goodput": "1/s"}}


def only(run: Measurements) -> CheckedCell:
    (cell,) = check_of(run).cells
    return cell


def cpu(cell: CheckedCell) -> MetricCheck:
    return next(one for one in cell.metrics if one.metric == "cpu")


def test_an_app_that_did_not_change_passes_and_is_said_to_be_held_against_the_baseline() -> None:
    check = check_of(held(measured(APP, OTHER, seed=2), APP, OTHER))
    assert [cell.verdict for cell in check.cells] == ["pass", "pass"]
    assert check.verdict == "pass"
    assert "reference" in check.notes[0]
    assert is_check(check.summary.run)


def test_a_slower_app_is_red_when_fresh_launches_show_it_again() -> None:
    now = measured(slower(APP, 0.15), seed=2, launches=LAUNCHES + CONFIRMATION)
    cell = only(held(now, APP, confirming=CONFIRMATION))
    assert cell.verdict == "regression"
    assert "confirmed by 12 fresh launches" in cell.why
    one = cpu(cell)
    assert one.ratio is not None
    assert one.ratio.value == pytest.approx(1.15, abs=0.02)
    assert one.base is not None
    assert one.base * one.ratio.value == pytest.approx(one.head)
    assert (len(one.slow_downs), len(one.confirming)) == (LAUNCHES, CONFIRMATION)
    assert expm1(median(one.slow_downs)) == pytest.approx(0.15, abs=0.02)


def test_what_fresh_launches_do_not_show_again_is_not_red() -> None:
    now = measured(slower(APP, 0.15), seed=2)
    usual = measured(APP, seed=3, launches=LAUNCHES + CONFIRMATION)
    joined = now.model_copy(
        update={
            "launches": usual.launches,
            "blocks": (*now.blocks, *(one for one in usual.blocks if one.launch >= LAUNCHES)),
        }
    )
    cell = only(held(joined, APP, confirming=CONFIRMATION))
    assert cell.verdict == "inconclusive"
    assert "not confirmed by 12 fresh launches" in cell.why
    assert only(held(now, APP)).verdict == "inconclusive"  # not repeated at all


def test_a_head_that_breaks_is_a_regression_and_a_reference_that_does_decides_nothing() -> None:
    broken = only(held(measured(replace(APP, failure=DIED)), APP))
    assert broken.verdict == "regression"
    assert [reason.code for reason in broken.reasons] == ["died"]
    now = measured(APP)
    launches = tuple(_with_failure(one, "gunicorn-reference") for one in now.launches)
    cell = only(held(now.model_copy(update={"launches": launches}), APP))
    assert cell.verdict == "inconclusive"
    assert cell.reasons == ()
    assert cell.why.startswith("reference: ")


@pytest.mark.parametrize(
    ("every", "count", "verdict"), [(1, 5, "regression"), (LAUNCHES, 500, "inconclusive")]
)
def test_a_head_that_errs_in_launch_after_launch_is_broken_and_one_bad_moment_tells_nothing(
    every: int, count: int, verdict: str
) -> None:
    now = measured(APP)
    blocks = tuple(
        block.model_copy(update={"slices": tuple(_erring(one, count) for one in block.slices)})
        if block.launch % every == 0
        else block
        for block in now.blocks
    )
    cell = only(held(now.model_copy(update={"blocks": blocks}), APP))
    assert (cell.verdict, [one.code for one in cell.reasons]) == (verdict, ["errors"])


@pytest.mark.parametrize(
    ("times", "verdict", "told"),
    [(LAUNCHES, "inconclusive", "not confirmed"), (LAUNCHES + CONFIRMATION, "regression", "confirmed")],
)
def test_a_rate_that_head_misses_is_red_only_where_fresh_launches_miss_it_too(
    times: int, verdict: str, told: str
) -> None:
    parts = (replace(APP, rate=500.0), replace(REFERENCE, rate=500.0))
    now = missing(measured(*parts, seed=2, launches=LAUNCHES + CONFIRMATION), range(times), "-app-")
    cell = only(held(now, *parts, confirming=CONFIRMATION))
    assert cell.verdict == verdict
    assert cell.why.endswith(f"/s, {told} by 12 fresh launches.")
    at_the_look = held(missing(measured(*parts, seed=2), range(LAUNCHES), "-app-"), *parts)
    assert decide_against_baseline(at_the_look).confirming


def test_a_head_that_answers_something_else_is_neither_faster_nor_slower() -> None:
    before, after = ({"GET /json": Answer(bytes=size, sha256="ab" * 32)} for size in (5, 4))
    faster = slower(APP, -0.5)
    assert only(held(answering(measured(faster, seed=2), before), APP, answers=before)).verdict == "pass"
    now = answering(measured(faster, seed=2), after)
    cell = only(held(now, APP, answers=before))
    assert cell.verdict == "inconclusive"
    assert [reason.code for reason in cell.reasons] == ["answer-changed"]
    assert "4 bytes that are not the 5 of the baseline" in cell.why
    (saved,) = baseline_of(now.run, referred_cells(now)).cells
    assert saved.answers == after


def test_nothing_is_told_before_the_look_and_a_check_that_was_stopped_looks_at_what_there_is() -> None:
    now = measured(APP, seed=2, launches=LAUNCHES - 4)
    assert only(held(now, APP, status="running")).verdict == "inconclusive"
    assert only(held(now, APP, status="partial")).verdict == "pass"


def test_what_changed_since_is_named_and_so_is_what_only_the_baseline_has() -> None:
    now = measured(APP, seed=2)
    machine = now.run.machine.model_copy(update={"kernel": "9.9"})
    notes = check_of(held(with_run(now, machine=machine), APP, OTHER)).notes
    assert any("kernel (6.1 then, 9.9 now)" in note for note in notes)
    assert any("GET /search" in note and "not measured now" in note for note in notes)


def test_a_metric_that_got_worse_and_does_not_decide_is_named() -> None:
    check = check_of(held(measured(replace(APP, goodput=1500), seed=2, gate=["cpu"]), APP))
    assert check.verdict == "pass"
    assert any("goodput" in note and "does not decide" in note for note in check.notes)


def test_the_course_is_all_launches_then_the_red_cells_with_their_reference_alone() -> None:
    early = held(measured(APP, OTHER, launches=3), APP, OTHER, status="running")
    decision = decide_against_baseline(early)
    assert (decision.enough, decision.left_out, decision.confirming) == (False, (), False)
    assert "3 of 24" in decision.standing
    assert decide_against_baseline(held(measured(APP, OTHER, seed=2), APP, OTHER)).enough
    red = held(measured(APP, slower(OTHER, 0.2), seed=2), APP, OTHER, status="running")
    decision = decide_against_baseline(red)
    assert decision.confirming
    assert decision.left_out == (APP.cell_id,)
    more = measured(APP, slower(OTHER, 0.2), seed=2, launches=LAUNCHES + CONFIRMATION)
    assert decide_against_baseline(held(more, APP, OTHER, confirming=CONFIRMATION)).enough


def test_a_run_in_which_nothing_can_be_told_any_more_ends_at_once() -> None:
    dead = held(measured(replace(APP, failure=DIED), launches=1), APP, status="running")
    assert decide_against_baseline(dead).enough


def test_a_reference_is_in_no_ranking_comparison_split_caveat_or_requirement() -> None:
    """It is odd in every way that a caveat could tell of, and would win every ranking."""
    odd = replace(REFERENCE, goodput=90_000, failure=DIED, promised=False)
    with_it = measurements((APP, replace(APP, name="uwsgi", goodput=1000), odd), noise=0.2)
    without = measurements((APP, replace(APP, name="uwsgi", goodput=1000)), noise=0.2)
    required = Scenario.model_validate({"app": "shop:app", "requests": ["GET /json"], **REQUIRED})
    scenario = required.model_dump(mode="json", by_alias=True)
    scenario["measure"]["until"] = "2%"
    told, plain = (summarise(with_run(one, scenario=scenario)) for one in (with_it, without))
    assert {cell.deployment.app for cell in told.cells} == {"app"}
    assert "reference" not in repr((told.ranking, told.comparisons, told.split, told.requirements))
    assert "reference" not in " ".join(told.warnings)
    assert len(told.warnings) == len(plain.warnings)
    assert [one.cell for one in told.requirements] == [one.cell for one in plain.requirements]
    assert told.requirements != ()


def test_a_run_that_is_no_check_is_refused() -> None:
    assert not is_check(measured(APP).run)
    for rule in (check_of, decide_against_baseline):
        with pytest.raises(ValueError, match="this run"):
            rule(measured(APP))


def _erring(one: Slice, count: int) -> Slice:
    return one.model_copy(update={"errors": {"status": count}}) if "-app-" in one.cell else one


def _with_failure(launch: Launch, deployment: str) -> Launch:
    changed = tuple(
        one.model_copy(update={"failure": DIED}) if one.deployment == deployment else one
        for one in launch.deployments
    )
    return launch.model_copy(update={"deployments": changed})
