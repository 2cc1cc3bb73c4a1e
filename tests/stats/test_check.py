import json
import re
import tracemalloc
from collections.abc import Container, Mapping
from dataclasses import asdict, replace
from math import isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.results.model import Answer, Failure, Measurements, Slice
from bench.scenario.check import METRICS, Metric
from bench.stats.checks.changes import allowed, change_of, share_of_base, short_percent
from bench.stats.checks.check import check_of
from bench.stats.checks.course import decide_check
from bench.stats.checks.rule import CONFIRMED_AT
from bench.stats.checks.summary import CheckedCell, MetricCheck
from bench.stats.checks.words import what_helps
from bench.stats.inference.gate import Gated, gate
from bench.stats.inference.looks import Looks
from bench.stats.validity import ERRORS_AT_MOST
from tests.stats import noise
from tests.stats.synthetic import Part, measurements, with_slices
from tests.stats.synthetic_check import BLOCKS, CONFIRMATION, check_run, missing, slower

APP = Part("gunicorn")
OTHER = Part("waitress", goodput=1500.0)


def only(made: Measurements) -> CheckedCell:
    (cell,) = check_of(made).cells
    return cell


def only_first(made: Measurements) -> CheckedCell:
    return check_of(made).cells[0]


def metric(cell: CheckedCell, name: str) -> MetricCheck:
    return next(one for one in cell.metrics if one.metric == name)


# Verdicts


def test_the_same_app_twice_passes_at_the_first_look() -> None:
    made = check_run((APP, APP))
    decision = decide_check(made)
    assert (decision.enough, decision.confirming) == (True, False)
    found = check_of(made)
    assert (found.verdict, found.notes) == ("pass", ())
    assert [one.verdict for one in found.cells[0].metrics] == ["pass", "pass", "pass", None, None]
    assert found.cells[0].why.startswith("goodput: less than ")


def test_before_the_first_look_every_cell_is_needed_and_nothing_is_told() -> None:
    made = check_run((APP, slower(APP, 0.2)), launches=11)
    decision = decide_check(made)
    assert (decision.enough, decision.left_out, decision.confirming) == (False, (), False)
    assert only(made).verdict == "inconclusive"


def test_what_came_out_red_is_repeated_with_nothing_else_and_then_red() -> None:
    pairs = ((APP, slower(APP, 0.05)), (OTHER, OTHER))
    first = check_run(*pairs)
    decision = decide_check(first)
    assert (decision.enough, decision.confirming) == (False, True)
    assert decision.left_out == tuple(one.id for one in first.run.cells if "waitress" in one.id)
    assert check_of(first).verdict == "inconclusive"
    assert "not repeated" in check_of(first).cells[0].why

    repeated = check_run(*pairs, confirming=CONFIRMATION)
    assert decide_check(repeated).enough
    found = check_of(repeated)
    assert [cell.verdict for cell in found.cells] == ["regression", "pass"]
    assert found.verdict == "regression"
    assert metric(found.cells[0], "goodput").ratio is not None
    assert found.cells[0].why.endswith(f"confirmed by {CONFIRMATION} fresh launches.")


def test_a_repetition_goes_on_until_it_is_complete() -> None:
    made = check_run((APP, slower(APP, 0.05)), confirming=CONFIRMATION - 1)
    assert not decide_check(made).enough
    assert only(made).verdict == "inconclusive"


def test_what_fresh_launches_do_not_show_again_is_not_red() -> None:
    red = check_run((APP, slower(APP, 0.05)), confirming=CONFIRMATION)
    fresh = check_run((APP, APP), confirming=CONFIRMATION, seed=2)
    numbers = {one.number for one in red.launches if one.confirming}
    blocks = [*(one for one in red.blocks if one.launch not in numbers),
              *(one for one in fresh.blocks if one.launch in numbers)]  # fmt: skip
    cell = only(red.model_copy(update={"blocks": tuple(blocks)}))
    assert cell.verdict == "inconclusive"
    assert f"not confirmed by {CONFIRMATION} fresh launches" in cell.why


def test_a_cell_that_is_decided_is_left_out_while_others_go_on() -> None:
    noisy = replace(OTHER, name="flask")
    quiet = check_run((APP, APP), (noisy, noisy))
    rough = np.random.default_rng(1)
    made = with_slices(
        quiet,
        lambda one: (
            one.model_copy(update={"server_cpu_ns": round((one.server_cpu_ns or 0) * rough.uniform(0.5, 2))})
            if "flask" in one.cell
            else one
        ),
    )
    decision = decide_check(made)
    assert not decision.enough
    assert decision.left_out == tuple(one.id for one in made.run.cells if "gunicorn" in one.id)


def test_after_the_last_look_what_is_open_stays_open() -> None:
    made = check_run((APP, APP), launches=36, launch_noise=0.3)
    assert decide_check(made).enough
    cell = only(made)
    assert cell.verdict == "inconclusive"
    assert "would have been seen" in cell.why


def test_a_faster_head_passes() -> None:
    cell = only(check_run((APP, slower(APP, -0.2))))
    assert cell.verdict == "pass"
    ratio = metric(cell, "goodput").ratio
    assert ratio is not None
    assert ratio.low > 1.2


def test_what_speaks_against_a_cell_stands_there_and_is_not_warned_of_again() -> None:
    made = with_slices(
        check_run((APP, APP), launches=1),
        lambda one: one.model_copy(update={"errors": {"status": 100}}) if "@head" in one.cell else one,
    )
    found = check_of(made)
    assert found.summary.warnings == ()
    assert found.cells[0].why.startswith("head: ")
    assert [one.code for one in found.cells[0].decisive] == ["errors"]


def test_what_speaks_against_base_does_not_hide_what_speaks_against_head() -> None:
    made = with_slices(
        check_run((APP, APP), launches=1),
        lambda one: one.model_copy(update={"errors": {"status" if "@head" in one.cell else "timeout": 100}}),
    )
    cell = only(made)
    assert cell.verdict == "inconclusive"
    assert [one.code for one in cell.decisive] == ["errors", "errors"]
    assert re.fullmatch(r"base: [^:]* timeout[^:]*\. head: [^:]* status[^:]*\.", cell.why), cell.why


def test_a_warning_says_whose_cell_it_is_about() -> None:
    made = with_slices(
        check_run((APP, APP)),
        lambda one: (
            one.model_copy(update={"server_cpu_ns": 10, "generator_busy_ns": 10})
            if "@head" in one.cell
            else one
        ),
    )
    (warning,) = check_of(made).summary.warnings
    assert warning.startswith("head, gunicorn, GET ")


# What is said


@pytest.mark.parametrize("by", [0.15, 0.085, -0.06])
def test_a_sentence_has_the_figures_of_the_table(by: float) -> None:
    """Also of goodput, of which 8.4 % more time is 7.8 % less; and also where head is faster."""
    made = check_run((APP, slower(APP, by)), launches=36, launch_noise=0.4, options={"gate": "goodput"})
    cell = only(made)
    goodput = metric(cell, "goodput")
    assert cell.verdict == "inconclusive"
    assert goodput.ratio is not None
    share = f"{abs(goodput.ratio.value - 1):.1%}".replace("%", " %")
    assert share in change_of(goodput)
    word = "lower" if goodput.ratio.value < 1 else "higher"
    assert cell.why.startswith(f"goodput {share} {word}, at most ")
    assert f"; {allowed(goodput)} are allowed; " in cell.why
    assert allowed(goodput) == "4.8 %"


def test_what_one_launch_cannot_tell_is_said_in_words() -> None:
    made = check_run((APP, slower(APP, 0.05)), launches=1)
    partial = made.run.model_copy(update={"status": "partial"})
    cell = only(made.model_copy(update={"run": partial}))
    assert cell.why.startswith("goodput: one launch is too few to tell; ")
    assert tuple(what_helps(cell)) == ()


@given(st.sampled_from(METRICS), st.floats(-0.9, 50))
def test_a_slow_down_is_told_as_the_share_of_base_that_its_ratio_shows(name: Metric, by: float) -> None:
    ratio = 1 / (1 + by) if name == "goodput" else 1 + by
    assert share_of_base(name, by) == pytest.approx(abs(ratio - 1) * (1 if by > 0 else -1), abs=1e-12)


@pytest.mark.parametrize(
    ("share", "text"), [(0.05, "5"), (1 - 1 / 1.05, "4.8"), (0.1, "10"), (0.005, "0.5"), (1, "100"), (0, "0")]
)
def test_what_is_allowed_is_written_as_short_as_it_can_be(share: float, text: str) -> None:
    assert short_percent(share) == text


# What is allowed, and what decides


def test_more_may_be_allowed_for_all_or_for_one_cell() -> None:
    pair = (APP, slower(APP, 0.08))
    looser = {"allow": "12%"}
    assert metric(only(check_run(pair, options=looser)), "goodput").allow == 0.12
    cells = {"cells": [{"server": "gunicorn", "gate": ["cpu"], "allow": {"cpu": "20%"}}]}
    cell = only(check_run(pair, options=cells))
    assert [one.metric for one in cell.metrics if one.gated] == ["cpu"]
    assert [one.allow for one in cell.metrics if one.metric in ("cpu", "p99")] == [0.2, 0.05]


def test_where_much_is_allowed_little_is_not_red() -> None:
    made = check_run((APP, slower(APP, 0.05)), noise=0.002, launch_noise=0.001, options={"allow": "50%"})
    assert only(made).verdict == "pass"


def test_a_slow_down_above_a_small_allowance_is_red_below_two_percent_too() -> None:
    made = check_run((APP, slower(APP, 0.015)), confirming=CONFIRMATION, noise=0.002, launch_noise=0.001,
                     options={"allow": "1%"})  # fmt: skip
    assert only(made).verdict == "regression"
    assert only(check_run((APP, slower(APP, 0.015)), noise=0.002, launch_noise=0.001)).verdict == "pass"


def test_a_slower_tail_alone_is_named_and_decides_only_where_asked() -> None:
    made = with_slices(check_run((APP, APP), confirming=CONFIRMATION), _slower_tail)
    found = check_of(made)
    assert found.verdict == "pass"
    (note,) = found.notes
    assert "p99" in note
    assert "does not decide" in note
    gated = made.run.model_copy(update={"scenario": {**made.run.scenario, "check": {"gate": ["p99"]}}})
    assert check_of(made.model_copy(update={"run": gated})).verdict == "regression"


def _slower_tail(one: Slice) -> Slice:
    durations = np.linspace(0.5, 1.5, one.requests) * 8_000_000
    if "head" in one.cell:
        durations[-max(2, one.requests // 20) :] *= 3
    return one.model_copy(update={"histogram": Histogram.of(durations).encode()})


# Heads that are wrong


def test_a_head_that_fails_where_base_does_not_is_a_regression_at_once() -> None:
    failing = replace(APP, failure=Failure(code="start", what="ended with exit code 1"))
    made = check_run((APP, failing), launches=1)
    assert decide_check(made).enough
    cell = only(made)
    assert cell.verdict == "regression"
    assert cell.reasons[0].code == "failed"
    assert "exit code 1" in cell.why
    assert only(check_run((failing, APP), launches=1)).verdict == "inconclusive"


def test_a_head_that_answers_faster_with_errors_is_a_regression() -> None:
    made = with_slices(
        check_run((APP, slower(APP, -0.5))),
        lambda one: one.model_copy(update={"errors": {"status": 5}}) if "head" in one.cell else one,
    )
    cell = only(made)
    assert (cell.verdict, cell.reasons[0].code) == ("regression", "errors")


def test_errors_in_both_decide_nothing() -> None:
    made = with_slices(check_run((APP, APP)), lambda one: one.model_copy(update={"errors": {"status": 5}}))
    assert only(made).verdict == "inconclusive"


def test_a_head_with_another_answer_is_never_faster() -> None:
    made = check_run((APP, slower(APP, -0.5)))
    answers = {
        cell.id: {cell.request: Answer(bytes=10 + place, sha256=str(place))}
        for place, cell in enumerate(made.run.cells)
    }
    launches = tuple(one.model_copy(update={"answers": answers}) for one in made.launches)
    cell = only(made.model_copy(update={"launches": launches}))
    assert (cell.verdict, cell.reasons[0].code) == ("inconclusive", "answer-changed")
    assert "11 bytes" in cell.why


def test_a_run_that_ended_early_is_judged_by_what_it_has() -> None:
    made = check_run((APP, APP), launches=14)
    partial = made.run.model_copy(update={"status": "partial"})
    pairs = {
        one.judgement.pairs for one in only(made.model_copy(update={"run": partial})).metrics if one.judgement
    }
    assert pairs == {12}  # decided at the first look already
    none = check_run((APP, APP), launches=0)
    assert check_of(none.model_copy(update={"run": none.run.model_copy(update={"status": "partial"})}))


@pytest.mark.parametrize(("unlike", "verdict"), [(True, "inconclusive"), (False, "regression")])
def test_a_head_whose_answers_differ_by_nature_is_not_called_broken(unlike: bool, verdict: str) -> None:
    made = check_run((APP, APP))
    (head,) = (one.id for one in made.run.cells if "@head" in one.id)
    update = {"rejected": {head: "its body differs"}, "unlike": (head,) if unlike else ()}
    launches = (made.launches[0].model_copy(update=update), *made.launches[1:])
    assert check_of(made.model_copy(update={"launches": launches})).verdict == verdict


@pytest.mark.parametrize(
    ("times", "verdict"),
    [((1.1, 0.9), "inconclusive"), ((10, 0.9), "regression"), ((10, 1.1), "inconclusive")],
)
def test_a_few_more_errors_than_base_are_chance_and_many_are_not(
    times: tuple[float, float], verdict: str
) -> None:
    head, base = (round(factor * ERRORS_AT_MOST * ANSWERED) for factor in times)
    made = check_run((APP, APP))
    assert check_of(erring(made, {"@head": spread(head), "@base": spread(base)})).verdict == verdict


def test_errors_that_came_all_at_once_break_no_head() -> None:
    """They come together: what is as likely to hit base in its next bad moment is not the change's doing."""
    made = erring(check_run((APP, APP)), {"@head": {5: round(0.1 * ANSWERED)}})
    cell = only(made)
    assert (cell.verdict, [one.code for one in cell.reasons]) == ("inconclusive", ["errors"])
    assert decide_check(made).enough


def test_among_many_cells_errors_must_be_surer_to_break_a_head() -> None:
    late = dict.fromkeys(range(2, 12), 20)
    others = [(Part(f"s{number}"), Part(f"s{number}")) for number in range(20)]
    assert only(erring(check_run((APP, APP)), {"gunicorn@head": late})).verdict == "regression"
    (cell, *_) = check_of(erring(check_run((APP, APP), *others), {"gunicorn@head": late})).cells
    assert cell.verdict == "inconclusive"


ANSWERED = 12 * 660
"""About how many answers the first cell of twelve launches has."""


def spread(count: int) -> dict[int, int]:
    """So many errors over twelve launches, by launch."""
    return {launch: count // 12 + (launch < count % 12) for launch in range(12)}


def erring(made: Measurements, errors: Mapping[str, Mapping[int, int]]) -> Measurements:
    """The same check with so many errors in each launch, by a part of the cell's id; in its first block."""

    def wrong(one: Slice, launch: int, *, first: bool) -> Slice:
        count = next((by_launch.get(launch, 0) for part, by_launch in errors.items() if part in one.cell), 0)
        return one.model_copy(update={"errors": {"status": count}}) if first and count else one

    blocks = [
        block.model_copy(
            update={
                "slices": tuple(
                    wrong(one, block.launch, first=block.number % BLOCKS == 0) for one in block.slices
                )
            }
        )
        for block in made.blocks
    ]
    return made.model_copy(update={"blocks": tuple(blocks)})


def test_a_server_that_lost_a_worker_ends_its_cell() -> None:
    torn = replace(APP, failure=Failure(code="worker", what="1 of its processes ended"))
    made = check_run((APP, torn), (OTHER, OTHER), launches=2)
    decision = decide_check(made)
    assert decision.left_out == tuple(one.id for one in made.run.cells if "gunicorn" in one.id)
    assert check_of(made).cells[0].verdict == "regression"


def test_what_is_left_out_stays_so_until_the_next_look() -> None:
    made = check_run((APP, APP), (OTHER, OTHER), launches=14)
    gunicorn = tuple(one.id for one in made.run.cells if "gunicorn" in one.id)
    launches = [*made.launches]
    launches[-2] = launches[-2].model_copy(update={"left_out": gunicorn})
    decision = decide_check(made.model_copy(update={"launches": tuple(launches)}))
    assert (decision.enough, decision.left_out) == (False, gunicorn)


# A rate that is missed

AT_A_RATE = Part("uwsgi", rate=500.0)


def test_a_rate_that_head_misses_is_repeated_before_it_is_red() -> None:
    first = missing(check_run((AT_A_RATE, AT_A_RATE), (OTHER, OTHER)), range(12))
    decision = decide_check(first)
    assert (decision.enough, decision.confirming) == (False, True)
    assert decision.left_out == tuple(one.id for one in first.run.cells if "waitress" in one.id)
    cell = only_first(first)
    assert (cell.verdict, [one.code for one in cell.reasons]) == ("inconclusive", ["overloaded"])
    assert cell.why.endswith("/s, not repeated.")


@pytest.mark.parametrize(
    ("launches", "verdict", "told"),
    [
        (range(24), "regression", "/s, confirmed by 12 fresh launches."),
        (range(12), "inconclusive", "/s, not confirmed by 12 fresh launches."),
    ],
)
def test_a_missed_rate_is_red_only_where_fresh_launches_miss_it_too(
    launches: Container[int], verdict: str, told: str
) -> None:
    made = missing(check_run((AT_A_RATE, AT_A_RATE), confirming=CONFIRMATION), launches)
    assert decide_check(made).enough
    cell = only(made)
    assert cell.verdict == verdict
    assert cell.why.startswith("head: the server cannot keep up with 500/s ")
    assert cell.why.endswith(told)


def test_the_repetition_of_a_missed_rate_goes_on_though_its_launches_keep_it() -> None:
    made = check_run((AT_A_RATE, AT_A_RATE), confirming=CONFIRMATION - 1)
    decision = decide_check(missing(made, range(12)))
    assert (decision.enough, decision.confirming) == (False, True)


def test_a_rate_that_base_misses_too_is_nobodys_fault() -> None:
    made = missing(missing(check_run((AT_A_RATE, AT_A_RATE)), range(12)), range(12), "@base")
    assert decide_check(made).enough
    assert only(made).verdict == "inconclusive"


# The rule as a whole


def test_the_same_measurements_give_the_same_check_again() -> None:
    made = check_run((APP, slower(APP, 0.03)), (OTHER, OTHER))
    once, again = ([asdict(one) for one in only_first(made).metrics] for _ in range(2))
    assert json.dumps(once) == json.dumps(again)


def test_other_runs_are_no_checks() -> None:
    with pytest.raises(ValueError, match="no two versions"):
        check_of(measurements([APP]))


@pytest.mark.parametrize("model", [noise.gaussian, noise.with_outliers, noise.drifting_launches])
def test_a_slow_down_of_five_percent_is_confirmed_by_fresh_launches(model: noise.Model) -> None:
    generator = np.random.default_rng(7)
    values = model(generator, (1000, 1, CONFIRMATION))[:, 0] + np.log(1.05)
    looks = Looks((CONFIRMATION,), CONFIRMED_AT)
    verdicts = [gate([Gated(tuple(row.tolist()))], looks)[0].verdict for row in values]
    assert isfinite(values.sum())
    assert verdicts.count("regression") >= 960


def test_the_histograms_of_all_slices_are_not_held_at_a_time() -> None:
    made = check_run((APP, APP), launches=12)
    blocks = [one.model_copy(update={"number": 100 * again + one.number})
              for one in made.blocks for again in range(10)]  # fmt: skip
    tracemalloc.start()
    decide_check(made.model_copy(update={"blocks": tuple(blocks)}))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(blocks) * 2 * Histogram().counts.nbytes / 3
