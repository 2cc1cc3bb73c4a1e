"""Deployments that misbehave: what is refused, what is killed, and that nothing survives."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from bench.conductor.deployments import deployment
from bench.conductor.deployments.deployment import RunningDeployment, Stopping
from bench.conductor.deployments.running_part import Surroundings
from bench.conductor.deployments.site import Site
from bench.conductor.judge import Bodies, Judge
from bench.conductor.preparation import prepare
from bench.conductor.processes.family import NONCE_VARIABLE
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.ports import free_port
from bench.errors import InputError, ServerFailed
from bench.results.model import Deployment, Part
from bench.scenario.model import Measure, Request
from bench.scenario.reading import load_scenario
from bench.servers import Blueprint, Process, server_names
from tests.conductor.launching import ROOT, Watcher, ask_often, carrying, launched, living, new_launch

pytestmark = pytest.mark.integration

SHORT = {"start_timeout": "1s"}


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "STOP_PATIENCE_S", 0.5)
    with launched(tmp_path, app="tests.fixtures.stubborn:app", servers="waitress") as (launch, _):
        (pid,) = launch.running["waitress"].pids
        before = time.monotonic()
        Stopping(launch.running.values()).wait(Interruption())
        assert time.monotonic() - before < 10
        assert living([pid]) == []


def test_a_second_ctrl_c_ends_the_patience_with_it(tmp_path: Path) -> None:
    interruption = Interruption()
    interruption.came = interruption.hurried = True
    with launched(tmp_path, app="tests.fixtures.stubborn:app", servers="waitress") as (launch, _):
        (pid,) = launch.running["waitress"].pids
        before = time.monotonic()
        Stopping(launch.running.values()).wait(interruption)
        assert time.monotonic() - before < 4
        assert living([pid]) == []


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_a_daemon_in_a_session_of_its_own_is_found_and_killed(tmp_path: Path, server: str) -> None:
    choice = {"server": server, "processes": 1}
    with launched(tmp_path, app="tests.fixtures.haunted:app", servers=choice) as (launch, _):
        deployment = launch.running[server]
        nonce = psutil.Process(deployment.pids[0]).environ()[NONCE_VARIABLE]
        daemons = [pid for pid in deployment.pids if psutil.Process(pid).ppid() == psutil.Process().pid]
        assert len(daemons) == 2  # the first process, and the one that left it
        assert set(carrying(NONCE_VARIABLE, nonce)) == set(deployment.pids)
        Stopping(launch.running.values()).wait(Interruption())
        assert carrying(NONCE_VARIABLE, nonce) == []


STARTER = """
import json, sys, tempfile, time
from pathlib import Path
from bench.conductor.processes.children import adopt_orphans
from tests.conductor.launching import launched

adopt_orphans()
folder = Path(sys.argv[1])
with launched(folder, app="tests.fixtures.good:app", servers=json.loads(sys.argv[2])) as (launch, watcher):
    pids = {name: deployment.pids for name, deployment in launch.running.items()}
    print(json.dumps(pids), flush=True)
    time.sleep(600)
"""


def test_deployments_die_with_a_bench_that_is_killed(tmp_path: Path) -> None:
    servers = ["waitress", {"server": "gunicorn", "processes": 2}, {"server": "uwsgi", "processes": 2}]
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), json.dumps(servers)], stdout=subprocess.PIPE, cwd=ROOT
    ) as starter:
        assert starter.stdout is not None
        pids: dict[str, list[int]] = json.loads(starter.stdout.readline())
        processes = [psutil.Process(pid) for of_one in pids.values() for pid in of_one]
        assert len(processes) == 1 + 3 + 4
        starter.send_signal(signal.SIGKILL)
        starter.wait(10)
    psutil.wait_procs(processes, timeout=10)
    assert living([process.pid for process in processes]) == []


def test_a_foreign_server_on_a_fixed_port_is_found_before_anything_starts(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        choice = {"server": "waitress", "port": port}
        scenario.write_text(json.dumps({"app": "tests.fixtures.good:app", "servers": choice}))
        with pytest.raises(ServerFailed, match=f"port {port} .* is taken"):
            prepare(load_scenario(scenario, server_names()))


def blueprint_of_one(*command: str) -> Blueprint:
    return Blueprint((Process(command),), processes=1, threads=1, keeps_alive=True)


class _Foreign(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  (the base class's name)


def test_a_foreign_server_that_answers_in_place_of_ours_is_never_measured(tmp_path: Path) -> None:
    """As where it came between our look at the port and the start, or shares the port with SO_REUSEPORT."""
    silent = Deployment(
        id="ours", name="ours", server="waitress", app="app", version="1",
        parts=(Part(name="ours", command=()),), processes=1, threads=1, promises_keep_alive=True,
    )  # fmt: skip
    with HTTPServer(("127.0.0.1", 0), _Foreign) as foreign:
        thread = threading.Thread(target=foreign.serve_forever)
        thread.start()
        ours = RunningDeployment(
            silent,
            blueprint_of_one("sleep", "600"),
            site=Site(foreign.server_port, tmp_path / "deployment"),
            log=tmp_path / "log",
            surroundings=Surroundings(directory=tmp_path, environment={}, cores=(0,)),
        )
        try:
            with pytest.raises(ServerFailed, match="another process listens there"):
                ours.wait_until_ready(Request(path="/"), Measure())
        finally:
            ours.kill()
            foreign.shutdown()
            thread.join()
        assert ours.has_ended


def test_a_server_that_is_not_there_fails_and_the_others_start(tmp_path: Path) -> None:
    launch = new_launch(tmp_path, Watcher(), Interruption(), app="tests.fixtures.good:app",
                        servers=["waitress"])  # fmt: skip
    with pytest.raises(ServerFailed, match="cannot run no-such-server: No such file"):
        RunningDeployment(
            launch.prepared.run.deployments[0],
            blueprint_of_one("no-such-server"),
            site=Site(free_port(None, ()), tmp_path / "deployment"),
            log=tmp_path / "log",
            surroundings=Surroundings(directory=tmp_path, environment={}, cores=(0,)),
        )


def test_a_redirect_to_another_host_is_refused(tmp_path: Path) -> None:
    launch = new_launch(tmp_path, Watcher(), Interruption(), app="tests.fixtures.wrong:redirecting",
                        servers=["waitress"])  # fmt: skip
    try:
        with pytest.raises(InputError, match=r"redirected to the host example\.com") as caught:
            launch.start(set())
        assert "loopback" in caught.value.remedy
    finally:
        Stopping(launch.running.values()).wait(Interruption())


@pytest.mark.parametrize("app", ["silent:app", "unready:app", "wrong:endless"])
def test_what_gives_no_whole_answer_in_time_is_killed(tmp_path: Path, app: str) -> None:
    broken: set[str] = set()
    watcher, interruption = Watcher(), Interruption()
    launch = new_launch(tmp_path, watcher, interruption, app=f"tests.fixtures.{app}",
                        servers=["waitress"], measure=SHORT)  # fmt: skip
    launch.start(broken)
    assert broken == {"waitress"}
    assert launch.running == {}
    assert watcher.failures["waitress"].code == "start"
    assert "gave no answer to GET / within 1 s" in watcher.failures["waitress"].what


def test_apps_get_an_allow_listed_environment_and_that_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("AWS_SECRET_ACCESS_KEY", "GUNICORN_CMD_ARGS", "UWSGI_HTTP", "FLASK_DEBUG", "PYTHONPATH")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    servers = ["gunicorn", "uwsgi", "waitress"]
    with launched(
        tmp_path,
        app="tests.fixtures.good:variables",
        servers=servers,
        environment={"SHOP": "paper; $(lantern)"},
    ) as (launch, watcher):
        assert watcher.failures == {}
        for deployment in launch.running.values():
            seen = _variables_of(deployment)
            assert not set(secrets) & seen.keys()
            assert "secret" not in seen.values()
            assert seen["SHOP"] == "paper; $(lantern)"
            assert seen["LANG"] == "C.UTF-8"
            assert NONCE_VARIABLE in seen


def _variables_of(deployment: RunningDeployment) -> dict[str, str]:
    from bench.conductor.deployments.exchange import ask, request_bytes

    answer = ask(request_bytes(Request(path="/"), deployment.port), "GET", deployment.endpoint, 10.0)
    variables: dict[str, str] = json.loads(answer.body)
    return variables


def test_answers_that_differ_between_servers_are_rejected_where_they_differ_from_most(tmp_path: Path) -> None:
    servers = ["waitress", "gunicorn", "gunicorn-sync"]
    with launched(tmp_path, app="tests.fixtures.wrong:own_opinion", servers=servers) as (launch, watcher):
        bodies: Bodies = {}
        targets = Judge(launch, bodies).targets()
        assert launch.rejected.keys() == watcher.rejections.keys() == launch.unlike == {"waitress GET / x16"}
        assert "differs from the other deployments' answer" in launch.rejected["waitress GET / x16"]
        assert targets.keys() == {"gunicorn GET / x16", "gunicorn-sync GET / x16"}
        assert [cell.deployment for cell in launch.cells()] == ["gunicorn", "gunicorn-sync"]
        (body,) = bodies.values()
        assert body is not None
        assert body.startswith(b"gunicorn")


def test_where_opinions_are_even_the_app_is_right_and_not_the_floor(tmp_path: Path) -> None:
    with launched(
        tmp_path, app="tests.fixtures.good:app", floor="tests.fixtures.wrong:own_opinion", servers="waitress"
    ) as (launch, _):
        Judge(launch, {}).targets()
        assert launch.rejected.keys() == {"waitress/floor GET / x16"}


def test_the_right_answer_stays_what_it_was_in_an_earlier_launch(tmp_path: Path) -> None:
    with launched(tmp_path, app="tests.fixtures.good:app", servers="waitress") as (launch, _):
        assert Judge(launch, {(None, "GET /", "GET /"): b"what it was"}).targets() == {}
        assert launch.rejected.keys() == launch.unlike == {"waitress GET / x16"}


@pytest.mark.parametrize(("body", "accepted"), [("same", False), ("any", True)])
def test_answers_that_differ_each_time_are_rejected_unless_any_body_will_do(
    tmp_path: Path, body: str, accepted: bool
) -> None:
    request = {"path": "/", "expect": {"body": body}}
    with launched(tmp_path, app="tests.fixtures.wrong:fickle", servers="waitress", requests=[request]) as (
        launch,
        watcher,
    ):
        targets = Judge(launch, {}).targets()
        assert bool(targets) is accepted
        assert all("differently each time" in reason for reason in watcher.rejections.values())
        assert len(watcher.rejections) == len(launch.unlike) == (0 if accepted else 1)


def test_a_deployment_that_stops_answering_is_rejected_in_this_launch_only(tmp_path: Path) -> None:
    measure = {"response_timeout": "200ms"}
    with launched(tmp_path, app="tests.fixtures.good:app", servers="waitress", measure=measure) as (
        launch,
        _,
    ):
        stopped = psutil.Process(launch.running["waitress"].pids[0])
        stopped.suspend()
        assert Judge(launch, {}).targets() == {}
        assert launch.unlike == set()
        assert "no answer to GET /" in launch.rejected["waitress GET / x16"]
        stopped.resume()
        ask_often(launch.running["waitress"], 1)
