import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.histogram import Histogram
from bench.results.model import Failure, Measurements, Skipped, Slice
from bench.stats.caveats import condition
from bench.stats.summarise import summarise
from bench.stats.summary import Summary
from tests.stats.synthetic import COUNTED_NS, Part, measurements, with_run, with_slices

FAST, LIKE_FAST, SLOW = Part("uwsgi", 3000.0), Part("bjoern", 2995.0), Part("flask", 1000.0)
PARTS = (SLOW, FAST, LIKE_FAST)


def says(summary: Summary, words: str) -> bool:
    return any(words in warning for warning in summary.warnings)


def test_cells_stand_in_the_order_of_the_run_and_are_ranked_best_first() -> None:
    summary = summarise(measurements([SLOW, FAST]))
    assert [one.cell.id for one in summary.cells] == [SLOW.cell_id, FAST.cell_id]
    assert summary.ranking == ((FAST.cell_id, SLOW.cell_id),)


def test_a_cell_says_what_was_measured() -> None:
    made = measurements([FAST], noise=0.0, launch_noise=0.0)
    (cell,) = summarise(made).cells
    requests = sum(one.requests for block in made.blocks for one in block.slices)
    assert cell.goodput is not None
    assert cell.goodput.value == pytest.approx(requests / (40 * COUNTED_NS / 1e9))
    assert cell.requests == cell.histogram.total == requests
    assert cell.cpu_us_per_request is not None
    assert cell.cpu_us_per_request.value == pytest.approx(160)
    assert cell.longest_ns == max(one.longest_ns for block in made.blocks for one in block.slices)
    assert cell.memory_bytes == 60_000_000
    assert cell.start_up_ns == (400_000_000,) * 4
    assert cell.generator_busy == pytest.approx(0.1 / 1.1)
    assert [launch for launch, _ in cell.goodput_per_block] == [0] * 10 + [1] * 10 + [2] * 10 + [3] * 10
    assert cell.valid


def test_within_the_interval_of_the_best_is_a_tie_and_below_it_is_slower() -> None:
    summary = summarise(measurements(PARTS))
    best, second, last = summary.ranking[0]
    verdicts = {one.cell: one.verdict for one in summary.comparisons}
    assert {best, second} == {FAST.cell_id, LIKE_FAST.cell_id}
    assert last == SLOW.cell_id
    assert verdicts == {second: "tie", last: "slower"}
    assert {one.against for one in summary.comparisons} == {best}
    assert all(one.pairs == 40 and one.dropped == 0 for one in summary.comparisons)


def test_a_cell_ahead_of_the_best_in_nearly_every_block_is_faster() -> None:
    # One long, very good slice lifts the goodput of one cell; the other is ahead everywhere else.
    steady, lucky = Part("steady", 2000.0), Part("lucky", 1900.0)
    made = measurements([steady, lucky], noise=0.001, launch_noise=0.001)
    first = made.blocks[0]
    slices = tuple(
        one.model_copy(update={"requests": one.requests * 100}) if one.cell == lucky.cell_id else one
        for one in first.slices
    )
    changed = made.model_copy(
        update={"blocks": (first.model_copy(update={"slices": slices}), *made.blocks[1:])}
    )
    (comparison,) = summarise(changed).comparisons
    assert (comparison.cell, comparison.verdict) == (steady.cell_id, "faster")


@pytest.mark.parametrize(
    "other",
    [
        Part("b", app="floor"),
        Part("b", request="GET /"),
        Part("b", connections=1),
        Part("b", rate=500.0),
        Part("b", locustfile="flows.py"),
        Part("b", kept=False, promised=False),
    ],
)
def test_cells_of_another_kind_are_not_compared(other: Part) -> None:
    summary = summarise(measurements([Part("a"), other]))
    assert summary.ranking == ((Part("a").cell_id,), (other.cell_id,))
    assert summary.comparisons == ()


def test_an_invalid_cell_is_neither_ranked_nor_compared_and_the_reader_is_told() -> None:
    broken = Part("waitress", 9000.0, failure=Failure(code="worker", what="worker 12 ended"))
    summary = summarise(measurements([FAST, broken]))
    assert summary.ranking == ((FAST.cell_id,),)
    assert summary.comparisons == ()
    assert says(summary, "waitress, GET /json, 16 connections is not ranked: a worker process was replaced")


def test_a_deployment_that_died_has_no_number() -> None:
    broken = Part("waitress", failure=Failure(code="died", what="killed by signal 9"))
    _, cell = summarise(measurements([FAST, broken])).cells
    assert (cell.goodput, cell.cpu_us_per_request, cell.requests) == (None, None, 0)
    assert cell.histogram.total == 0
    assert [reason.code for reason in cell.reasons] == ["died"]


def test_cpu_time_that_could_not_be_read_is_no_number() -> None:
    made = with_slices(measurements([FAST]), lambda one: one.model_copy(update={"server_cpu_ns": None}))
    (cell,) = summarise(made).cells
    assert cell.cpu_us_per_request is None
    assert cell.valid


def test_server_and_floor_are_split() -> None:
    parts = [Part("uwsgi", cpu_us=160), Part("uwsgi", 9000.0, app="floor", cpu_us=40)]
    (split,) = summarise(measurements(parts)).split
    assert split.deployment == "uwsgi-app"
    assert split.gain_at_most == pytest.approx(160 / 120, rel=0.01)


SOON, LATER = Part("uwsgi", rate=500.0, latency_ms=2.0), Part("flask", rate=500.0, latency_ms=3.0)
LIKE_SOON = Part("bjoern", rate=500.0, latency_ms=2.003)
MIX = Part("uwsgi", 3000.0, request="browsing", names=("GET /", "GET /json"))
USERS = Part("uwsgi", 3000.0, locustfile="flows.py", names=("/", "/json"))


def test_at_a_fixed_rate_the_lowest_median_latency_is_best() -> None:
    summary = summarise(measurements([LATER, SOON, LIKE_SOON]))
    best, second, last = summary.ranking[0]
    assert {best, second} == {SOON.cell_id, LIKE_SOON.cell_id}
    assert last == LATER.cell_id
    compared = {one.cell: one for one in summary.comparisons}
    assert {one.of for one in summary.comparisons} == {"median latency"}
    assert {one.against for one in summary.comparisons} == {best}
    assert compared[second].verdict == "tie"
    assert compared[last].verdict == "slower"
    assert compared[last].ratio.value == pytest.approx(1.5, rel=0.02)
    assert compared[last].ratio.low > 1


def test_where_the_server_sets_the_pace_goodput_is_compared() -> None:
    summary = summarise(measurements([FAST, SLOW]))
    assert [one.of for one in summary.comparisons] == ["goodput"]


def test_a_cell_at_a_fixed_rate_says_what_was_due_and_how_long_it_took() -> None:
    made = measurements([SOON], noise=0.0, launch_noise=0.0)
    (cell,) = summarise(made).cells
    assert cell.arrivals is not None
    assert (cell.arrivals.due, cell.arrivals.waited, cell.arrivals.unsent) == (40 * 50, 0, 0)
    assert (cell.arrivals.late.total, cell.arrivals.latest_ns) == (40 * 50, 2_000)
    assert cell.median_latency_ns is not None
    medians = [Histogram.decode(one.histogram).quantile_ns(0.5) for b in made.blocks for one in b.slices]
    assert min(medians) <= cell.median_latency_ns.low <= cell.median_latency_ns.high <= max(medians)
    assert [value for _, value in cell.median_latency_ns_per_block] == medians
    assert cell.valid


def test_the_latest_of_all_slices_is_told_and_a_slice_without_an_answer_has_no_median() -> None:
    latest = iter(range(40))

    def change(one: Slice) -> Slice:
        assert one.arrivals is not None
        number = next(latest)
        arrivals = one.arrivals.model_copy(update={"latest_ns": 40 - number})
        nothing = {"histogram": Histogram().encode(), "requests": 0} if number < 3 else {}
        return one.model_copy(update={"arrivals": arrivals, **nothing})

    (cell,) = summarise(with_slices(measurements([SOON]), change)).cells
    assert cell.arrivals is not None
    assert cell.arrivals.latest_ns == 40
    assert len(cell.median_latency_ns_per_block) == 37
    assert all(value > 0 for _, value in cell.median_latency_ns_per_block)


def test_a_closed_loop_has_no_latency() -> None:
    for cell in summarise(measurements([FAST, USERS])).cells:
        assert (cell.median_latency_ns, cell.median_latency_ns_per_block, cell.arrivals) == (None, (), None)


@pytest.mark.parametrize("part", [MIX, USERS, replace(SOON, names=("GET /", "GET /json"))])
def test_the_requests_of_a_cell_add_up_to_it(part: Part) -> None:
    (cell,) = summarise(measurements([part])).cells
    assert tuple(cell.by_request) == part.names
    assert sum(one.requests for one in cell.by_request.values()) == cell.requests
    merged = sum((one.histogram for one in cell.by_request.values()), Histogram())
    assert merged == cell.histogram


def test_a_request_that_some_slices_lack_is_summed_over_the_others() -> None:
    lacking = iter([True])

    def lose(one: Slice) -> Slice:
        return one.model_copy(update={"by_request": {}}) if next(lacking, False) else one

    made = measurements([USERS])
    (whole,), (part,) = summarise(made).cells, summarise(with_slices(made, lose)).cells
    for name in USERS.names:
        assert 0 < part.by_request[name].requests < whole.by_request[name].requests


def test_an_overloaded_cell_is_not_ranked_and_the_reader_is_told() -> None:
    def unsent(one: Slice) -> Slice:
        if one.cell != LATER.cell_id or one.arrivals is None:
            return one
        return one.model_copy(update={"arrivals": one.arrivals.model_copy(update={"unsent": 10})})

    summary = summarise(with_slices(measurements([SOON, LATER]), unsent))
    assert summary.ranking == ((SOON.cell_id,),)
    assert says(summary, "flask, GET /json, 500/s is not ranked: the server cannot keep up with 500/s")


@pytest.mark.parametrize(
    ("arrivals", "words"),
    [
        ({"waited": 5}, "10 % of the requests waited for one of its 16 connections"),
        (
            {"late": Histogram.of(np.r_[np.full(45, 5_000), np.full(5, 900_000)]).encode()},
            "sent a few requests",
        ),
    ],
)
def test_what_is_part_of_the_latency_without_being_the_servers_is_said(
    arrivals: dict[str, object], words: str
) -> None:
    def change(one: Slice) -> Slice:
        assert one.arrivals is not None
        return one.model_copy(update={"arrivals": one.arrivals.model_copy(update=arrivals)})

    summary = summarise(with_slices(measurements([SOON]), change))
    assert summary.cells[0].valid
    assert says(summary, "uwsgi, GET /json, 500/s: ")
    assert says(summary, words)


def test_a_locustfile_is_named_once_where_it_is_request_and_load() -> None:
    load = Part("", locustfile="flows.py").load
    assert condition("flows.py", load) == "flows.py, 16 users"
    assert condition("GET /json", Part("").load) == "GET /json, 16 connections"
    assert condition("GET /json", SOON.load) == "GET /json, 500/s"


@settings(max_examples=5, deadline=None)
@given(st.permutations((SOON, LIKE_SOON, LATER)))
def test_the_order_of_cells_changes_no_figure_of_an_open_loop(order: list[Part]) -> None:
    made = measurements((SOON, LIKE_SOON, LATER), blocks=3)
    by_id = {cell.id: cell for cell in made.run.cells}
    reordered = with_run(made, cells=tuple(by_id[part.cell_id] for part in order))
    plain, other = summarise(made), summarise(reordered)
    assert (other.ranking, other.comparisons) == (plain.ranking, plain.comparisons)


@settings(max_examples=5, deadline=None)
@given(st.permutations(PARTS))
def test_the_order_of_cells_changes_no_figure(order: list[Part]) -> None:
    made = measurements(PARTS, blocks=3)
    by_id = {cell.id: cell for cell in made.run.cells}
    reordered = with_run(made, cells=tuple(by_id[part.cell_id] for part in order))
    plain, other = summarise(made), summarise(reordered)
    assert other.ranking == plain.ranking
    assert other.comparisons == plain.comparisons
    assert {one.cell.id: one for one in other.cells} == {one.cell.id: one for one in plain.cells}


def test_the_same_measurements_give_the_same_summary() -> None:
    made = measurements((*PARTS, SOON, LATER, MIX, USERS))
    assert summarise(Measurements.model_validate_json(made.model_dump_json())) == summarise(made)


def test_a_run_without_a_block_has_cells_without_numbers() -> None:
    empty = measurements([FAST]).model_copy(update={"blocks": (), "launches": ()})
    summary = summarise(with_run(empty, status="partial", finished_at=None))
    assert summary.ranking == ()
    assert [reason.code for reason in summary.cells[0].reasons] == ["no-requests"]
    assert summary.load_share_of_wall is None


def test_a_clean_run_carries_no_warning() -> None:
    assert summarise(measurements([FAST, SLOW])).warnings == ()


@pytest.mark.parametrize("status", ["partial", "running"])
def test_a_run_that_did_not_finish_says_so(status: str) -> None:
    assert says(summarise(with_run(measurements([FAST]), status=status)), "did not finish")


def test_a_skipped_server_is_named_with_its_remedy() -> None:
    skipped = Skipped(name="fast", server="uwsgi", reason="uwsgi is not installed", remedy="Install uwsgi.")
    summary = summarise(with_run(measurements([FAST]), skipped=(skipped,)))
    assert summary.skipped == (skipped,)
    assert says(summary, "fast was not measured: uwsgi is not installed. Install uwsgi.")


@pytest.mark.parametrize(("launches", "words"), [(1, "Only one launch"), (2, "Only two launches")])
def test_too_few_launches_are_said(launches: int, words: str) -> None:
    assert says(summarise(measurements([FAST], launches=launches)), words)


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"generator_cores": (0,)}, "share a core"),
        ({"cores": 1, "generator_cores": ()}, "share a core"),
        ({"frequency_governor": "powersave"}, "governor is powersave"),
    ],
)
def test_what_the_machine_spoils_is_said(update: dict[str, object], words: str) -> None:
    made = measurements([FAST])
    machine = made.run.machine.model_copy(update=update)
    assert says(summarise(with_run(made, machine=machine)), words)


def test_wide_intervals_are_said_of_comparisons_and_of_a_cell_alone() -> None:
    assert says(
        summarise(measurements([FAST, SLOW], noise=0.5)), "flask, GET /json, 16 connections: the interval"
    )
    assert says(summarise(measurements([FAST], noise=0.5)), "uwsgi, GET /json, 16 connections: the interval")


@pytest.mark.parametrize(("share", "told"), [(0.2, True), (0.9, False)])
def test_a_server_that_pauses_in_some_slices_is_said_to_where_its_ratio_hides_it(
    share: float, told: bool
) -> None:
    """One slice in ten reaches only this share: goodput knows it, the ratio of typical slices hardly does."""
    places = itertools.count()

    def pausing(one: Slice) -> Slice:
        if one.cell != SLOW.cell_id or next(places) % 10:
            return one
        return one.model_copy(update={"requests": round(share * one.requests)})

    made = with_slices(measurements([FAST, SLOW]), pausing)
    (comparison,) = summarise(made).comparisons
    assert comparison.of_means is not None
    assert comparison.of_means < comparison.ratio.value
    assert says(summarise(made), "over all slices together") is told


def test_too_few_blocks_for_a_comparison_are_said() -> None:
    summary = summarise(measurements([FAST, SLOW], launches=4, blocks=1))
    assert summary.comparisons == ()
    assert says(summary, "flask, GET /json, 16 connections is not compared")


def test_many_cells_without_a_comparison_are_said_in_one_sentence() -> None:
    made = measurements([Part(f"server-{number}") for number in range(5)], launches=4, blocks=1)
    (said,) = [one for one in summarise(made).warnings if "not compared" in one]
    assert said.startswith("4 cells are not compared")


def test_a_view_that_waits_is_valid_but_mentioned() -> None:
    made = with_slices(
        measurements([FAST]), lambda one: one.model_copy(update={"server_cpu_ns": 9, "generator_busy_ns": 9})
    )
    summary = summarise(made)
    assert summary.cells[0].valid
    assert says(summary, "server and load generator were both idle")


def test_the_load_share_is_counted_time_by_wall_time() -> None:
    made = measurements([FAST, SLOW])
    assert summarise(made).load_share_of_wall == pytest.approx(80 * 0.1 / 100)
    started = made.run.started_at
    assert summarise(with_run(made, finished_at=started - timedelta(hours=1))).load_share_of_wall is None


def with_threads(original: Measurements, **threads: int) -> Measurements:
    """The same run with so many threads in these deployments."""
    deployments = tuple(
        one.model_copy(update={"threads": threads.get(one.name, one.threads)})
        for one in original.run.deployments
    )
    return with_run(original, deployments=deployments)


def test_unequal_parallelism_among_ranked_cells_is_told_once() -> None:
    parts = [Part(name, request=request) for name in ("uwsgi", "flask") for request in ("GET /a", "GET /b")]
    made = with_threads(measurements(parts), flask=1)
    told = [one for one in summarise(made).warnings if "Unequal parallelism" in one]
    assert len(told) == 1
    assert "flask 1 x 1, uwsgi 1 x 4" in told[0]


def test_parallelism_is_of_no_matter_where_cells_are_not_ranked_together() -> None:
    apart = measurements([Part("uwsgi"), Part("flask", kept=False, promised=False)])
    assert not says(summarise(with_threads(apart, flask=1)), "Unequal parallelism")
    assert not says(summarise(measurements([FAST, SLOW])), "Unequal parallelism")


def told_of_parallelism(parts: list[Part]) -> list[str]:
    return [one for one in summarise(measurements(parts)).warnings if "Unequal parallelism" in one]


def test_of_unequal_deployments_those_unlike_most_are_named() -> None:
    usual = [Part(name) for name in ("gunicorn", "uwsgi", "granian")]
    (told,) = told_of_parallelism([*usual, Part("flask", threads=1)])
    assert "(processes x threads): flask 1 x 1, all others 1 x 4." in told


def test_unequal_deployments_are_not_told_again_where_one_of_them_is_missing() -> None:
    everywhere = [
        Part(name, threads=threads, request=request)
        for request in ("GET /a", "GET /b")
        for name, threads in (("flask", 1), ("uwsgi", 4), ("waitress", 8))
    ]
    assert len(told_of_parallelism(everywhere[:-1])) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [
            Part(f"gunicorn-1x{n}", threads=n, server="gunicorn", request=r)
            for n in (1, 4, 8)
            for r in ("a", "b")
        ],
        [Part("uwsgi", threads=8), Part("gunicorn-shipped", threads=1, server="gunicorn", profile="shipped")],
    ],
    ids=["matrix", "profile"],
)
def test_parallelism_that_is_unequal_on_purpose_is_one_sentence_without_names(parts: list[Part]) -> None:
    (told,) = told_of_parallelism(parts)
    assert "from 1 x 1 to 1 x 8, as the scenario has it" in told
    assert "gunicorn" not in told


def test_many_wide_intervals_are_one_sentence() -> None:
    parts = [Part(name) for name in ("flask", "gunicorn", "uwsgi", "waitress", "granian")]
    told = [one for one in summarise(measurements(parts, noise=2.0)).warnings if "wide" in one]
    assert len(told) == 1
    assert told[0].startswith("4 of 4 intervals are wide, up to +-")


@pytest.mark.parametrize("kept", [True, False])
def test_where_nothing_is_promised_the_keep_alive_mode_is_the_measured_one(kept: bool) -> None:
    unknown = Part("command", goodput=2100.0, promised=None, kept=kept)
    summary = summarise(measurements([Part("gunicorn"), Part("flask", kept=False, promised=False), unknown]))
    with_it = "gunicorn" if kept else "flask"
    assert {frozenset(group) for group in summary.ranking if unknown.cell_id in group} == {
        frozenset({unknown.cell_id, Part(with_it).cell_id})
    }


def test_what_kept_connections_against_its_promise_is_ranked_in_no_mode() -> None:
    broken = Part("uwsgi", kept=False, promised=True)
    summary = summarise(measurements([Part("gunicorn"), Part("flask", kept=False, promised=False), broken]))
    assert broken.cell_id not in {cell for group in summary.ranking for cell in group}


def test_profiles_of_a_server_are_ranked_together_where_they_keep_alive_alike() -> None:
    profiles = [
        Part("waitress-equal", server="waitress"),
        Part("waitress-shipped", server="waitress", profile="shipped"),
        Part("gunicorn-equal", server="gunicorn"),
        Part("gunicorn-shipped", server="gunicorn", profile="shipped", kept=False, promised=False),
    ]
    groups = {frozenset(group) for group in summarise(measurements(profiles)).ranking}
    assert groups == {
        frozenset(part.cell_id for part in profiles[:3]), frozenset({profiles[3].cell_id})
    }  # fmt: skip
