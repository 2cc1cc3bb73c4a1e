from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.results.model import Failure, Measurements, Skipped
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
    made = measurements(PARTS)
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


def test_too_few_blocks_for_a_comparison_are_said() -> None:
    summary = summarise(measurements([FAST, SLOW], launches=4, blocks=1))
    assert summary.comparisons == ()
    assert says(summary, "flask, GET /json, 16 connections is not compared")


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
