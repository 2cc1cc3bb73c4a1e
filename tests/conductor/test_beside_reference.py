"""The app beside the reference: what is planned, how the reference is served and judged, what is refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.conductor import reference_app
from bench.conductor.beside_reference import (
    held_against,
    prepare_beside_reference,
    reference_folder,
)
from bench.conductor.check import CONFIRMATION
from bench.conductor.deployments.deployment import Stopping
from bench.conductor.judge import Judge
from bench.conductor.launch import LaunchInProgress
from bench.conductor.preparation import Prepared
from bench.conductor.processes.interruption import Interruption
from bench.errors import Inconclusive, InputError
from bench.results.baseline_file import Baseline, KeptCell, KeptMetric
from bench.results.model import LoadLevel
from bench.results.store import Store
from bench.scenario.reading import LoadedScenario, load_scenario
from bench.servers import server_names
from bench.stats.baselines.reference import VERSION_NAME
from bench.stats.decision import Decision
from bench.stats.two_runs.fingerprint import facts
from tests.conductor.launching import Watcher

APP = """
from flask import Flask

app = Flask(__name__)
app.add_url_rule("/", "made", lambda: ("made", 201))
app.add_url_rule("/other", "other", lambda: "another")
"""
MADE = {"path": "/", "expect": {"status": 201, "body": {"equal": "made"}}}


def loaded(folder: Path, **parts: Any) -> LoadedScenario:
    (folder / "shop.py").write_text(APP)
    whole = {"app": "shop:app", "floor": "shop:app", "servers": "waitress", "load": {"connections": 2}}
    path = folder / "scenario.yaml"
    path.write_text(json.dumps({**whole, **parts}))
    return load_scenario(path, server_names())


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return planned(tmp_path)


def planned(folder: Path, **parts: Any) -> Prepared:
    return prepare_beside_reference(loaded(folder, **parts), folder / "reference", seed=1)


def baseline_for(prepared: Prepared, launches: int = 24, **update: object) -> Baseline:
    """A baseline that a run like this one could have made."""
    names = {one.id: one.name for one in prepared.run.deployments if one.app == "app"}
    metric = KeptMetric(log_ratios=(0.1,) * launches, typical=None)
    cells = tuple(
        KeptCell(
            deployment=names[cell.deployment], request=cell.request, load=cell.load, metrics={"cpu": metric}
        )
        for cell in prepared.run.cells
        if cell.deployment in names
    )
    run = prepared.run
    made = Baseline(run="then", measured_at=run.started_at, facts=facts(run), cells=cells)
    return made.model_copy(update=update)


@contextmanager
def launched(prepared: Prepared, folder: Path) -> Iterator[tuple[LaunchInProgress, Watcher]]:
    watcher, interruption = Watcher(), Interruption()
    store = Store.create(folder, "one")
    launch = LaunchInProgress(
        1, prepared, folder / "deployments", store, watcher, interruption, Decision(enough=False)
    )
    try:
        launch.start(set())
        yield launch, watcher
    finally:
        Stopping(launch.running.values()).wait(interruption)


def test_each_server_has_the_app_and_the_reference_with_one_cell_for_each_load(tmp_path: Path) -> None:
    prepared = planned(
        tmp_path, servers=["flask", "waitress"], requests=["GET /", "GET /other"],
        load=[{"connections": 2}, {"rate": "50/s"}],
    )  # fmt: skip
    assert [(one.id, one.name, one.app, one.revision) for one in prepared.run.deployments] == [
        ("flask@head", "flask", "app", "head"),
        ("flask/reference", "flask", "reference", None),
        ("waitress@head", "waitress", "app", "head"),
        ("waitress/reference", "waitress", "reference", None),
    ]
    by_app = {one.id: one.app for one in prepared.run.deployments}
    of_references = [one for one in prepared.run.cells if by_app[one.deployment] == "reference"]
    assert {one.request for one in of_references} == {"GET /"}
    assert len(of_references) == 4
    assert len(prepared.run.cells) == 4 + 8
    assert prepared.run.versions[VERSION_NAME] == reference_app.VERSION
    assert prepared.choices["flask@head"].source.python == prepared.choices["flask/reference"].source.python
    assert "run_simple" in " ".join(prepared.run.deployments[1].parts[0].command)


def test_the_number_of_launches_is_settled_before(tmp_path: Path) -> None:
    assert planned(tmp_path, measure={"until": "2%"}).most_launches == 24
    few = planned(tmp_path, check={"launches": 9})
    assert (few.most_launches, few.decide) == (9, None)
    check = held_against(few, baseline_for(few), "b.json")
    assert check.most_launches == 9 + CONFIRMATION
    assert check.run.baseline is not None
    assert Baseline.model_validate(check.run.baseline.content) == baseline_for(few)


def test_a_fact_that_matters_refuses_the_baseline_and_every_one_is_named(prepared: Prepared) -> None:
    machine = prepared.run.machine.model_copy(update={"cpu_model": "Another", "cores": 64})
    elsewhere = facts(prepared.run.model_copy(update={"machine": machine}))
    with pytest.raises(Inconclusive, match=r"processor: Another then(.|\n)*number of cores: 64 then"):
        held_against(prepared, baseline_for(prepared, facts=elsewhere), "b.json")


def test_a_cell_that_the_baseline_does_not_hold_refuses_it(prepared: Prepared) -> None:
    (cell,) = baseline_for(prepared).cells
    other = cell.model_copy(update={"load": LoadLevel(connections=3)})
    with pytest.raises(Inconclusive, match="does not hold: waitress, GET /, 2 connections"):
        held_against(prepared, baseline_for(prepared, cells=(other,)), "b.json")


def test_too_few_launches_are_refused(prepared: Prepared) -> None:
    """Three figures need 1 chance in 300: with 24 launches now, 2 then leave 1 in 325, and 1 then 1 in 25."""
    held_against(prepared, baseline_for(prepared, launches=2), "b.json")
    with pytest.raises(Inconclusive, match="1 launches then and 24 now"):
        held_against(prepared, baseline_for(prepared, launches=1), "b.json")


def test_the_users_of_a_locustfile_are_refused(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("")
    with pytest.raises(InputError, match="locustfile"):
        planned(tmp_path, load={"locustfile": "users.py", "users": 2})


def test_a_command_that_names_its_own_app_is_refused(tmp_path: Path) -> None:
    command = {"name": "mine", "command": "serve --port {port} shop:app"}
    with pytest.raises(InputError, match="a command of your own"):
        planned(tmp_path, servers=["flask", command])


@pytest.mark.integration
def test_the_reference_is_served_and_judged_by_itself(tmp_path: Path) -> None:
    """The scenario expects a status and a body that no reference gives."""
    scenario = loaded(tmp_path, servers=["flask", "waitress"], requests=[MADE, "GET /other"])
    with reference_folder(Interruption()) as folder:
        assert [one.name for one in folder.iterdir()] == ["reference_app.py"]
        prepared = prepare_beside_reference(scenario, folder, seed=1)
        with launched(prepared, tmp_path) as (launch, watcher):
            assert watcher.failures == {}
            targets = Judge(launch, {}).targets()
            assert watcher.rejections == {}
            assert targets.keys() == {cell.id for cell in prepared.run.cells}
            by_deployment = {
                cell.deployment: targets[cell.id].requests[0].expected for cell in launch.cells()
            }
            for server in ("flask", "waitress"):
                expected = by_deployment[f"{server}/reference"]
                assert (expected.status, expected.body) == (200, reference_app.work())
            assert launch.answers.keys() == {
                cell.id for cell in prepared.run.cells if cell.deployment.endswith("@head")
            }
    assert not folder.exists()
