"""Starts that fail: what is refused before there is a process, and what is told of one that went wrong."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from bench.conductor.preparation import prepare
from bench.conductor.processes.ports import free_port
from bench.errors import InputError, ServerFailed
from bench.scenario.reading import load_scenario
from bench.servers import server_names
from tests.conductor.launching import launched, needs_nginx

pytestmark = pytest.mark.integration


@needs_nginx
@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.3"])
def test_an_address_that_a_backend_needs_is_found_taken_before_anything_starts(
    tmp_path: Path, host: str
) -> None:
    scenario = tmp_path / "scenario.yaml"
    with socket.create_server((host, 0)) as foreign:
        port = foreign.getsockname()[1]
        behind = {"proxy": "nginx", "over": "tcp", "backends": 2}
        choice = {"server": "waitress", "port": port, "behind": behind}
        scenario.write_text(json.dumps({"app": "tests.fixtures.good:app", "servers": choice}))
        with pytest.raises(ServerFailed, match=f"port {port} on {host} is taken"):
            prepare(load_scenario(scenario, server_names()))


@pytest.mark.parametrize(
    "choice",
    [
        {"name": "ours", "command": "waitress-serve --listen=0.0.0.0:{port} tests.fixtures.good:app"},
        {"server": "gunicorn", "options": ["--bind", ":8000"]},
    ],
)
def test_who_is_told_to_listen_for_other_machines_is_not_even_started(
    tmp_path: Path, choice: dict[str, Any]
) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(json.dumps({"app": "tests.fixtures.good:app", "servers": choice}))
    with pytest.raises(InputError, match="would listen for other machines, too"):
        prepare(load_scenario(scenario, server_names()))


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_who_can_be_reached_from_other_machines_once_it_is_up_is_ended_and_not_measured(
    tmp_path: Path, kind: str
) -> None:
    port = str(free_port(None, ()))
    environment = {"EXPOSED": kind, "EXPOSED_PORT": port}
    with launched(
        tmp_path, app="tests.fixtures.exposed:app", servers="waitress", environment=environment
    ) as (launch, watcher):
        assert launch.running == {}
        assert f"listens on port {port} for other machines" in watcher.failures["waitress"].what


def test_a_folder_whose_path_is_no_text_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "scenario.yaml").write_text("app: tests.fixtures.good:app")
    with pytest.raises(InputError, match="folder is not UTF-8"):
        prepare(load_scenario(folder / "scenario.yaml", server_names()))


@needs_nginx
def test_of_a_backend_that_does_not_start_its_own_words_are_quoted_and_not_the_proxys(tmp_path: Path) -> None:
    choice = {"server": "gunicorn", "behind": {"proxy": "nginx", "backends": 2}}
    with launched(tmp_path, app="tests.fixtures.unimportable:app", servers=choice) as (launch, watcher):
        (failure,) = watcher.failures.values()
        assert launch.running == {}
        assert "(gunicorn-" in failure.what
        assert any("Worker failed to boot" in line for line in failure.log)
        assert not any("upstream" in line for line in failure.log)


def test_workers_that_come_one_after_the_other_are_waited_for_where_nobody_said_how_many(
    tmp_path: Path,
) -> None:
    """gunicorn pauses before each, and the first one answers meanwhile."""
    command = "gunicorn --workers 6 --bind {host}:{port} --no-control-socket tests.fixtures.good:app"
    choice = {"name": "ours", "command": command}
    with launched(tmp_path, app="tests.fixtures.good:app", servers=choice) as (launch, _):
        ours = launch.running["ours"]
        assert len(ours.pids) == 1 + 6
        assert ours.failure() is None
