"""What the scenario requires: the verdict on each figure, by its interval and by what speaks against it."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.results.model import Failure, Measurements, Slice
from bench.stats.requirements.requirements import counted, requirements_of, worst_first
from bench.stats.summarise import summarise
from bench.stats.summary import RequirementVerdict
from bench.stats.tally import tallies
from tests.stats.synthetic import COUNTED_NS, Part, measurements, with_run, with_slices

CLOSED = Part("gunicorn", 2000.0)  # 16 connections: a service time of 8 ms, of 4 ms to 12 ms
OPEN = Part("gunicorn", rate=500.0, latency_ms=2.0)
MIX = Part("gunicorn", 2000.0, request="browsing", names=("GET /", "GET /json"))
USERS = Part("gunicorn", 2000.0, request="flows.py", locustfile="flows.py")
GENERATOR_BOUND = {"generator_busy_ns": round(1.09 * COUNTED_NS)}


def required(made: Measurements, *requests: Any, **require: str) -> Measurements:
    """The same run of a scenario that requires this at the top, and what its requests say."""
    scenario = {"app": "shop:app", "require": require or None, "requests": requests}
    return with_run(made, scenario=scenario)


def verdicts(made: Measurements) -> dict[str, RequirementVerdict]:
    """The verdicts of a run of one cell, by figure."""
    found = summarise(made).requirements
    assert len({one.cell for one in found}) <= 1
    return {one.figure: one for one in found}


def words(made: Measurements) -> dict[str, str]:
    return {figure: one.verdict for figure, one in verdicts(made).items()}


def with_errors(made: Measurements, share: float) -> Measurements:
    """The same run in which this share of the answers of every slice are errors."""
    return with_slices(
        made,
        lambda one: one.model_copy(
            update={"errors": {"status": round(one.answered * share)}, "answered": one.answered}
        ),
    )


def with_unsent(made: Measurements, unsent: int) -> Measurements:
    """The same run in which so many arrivals of every slice were never sent."""

    def change(one: Slice) -> Slice:
        assert one.arrivals is not None
        arrivals = one.arrivals.model_copy(update={"due": one.arrivals.due + unsent, "unsent": unsent})
        return one.model_copy(update={"arrivals": arrivals})

    return with_slices(made, change)


@pytest.mark.parametrize(
    ("figure", "passes", "fails"),
    [
        ("p50", "10ms", "5ms"),
        ("p90", "14ms", "9ms"),
        ("p99", "16ms", "9ms"),
        ("p99_9", "30ms", "9ms"),
        ("goodput", "1500/s", "3000/s"),
        ("errors", "2%", "0.5%"),
        ("cpu", "200us", "100us"),
        ("memory", "100MB", "50MB"),
    ],
)
def test_each_figure_passes_a_limit_it_keeps_and_fails_one_it_does_not(
    figure: str, passes: str, fails: str
) -> None:
    made = measurements([CLOSED])
    if figure == "errors":
        made = with_errors(made, 0.01)
    assert words(required(made, **{figure: passes})) == {figure: "pass"}
    assert words(required(made, **{figure: fails})) == {figure: "regression"}


MADE = measurements([CLOSED])


@settings(max_examples=40, deadline=None)
@given(st.integers(3_000, 20_000), st.integers(3_000, 20_000))
@example(1_000, 100_000)
def test_the_verdict_is_that_of_the_whole_interval_and_a_looser_limit_is_never_worse(
    one_us: int, other_us: int
) -> None:
    order = ("regression", "inconclusive", "pass")
    found = [verdicts(required(MADE, p99=f"{us}us"))["p99"] for us in sorted((one_us, other_us))]
    for one in found:
        assert one.value is not None
        assert (one.verdict == "pass") is (one.value.high <= one.limit)
        assert (one.verdict == "regression") is (one.value.low > one.limit)
    assert order.index(found[0].verdict) <= order.index(found[1].verdict)


def test_a_limit_within_the_interval_is_inconclusive_and_needs_no_reason() -> None:
    value = verdicts(required(MADE, p99="1s"))["p99"].value
    assert value is not None
    one = verdicts(required(MADE, p99=f"{round(value.value)}ns"))["p99"]
    assert (one.verdict, one.because) == ("inconclusive", "")


def test_a_closed_loop_has_a_service_time_and_only_a_rate_has_a_latency() -> None:
    limits = {"p99": "9ms"}
    assert verdicts(required(MADE, **limits))["p99"].what.startswith("service time p99 is ")
    users = verdicts(required(measurements([USERS]), **limits))["p99"].what
    assert users.startswith("service time p99 is ")
    at_rate = verdicts(required(measurements([OPEN]), **limits))["p99"].what
    assert at_rate.startswith("latency p99 is ")
    assert at_rate.endswith("at most 9 ms is required")


def test_nothing_is_required_where_the_scenario_says_nothing_or_is_of_an_older_version() -> None:
    assert summarise(MADE).requirements == ()
    assert summarise(required(MADE)).requirements == ()


def test_what_stands_within_a_request_goes_before_the_same_figure_at_the_top() -> None:
    slow, fast = Part("gunicorn", request="GET /slow"), Part("gunicorn", request="GET /fast")
    requests = [
        {"method": "GET", "path": "/slow", "require": {"p99": "1s", "cpu": None}},
        {"method": "GET", "path": "/fast", "require": None},
    ]
    found = summarise(required(measurements([slow, fast]), *requests, p99="5ms", cpu="1ms")).requirements
    limits = {(one.cell, one.figure): one.limit for one in found}
    assert limits == {
        (slow.cell_id, "p99"): 1e9, (slow.cell_id, "cpu"): 1e6,
        (fast.cell_id, "p99"): 5e6, (fast.cell_id, "cpu"): 1e6,
    }  # fmt: skip


def test_a_mix_is_held_to_its_own_and_a_locustfile_to_what_stands_at_the_top() -> None:
    parts = [{"method": "GET", "path": "/", "require": None}]
    requests = [
        {"name": "browsing", "mix": parts, "require": {"p99": "1s"}},
        {"method": "GET", "path": "/", "require": {"p50": "1s"}},
    ]
    found = summarise(required(measurements([MIX, USERS]), *requests, errors="1%")).requirements
    assert [(one.cell, one.figure) for one in found] == [
        (MIX.cell_id, "p99"), (MIX.cell_id, "errors"), (USERS.cell_id, "errors"),
    ]  # fmt: skip


def with_deployments(made: Measurements, **update: dict[str, object]) -> Measurements:
    """The same run with these deployments (by name) changed."""
    changed = (one.model_copy(update=update.get(one.name, {})) for one in made.run.deployments)
    return with_run(made, deployments=tuple(changed))


def test_floors_twins_and_the_base_of_a_check_are_held_to_nothing() -> None:
    names = ("head", "base", "twin")
    parts = [*(Part(name) for name in names), Part("head", app="floor")]
    made = with_deployments(
        measurements(parts),
        head={"revision": "head"},
        base={"revision": "base"},
        twin={"twin_of": "head-app"},
    )
    found = summarise(required(made, p99="1s")).requirements
    assert [one.cell for one in found] == [Part("head").cell_id]


def test_one_launch_passes_nothing_and_fails_only_for_errors() -> None:
    one_launch = with_errors(measurements([CLOSED], launches=1), 0.02)
    limits = {"p99": "1s", "goodput": "1/s", "cpu": "1s", "memory": "1GB", "errors": "0.1%"}
    found = verdicts(required(measurements([CLOSED], launches=1), **limits))
    assert {one.verdict for one in found.values()} == {"inconclusive"}
    assert {one.because for one in found.values()} == {
        "one launch does not tell how far the next would differ"
    }
    assert words(required(one_launch, p99="1us", errors="0.1%")) == {
        "p99": "inconclusive", "errors": "regression",
    }  # fmt: skip


def test_errors_above_the_limit_are_a_regression_though_the_cell_is_not_valid() -> None:
    made = with_errors(measurements([CLOSED]), 0.01)
    assert not summarise(made).cells[0].valid
    found = verdicts(required(made, errors="0.1%", p99="1s", goodput="3000/s"))
    assert {figure: one.verdict for figure, one in found.items()} == {
        "errors": "regression", "p99": "inconclusive", "goodput": "regression",
    }  # fmt: skip
    assert "% of the answers were errors" in found["p99"].what


def test_errors_within_the_limit_pass_though_they_are_more_than_a_valid_cell_has() -> None:
    assert words(required(with_errors(measurements([CLOSED]), 0.01), errors="5%")) == {"errors": "pass"}


def test_no_error_is_allowed_where_none_is_and_one_is_one_too_many() -> None:
    assert words(required(MADE, errors="0%")) == {"errors": "pass"}
    wrong = iter([{"status": 1}])
    one_error = with_slices(MADE, lambda one: one.model_copy(update={"errors": next(wrong, {})}))
    assert words(required(one_error, errors="0%")) == {"errors": "regression"}
    assert words(required(one_error, errors="1%")) == {"errors": "pass"}


def test_errors_of_one_launch_alone_leave_open_how_many_the_next_has() -> None:
    blocks = tuple(
        block.model_copy(
            update={"slices": tuple(s.model_copy(update={"errors": {"reset": 9}}) for s in block.slices)}
        )
        if block.launch == 0
        else block
        for block in MADE.blocks
    )
    one = verdicts(required(MADE.model_copy(update={"blocks": blocks}), errors="0.5%"))["errors"]
    assert one.value is not None
    assert one.value.value > 0.005
    assert one.verdict == "inconclusive"


@pytest.mark.parametrize(("code", "said"), [("start", "did not start"), ("died", "process died")])
def test_a_server_that_is_not_there_keeps_nothing_and_is_named(code: Any, said: str) -> None:
    broken = replace(CLOSED, failure=Failure(code=code, what="killed by signal 9"))
    found = verdicts(required(measurements([broken]), p99="1s", errors="1%", memory="1GB"))
    assert {one.verdict for one in found.values()} == {"regression"}
    assert all(said in one.because for one in found.values())


def test_an_answer_that_is_not_accepted_is_an_error() -> None:
    launches = tuple(
        one.model_copy(update={"rejected": {CLOSED.cell_id: "status 500"}}) for one in MADE.launches
    )
    found = verdicts(required(MADE.model_copy(update={"launches": launches}), p99="1s", errors="1%"))
    assert {figure: one.verdict for figure, one in found.items()} == {
        "p99": "inconclusive", "errors": "regression",
    }  # fmt: skip
    assert "status 500" in found["errors"].what


@pytest.mark.parametrize("limit", ["1us", "1s"])
def test_where_the_generator_was_the_limit_nothing_is_decided_and_the_reason_is_said(limit: str) -> None:
    made = with_slices(MADE, lambda one: one.model_copy(update=GENERATOR_BOUND))
    one = verdicts(required(made, p99=limit))["p99"]
    assert one.verdict == "inconclusive"
    assert "the load generator was busy" in one.because


def test_goodput_at_a_rate_is_what_was_answered_of_what_was_due() -> None:
    made = measurements([OPEN])
    assert words(required(made, goodput="500/s")) == {"goodput": "pass"}
    assert words(required(made, goodput="400/s")) == {"goodput": "pass"}
    above = verdicts(required(made, goodput="501/s"))["goodput"]
    assert (above.verdict, above.because) == ("inconclusive", "no more than 500/s were asked for")


def test_a_server_that_cannot_keep_up_breaks_what_it_breaks_and_passes_nothing() -> None:
    overloaded = with_unsent(measurements([OPEN]), 10)
    assert words(required(overloaded, goodput="500/s")) == {"goodput": "regression"}
    assert words(required(overloaded, goodput="800/s")) == {"goodput": "regression"}
    assert words(required(overloaded, p99="1ms")) == {"p99": "regression"}
    kept = verdicts(required(overloaded, p99="1s"))["p99"]
    assert kept.verdict == "inconclusive"
    assert "cannot keep up" in kept.because


def test_few_answers_leave_the_upper_bound_of_a_high_percentile_open() -> None:
    few = measurements([OPEN], launches=2, blocks=2)  # 200 answers
    one = verdicts(required(few, p99_9="1s"))["p99_9"]
    assert one.value is not None
    assert one.value.high == inf
    assert one.verdict == "inconclusive"
    assert " or more), at most 1 s is required: there are too few answers" in one.what


def test_what_was_not_measured_is_not_known() -> None:
    made = with_slices(MADE, lambda one: one.model_copy(update={"server_cpu_ns": None}))
    one = verdicts(required(made, cpu="1ms"))["cpu"]
    assert (one.value, one.verdict, one.because) == (None, "inconclusive", "it was not measured")
    empty = MADE.model_copy(update={"blocks": (), "launches": ()})
    assert set(words(required(empty, p99="1s", errors="1%", goodput="1/s", memory="1MB")).values()) == {
        "inconclusive"
    }


def test_the_worst_are_counted_and_named_first() -> None:
    found = summarise(required(MADE, p50="1s", p99="1ms", memory="1GB")).requirements
    assert counted(found) == "1 regression, 2 pass"
    assert [one.figure for one in worst_first(found)] == ["p99", "p50", "memory"]


def simulated(random: np.random.Generator, launches: int, answers: int) -> Callable[[str], str]:
    """A run of log-normal durations around 10 ms whose launches differ by 5 %; gives the verdict on p99."""
    made = measurements([OPEN], launches=launches, blocks=1)
    lucks = random.normal(0, 0.05, launches)
    blocks = tuple(
        block.model_copy(update={"slices": (_drawn(random, block.slices[0], luck, answers),)})
        for block, luck in zip(made.blocks, lucks, strict=True)
    )
    drawn = required(made.model_copy(update={"blocks": blocks}), p99="1s")
    (tally,) = tallies(drawn)
    cells = summarise(drawn).cells

    def verdict(limit: str) -> str:
        run = drawn.run.model_copy(update={"scenario": {"require": {"p99": limit}}})
        return requirements_of([replace(cells[0], reasons=())], [tally], run)[0].verdict

    return verdict


def _drawn(random: np.random.Generator, one: Slice, luck: float, answers: int) -> Slice:
    durations = 1e7 * np.exp(luck + random.normal(0, SPREAD, answers))
    return one.model_copy(update={"histogram": Histogram.of(durations).encode(), "requests": answers})


SPREAD = 0.5
TRUE_P99_NS = 1e7 * np.exp(np.hypot(SPREAD, 0.05) * 2.326348)


def test_a_verdict_on_p99_is_seldom_wrong_and_not_withheld_where_the_limit_is_far() -> None:
    random = np.random.default_rng(5)
    runs = [simulated(random, 4, 300) for _ in range(150)]
    on_the_limit = [run(f"{round(TRUE_P99_NS)}ns") for run in runs]
    assert on_the_limit.count("regression") <= 0.04 * len(runs)
    assert on_the_limit.count("pass") <= 0.04 * len(runs)
    assert [run(f"{round(TRUE_P99_NS * 0.5)}ns") for run in runs].count("regression") >= 0.9 * len(runs)
    assert [run(f"{round(TRUE_P99_NS * 2)}ns") for run in runs].count("pass") >= 0.9 * len(runs)


def test_every_figure_can_be_required_and_no_other_can() -> None:
    limits = {"p50": "1s", "p90": "1s", "p99": "1s", "p99_9": "1s", "goodput": "1/s", "errors": "1%",
              "cpu": "1s", "memory": "1GB"}  # fmt: skip
    assert list(words(required(MADE, **limits))) == list(limits)
