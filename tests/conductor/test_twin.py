"""A deployment entered twice: planned with one cell, started and judged as any other, without a say."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.conductor.judge import Bodies, Judge
from bench.conductor.preparation import prepare
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.ports import free_port
from bench.results.model import Failure, Run
from bench.scenario.reading import load_scenario
from bench.servers import server_names
from tests.conductor.launching import Watcher, launched, new_launch

GOOD = "tests.fixtures.good:app"
TWIN = {"twin": True}
USERS = {"locustfile": "users.py", "users": 2}


def planned(folder: Path, **scenario: Any) -> Run:
    (folder / "users.py").write_text("")
    return new_launch(folder, Watcher(), Interruption(), app=GOOD, **scenario).prepared.run


def test_a_run_enters_its_first_deployment_twice_if_nothing_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps({"app": GOOD, "servers": ["waitress", "gunicorn"]}))
    assert [one.twin_of for one in prepare(load_scenario(path, server_names())).run.deployments] == [
        None,
        None,
        "waitress",
    ]


def test_the_twin_is_the_first_app_again_with_one_cell_at_the_end(tmp_path: Path) -> None:
    run = planned(
        tmp_path,
        floor=GOOD,
        servers=["waitress", "gunicorn"],
        requests=["/a", "/b"],
        load=[USERS, {"rate": "500/s"}, {"connections": 4}],
        measure=TWIN,
    )
    *others, twin = run.deployments
    assert [one.twin_of for one in others] == [None] * 4
    assert (twin.id, twin.name, twin.app, twin.twin_of) == (
        "waitress again",
        "waitress again",
        "app",
        "waitress",
    )
    assert (twin.server, twin.parts) == (others[0].server, others[0].parts)
    *cells, cell = run.cells
    assert cell.id == "waitress again GET /a @500/s"
    assert {one.deployment for one in cells} == {one.id for one in others}


@pytest.mark.parametrize("scenario", [{"load": USERS, "measure": TWIN}, {"measure": {"twin": False}}])
def test_there_is_no_twin_where_nothing_suits_it_or_nobody_wants_it(
    tmp_path: Path, scenario: dict[str, Any]
) -> None:
    run = planned(tmp_path, servers="waitress", **scenario)
    assert [one.id for one in run.deployments] == ["waitress"]
    assert [one.deployment for one in run.cells] == ["waitress"]


def test_a_twin_is_judged_has_a_port_of_its_own_and_is_asked_only_its_request(tmp_path: Path) -> None:
    port = free_port(None, ())
    with launched(
        tmp_path, app=GOOD, servers={"server": "waitress", "port": port}, requests=["/a", "/b"], measure=TWIN
    ) as (launch, watcher):
        assert watcher.failures == {}
        assert launch.running["waitress"].port == port
        assert launch.running["waitress again"].port != port
        targets = Judge(launch, {}).targets()
        assert targets.keys() == {cell.id for cell in launch.prepared.run.cells}
        assert targets["waitress again GET /a x16"].port == launch.running["waitress again"].port
        assert "waitress again GET /b x16" not in targets
        launch.write()
        launch.store.write_run(launch.prepared.run)
        (recorded,) = launch.store.read().launches
        assert {one.deployment for one in recorded.deployments} == {"waitress", "waitress again"}


def test_a_twin_has_no_say_in_what_the_right_answer_is(tmp_path: Path) -> None:
    servers = ["waitress", "gunicorn", "gunicorn-sync"]
    with launched(tmp_path, app="tests.fixtures.wrong:own_opinion", servers=servers, measure=TWIN) as (
        launch,
        _,
    ):
        bodies: Bodies = {}
        Judge(launch, bodies).targets()
        assert launch.rejected.keys() == {"waitress GET / x16", "waitress again GET / x16"}
        (body,) = bodies.values()
        assert body is not None
        assert body.startswith(b"gunicorn")


def test_a_twin_is_measured_only_beside_what_it_repeats(tmp_path: Path) -> None:
    with launched(tmp_path, app=GOOD, floor=GOOD, servers="waitress", measure=TWIN) as (launch, _):
        assert len(launch.cells()) == 3
        launch.lose("waitress", Failure(code="died", what="killed"))
        assert [cell.deployment for cell in launch.cells()] == ["waitress/floor"]


def test_a_command_that_names_its_own_app_has_no_floor(tmp_path: Path) -> None:
    command = {"name": "mine", "command": "serve --port {port} shop:app"}
    run = planned(tmp_path, servers=["waitress", command], floor="tests.fixtures.good:app")
    assert {one.id for one in run.deployments if one.twin_of is None} == {
        "waitress",
        "waitress/floor",
        "mine",
    }
