from pathlib import Path

import numpy as np
import pytest

from bench.results.baseline_file import read_baseline, write_baseline
from bench.results.model import Failure, Measurements
from bench.scenario.check import METRICS, Metric
from bench.stats.baselines.cells import (
    ReferredCell,
    against,
    baseline_of,
    kept_cell,
    referred_cells,
    refusals,
)
from bench.stats.baselines.judgement import judge
from bench.stats.baselines.reference import VERSION_NAME
from bench.stats.checks.slow_downs import slow_downs
from bench.stats.inference.gate import Judgement
from tests.stats.synthetic import Part, measurements, with_run

REFERENCE = Part("gunicorn", 3000, "reference", cpu_us=250)
APP = Part("gunicorn")
GATED: tuple[Metric, ...] = ("goodput", "cpu", "median")


def measured(*parts: Part, speed: float = 1.0, seed: int = 1, launches: int = 12) -> Measurements:
    """A run of these parts on a machine of this speed."""
    faster = [
        Part(one.name, one.goodput * speed, one.app, one.cpu_us / speed, one.request, failure=one.failure)
        for one in parts
    ]
    return measurements(faster, launches=launches, blocks=3, seed=seed)


def only(found: Measurements) -> ReferredCell:
    (cell,) = referred_cells(found)
    return cell


def checked(then: Measurements, now: Measurements, folder: Path) -> dict[Metric, Judgement]:
    """The judgement of a run against a baseline that went through a file."""
    write_baseline(folder / "baseline.json", baseline_of(then.run, [only(then)]))
    baseline, cell = read_baseline(folder / "baseline.json"), only(now)
    assert refusals(baseline, now.run) == ()
    kept = kept_cell(baseline, cell)
    assert kept is not None
    judged = judge([against(kept, cell, metric, allow=0.05, least=0.02) for metric in GATED])
    return dict(zip(GATED, judged, strict=True))


@pytest.mark.parametrize("speed", [0.6, 1.0, 1.7])
def test_an_app_that_did_not_change_passes_on_a_machine_of_any_speed(tmp_path: Path, speed: float) -> None:
    found = checked(measured(APP, REFERENCE), measured(APP, REFERENCE, speed=speed, seed=2), tmp_path)
    assert {one.verdict for one in found.values()} == {"pass"}


def test_a_slower_app_is_red_on_a_faster_machine(tmp_path: Path) -> None:
    slower = Part("gunicorn", 2000 / 1.15, cpu_us=160 * 1.15)
    found = checked(measured(APP, REFERENCE), measured(slower, REFERENCE, speed=1.5, seed=2), tmp_path)
    assert {one.verdict for one in found.values()} == {"regression"}
    assert found["cpu"].effect == pytest.approx(0.15, abs=0.01)
    assert found["goodput"].effect == pytest.approx(0.15, abs=0.03)


def test_what_is_kept_are_the_log_ratios_to_the_reference_and_the_values() -> None:
    found = measured(APP, REFERENCE)
    (kept,) = baseline_of(found.run, [only(found)]).cells
    cell = only(found)
    assert cell.reference is not None
    assert set(kept.metrics) == set(METRICS)
    for metric in METRICS:
        expected = slow_downs(cell.tally, cell.reference, metric, range(12))
        assert kept.metrics[metric].log_ratios == pytest.approx(expected)
    assert kept.metrics["cpu"].typical == pytest.approx(160_000, rel=0.01)
    assert kept.metrics["memory"].typical == pytest.approx(60_000_000)
    # Above 0 is worse: the app answers fewer requests than its reference, and takes less CPU time for each.
    assert np.median(cell.log_ratios["goodput"]) > 0 > np.median(cell.log_ratios["cpu"])


def test_the_reference_is_that_of_the_same_server_whatever_it_is_asked() -> None:
    other = Part("uwsgi", 9000, "reference")
    own = Part("gunicorn", 3000, "reference", request="GET /reference")
    cell = only(measured(other, APP, own))
    assert cell.reference is not None
    assert cell.reference.cell.request == "GET /reference"
    assert only(measured(other, APP)).reference is None


def test_base_floors_references_and_twins_are_no_cells_of_a_baseline() -> None:
    run = measured(APP, REFERENCE, Part("gunicorn", app="floor"), Part("base"), Part("twin"))
    changes = {"base-app": {"revision": "base"}, "twin-app": {"twin_of": "gunicorn-app"}}
    deployments = tuple(one.model_copy(update=changes.get(one.id, {})) for one in run.run.deployments)
    assert only(with_run(run, deployments=deployments)).tally.deployment.id == "gunicorn-app"


def test_a_cell_without_a_sound_reference_is_never_kept() -> None:
    died = Part("gunicorn", 3000, "reference", failure=Failure(code="died", what="it died"))
    for found, code in ((measured(APP), "no-reference"), (measured(APP, died), "died")):
        assert code in {reason.code for reason in only(found).reasons}
        with pytest.raises(ValueError, match="valid"):
            baseline_of(found.run, [only(found)])


def test_another_machine_or_reference_is_refused_and_another_day_is_not() -> None:
    found = measured(APP, REFERENCE)
    baseline = baseline_of(found.run, [only(found)])
    machine = found.run.machine.model_copy(update={"cpu_model": "Another"})
    assert refusals(baseline, with_run(found, id="later", seed=5).run) == ()
    assert [one.name for one in refusals(baseline, with_run(found, machine=machine).run)] == ["processor"]
    versions = {**found.run.versions, VERSION_NAME: "2"}
    (only_one,) = refusals(baseline, with_run(found, versions=versions).run)
    assert only_one.name == "version of reference app"


def test_a_metric_or_cell_that_was_not_kept_has_nothing_to_say() -> None:
    found = measured(APP, REFERENCE)
    baseline = baseline_of(found.run, [only(found)])
    assert kept_cell(baseline, only(measured(Part("uwsgi"), REFERENCE))) is None
    kept = kept_cell(baseline, only(found))
    assert kept is not None
    bare = kept.model_copy(update={"metrics": {}})
    (judgement,) = judge([against(bare, only(found), "cpu", 0.05, 0.02)])
    assert (judgement.verdict, judgement.p_value) == ("inconclusive", 1.0)
