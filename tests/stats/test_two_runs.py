import pytest

from bench.results.model import Failure, Measurements
from bench.stats.baselines.reference import VERSION_NAME
from bench.stats.summary import Interval
from bench.stats.two_runs.comparison import ComparedCell, ComparedMetric, TwoRuns, compare
from bench.stats.two_runs.words import about, verdict, warnings
from tests.stats.synthetic import Part, measurements, with_run, with_slices

FLOOR = Part("gunicorn", 5000, "floor", cpu_us=60)
APP = Part("gunicorn")


def measured(*parts: Part, speed: float = 1.0, launches: int = 6, seed: int = 1) -> Measurements:
    """A run of these parts on a machine of this speed."""
    faster = [
        Part(one.name, one.goodput * speed, one.app, one.cpu_us / speed, one.request, failure=one.failure)
        for one in parts
    ]
    return measurements(faster, launches=launches, blocks=6, seed=seed)


def slower(part: Part, by: float = 1.10) -> Part:
    return Part(part.name, part.goodput / by, part.app, part.cpu_us * by)


def metric(two: TwoRuns, name: str = "goodput") -> ComparedMetric:
    """This metric of the first cell of an app."""
    cell = next(one for one in two.cells if one.deployment.app == "app")
    return next(one for one in cell.metrics if one.metric == name)


def holds(interval: Interval | None, value: float) -> bool:
    return interval is not None and interval.low <= value <= interval.high


def told(two: TwoRuns) -> str:
    return " ".join(warnings(two))


def test_a_plain_ratio_is_that_of_the_values_beside_it() -> None:
    two = compare(measured(APP, launches=5), measured(APP, speed=0.7, launches=8, seed=2))
    for cell in two.cells:
        for one in cell.metrics:
            assert one.plain is not None
            assert one.first is not None
            assert one.second is not None
            assert one.second / one.first == pytest.approx(one.plain.value)


# With a reference


@pytest.mark.parametrize("reference", [FLOOR, Part("gunicorn", 3000, "reference", request="GET /other")])
def test_a_slower_machine_cancels_where_both_measured_a_reference(reference: Part) -> None:
    two = compare(measured(APP, reference), measured(APP, reference, speed=0.7, seed=2))
    for name in ("goodput", "cpu", "median", "p99"):
        one = metric(two, name)
        assert one.machine_cancels
        assert one.relative is not None
        assert one.relative.value == pytest.approx(1, abs=0.03)
    assert holds(metric(two).plain, 0.7)
    assert metric(two).verdict == "tie"


def test_a_slower_app_on_a_faster_machine_is_worse_by_what_it_is_slower() -> None:
    two = compare(measured(APP, FLOOR), measured(slower(APP), FLOOR, speed=1.5, seed=2))
    one = metric(two)
    assert one.verdict == "worse"
    assert holds(one.relative, 1 / 1.10)
    assert one.second is not None
    assert one.first is not None
    assert one.second > one.first
    assert metric(two, "cpu").verdict == "worse"
    assert verdict(two.cells[0], one) == "worse"


def test_memory_is_compared_as_it_is() -> None:
    two = compare(measured(APP, FLOOR), measured(APP, FLOOR, speed=0.5))
    assert metric(two, "memory").relative is None
    assert metric(two, "memory").plain == Interval(1, 1, 1)


def test_the_reference_that_bench_brings_along_comes_before_the_floor() -> None:
    parts = (APP, FLOOR, Part("gunicorn", 3000, "reference"))
    assert compare(measured(*parts), measured(*parts)).cells[0].reference == "the reference under gunicorn"
    two = compare(measured(*parts), measured(APP, FLOOR))
    assert two.cells[0].reference == "the floor under gunicorn"


def test_another_version_of_what_bench_brings_along_is_no_reference() -> None:
    parts = (APP, FLOOR, Part("gunicorn", 3000, "reference"))
    later = with_run(measured(*parts), versions={"python": "3.11", VERSION_NAME: "2"})
    assert compare(measured(*parts), later).cells[0].reference == "the floor under gunicorn"


def test_a_floor_under_another_version_of_the_server_is_no_reference() -> None:
    changed = measured(APP, FLOOR)
    updated = tuple(one.model_copy(update={"version": "9.9"}) for one in changed.run.deployments)
    two = compare(measured(APP, FLOOR), with_run(changed, deployments=updated))
    assert two.cells[0].reference == ""
    assert not metric(two).machine_cancels


def test_a_floor_that_is_not_valid_is_no_reference() -> None:
    broken = Part("gunicorn", 5000, "floor", failure=Failure(code="died", what="it died"))
    assert compare(measured(APP, FLOOR), measured(APP, broken)).cells[0].reference == ""


# Without


def test_without_a_reference_the_plain_ratio_carries_its_caveat() -> None:
    two = compare(measured(APP), measured(slower(APP), seed=2))
    one = metric(two)
    assert not one.machine_cancels
    assert holds(one.ratio, 1 / 1.10)
    assert verdict(two.cells[0], one) == "worse, or the machine was slower"
    assert (
        verdict(two.cells[0], metric(compare(measured(APP), measured(APP))))
        == "tie, if the machine was the same"
    )
    assert told(two).count("not measured side by side") == 1


def test_swapped_runs_invert_the_ratio_and_the_verdict() -> None:
    first, second = measured(APP), measured(slower(APP), seed=2)
    one, other = metric(compare(first, second)), metric(compare(second, first))
    assert one.ratio is not None
    assert other.ratio is not None
    assert one.ratio.value * other.ratio.value == pytest.approx(1)
    assert (one.verdict, other.verdict) == ("worse", "better")


def test_with_one_launch_there_is_a_value_and_no_verdict() -> None:
    two = compare(measured(APP), measured(APP, launches=1))
    assert metric(two).first is not None
    assert metric(two).ratio is None
    assert metric(two).verdict is None
    assert "B has a single launch" in told(two)


# Which cells


def test_cells_of_only_one_run_are_named() -> None:
    two = compare(measured(APP, Part("flask")), measured(APP, Part("uwsgi")))
    assert [one.name for one in two.cells] == ["gunicorn, GET /json, 16 connections"]
    assert two.only_first == ("flask, GET /json, 16 connections",)
    assert two.only_second == ("uwsgi, GET /json, 16 connections",)


def test_base_and_head_of_a_check_are_told_apart_and_the_twin_is_left_out() -> None:
    def check(seed: int) -> Measurements:
        run = measured(Part("one"), Part("two"), Part("three"), seed=seed)
        names = [{"revision": "base"}, {"revision": "head"}, {"twin_of": "one-app"}]
        changed = tuple(
            one.model_copy(update={"name": "gunicorn", **update})
            for one, update in zip(run.run.deployments, names, strict=True)
        )
        return with_run(run, deployments=changed)

    names = [one.name for one in compare(check(1), check(2)).cells]
    assert names == [
        "gunicorn of base, GET /json, 16 connections",
        "gunicorn of head, GET /json, 16 connections",
    ]


def test_a_cell_that_is_not_valid_in_either_run_has_numbers_and_no_verdict() -> None:
    wrong = with_slices(measured(APP), lambda one: one.model_copy(update={"errors": {"status 500": 50}}))
    two = compare(measured(APP), wrong)
    (cell,) = two.cells
    assert not cell.valid
    assert cell.reasons[0].startswith("B: ")
    assert metric(two).verdict is None
    assert metric(two).ratio is not None
    assert verdict(cell, metric(two)) == "not valid"


def test_a_floor_is_shown_as_what_moved_with_the_machine() -> None:
    two = compare(measured(APP, FLOOR), measured(APP, FLOOR, speed=0.7))
    floor: ComparedCell = two.cells[1]
    assert floor.reference == ""
    assert "by how much it moved" in about(floor)


# What is said


def test_what_speaks_against_the_runs_is_said_first() -> None:
    ended = with_run(measured(APP), id="other", status="partial", versions={"python": "3.12"})
    text = told(compare(measured(APP), ended))
    assert "B did not finish" in text
    assert "differ in a fact" in text
    assert "the same run" in told(compare(measured(APP), measured(APP)))
