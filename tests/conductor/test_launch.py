"""Every server as it really starts: who answers, where it listens, what it costs, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.conductor.deployments.deployment import RunningDeployment, Stopping
from bench.conductor.deployments.exchange import ask, request_bytes
from bench.conductor.deployments.running_part import RunningPart
from bench.conductor.judge import Bodies, Judge
from bench.conductor.launch import LaunchInProgress
from bench.conductor.machine import describe_machine
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.ports import free_port
from bench.scenario.model import Request
from tests.conductor.launching import (
    ROOT,
    Watcher,
    ask_often,
    launched,
    living,
    needs_apache,
    needs_nginx,
)

pytestmark = pytest.mark.integration

TWO = {"processes": 2, "threads": 2}
CORES = len(describe_machine().server_cores)
NGINX = 1 + CORES


@dataclass(frozen=True)
class Expected:
    """How a server is chosen in a scenario, and what the deployment must come to be."""

    choice: Any
    keeps_alive: bool
    processes: tuple[int, ...]
    """Of each part: master and router or control process counted with the workers."""


def _behind(server: str, **behind: Any) -> dict[str, Any]:
    return {server: {**TWO, "behind": {"proxy": "nginx", **behind}}}


DEPLOYMENTS = {
    "flask": Expected("flask", keeps_alive=False, processes=(1,)),
    "gunicorn": Expected({"gunicorn": TWO}, keeps_alive=True, processes=(3,)),
    "gunicorn-sync": Expected({"gunicorn-sync": TWO}, keeps_alive=False, processes=(3,)),
    "gunicorn-gevent": Expected({"gunicorn-gevent": TWO}, keeps_alive=True, processes=(3,)),
    "uwsgi": Expected({"uwsgi": TWO}, keeps_alive=True, processes=(4,)),
    "uwsgi-http": Expected({"uwsgi-http": TWO}, keeps_alive=False, processes=(3,)),
    "uwsgi-http11": Expected({"uwsgi-http11": TWO}, keeps_alive=True, processes=(3,)),
    "waitress": Expected({"waitress": TWO}, keeps_alive=True, processes=(1,)),
    "granian": Expected({"granian": TWO}, keeps_alive=True, processes=(3,)),
    "cheroot": Expected({"cheroot": TWO}, keeps_alive=True, processes=(1,)),
    "bjoern": Expected({"bjoern": TWO}, keeps_alive=True, processes=(1,)),
    "apache": Expected({"apache": TWO}, keeps_alive=True, processes=(3 + CORES,)),
    "apache-embedded": Expected({"apache-embedded": TWO}, keeps_alive=True, processes=(3,)),
    "apache-tls": Expected({"apache": {**TWO, "tls": True}}, keeps_alive=True, processes=(3 + CORES,)),
    "ours": Expected(
        {"name": "ours", "command": "waitress-serve --listen={host}:{port} apps.flask_app:app"},
        keeps_alive=True,
        processes=(1,),
    ),
    "gunicorn-behind-nginx": Expected(_behind("gunicorn"), keeps_alive=True, processes=(3, NGINX)),
    "gunicorn-sync-behind-nginx-tcp": Expected(
        _behind("gunicorn-sync", over="tcp"), keeps_alive=True, processes=(3, NGINX)
    ),
    "waitress-behind-nginx-2": Expected(
        _behind("waitress", backends=2), keeps_alive=True, processes=(1, 1, NGINX)
    ),
    "uwsgi-behind-nginx": Expected(_behind("uwsgi"), keeps_alive=True, processes=(3, NGINX)),
    "gunicorn-tls": Expected({"gunicorn": {**TWO, "tls": True}}, keeps_alive=True, processes=(3,)),
    "uwsgi-tls": Expected({"uwsgi": {**TWO, "tls": True}}, keeps_alive=True, processes=(4,)),
    "granian-tls": Expected({"granian": {**TWO, "tls": True}}, keeps_alive=True, processes=(3,)),
    "waitress-behind-nginx-tls": Expected(
        {"waitress": {**TWO, "behind": "nginx", "tls": True}}, keeps_alive=True, processes=(1, NGINX)
    ),
    "gunicorn-shipped": Expected({"gunicorn": {"profile": "shipped"}}, keeps_alive=False, processes=(2,)),
}


def first_of(part: RunningPart) -> int:
    """The process that was started, of all that the part became."""
    (first,) = [pid for pid in part.pids if psutil.Process(pid).ppid() not in part.pids]
    return first


REQUESTS = ["GET /", "GET /json", "GET /page", "HEAD /json", "GET /static/shop.css"]
ORDER = {"lines": [{"product": 3, "quantity": 2}]}
STREAM = Request(path="/stream")


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchInProgress]:
    """The example app under every server, in front of and behind whatever there is, all at once."""
    with launched(
        tmp_path_factory.mktemp("launch"),
        app="apps.flask_app:app",
        servers=[expected.choice for expected in DEPLOYMENTS.values()],
        static={"prefix": "/static/", "folder": str(ROOT / "apps" / "static")},
        requests=[*REQUESTS, {"method": "POST", "path": "/orders", "json": ORDER}],
        load={"connections": 4},
    ) as (launch, watcher):
        assert watcher.failures == {}
        yield launch


every_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, indirect=True)


@every_deployment
def test_a_deployment_is_ready_and_keeps_connections_as_promised(deployment: RunningDeployment) -> None:
    expected = DEPLOYMENTS[deployment.deployment.id]
    assert deployment.start_up_ns is not None
    assert deployment.start_up_ns > 0
    assert deployment.keeps_alive is expected.keeps_alive
    assert deployment.deployment.promises_keep_alive in (expected.keeps_alive, None)
    assert deployment.failure() is None


@every_deployment
def test_a_deployment_has_the_processes_it_was_asked_for(deployment: RunningDeployment) -> None:
    expected = DEPLOYMENTS[deployment.deployment.id]
    assert tuple(len(part.pids) for part in deployment.parts) == expected.processes
    assert [part.processes for part in deployment.deployment.parts] in ([*expected.processes], [None])
    assert living(deployment.pids) == deployment.pids


@every_deployment
def test_a_deployment_has_no_socket_that_another_machine_can_reach(deployment: RunningDeployment) -> None:
    sockets = {
        socket.laddr for pid in deployment.pids for socket in psutil.Process(pid).net_connections("inet")
    }
    assert {address.ip for address in sockets} <= {"127.0.0.1", "127.0.0.2", "127.0.0.3"}
    assert ("127.0.0.1", deployment.port) in sockets


@every_deployment
def test_a_streamed_answer_is_the_same_from_every_deployment(
    deployment: RunningDeployment, launch: LaunchInProgress
) -> None:
    ours, gunicorns = (
        ask(request_bytes(STREAM, one.port), "GET", one.endpoint, 10.0)
        for one in (deployment, launch.running["gunicorn"])
    )
    assert (ours.status, ours.body) == (200, gunicorns.body)


@every_deployment
def test_answering_costs_cpu_time_and_being_there_memory(deployment: RunningDeployment) -> None:
    before_ns = deployment.cpu_by_part_ns()
    ask_often(deployment, 20)
    assert all(after > before for after, before in zip(deployment.cpu_by_part_ns(), before_ns, strict=True))
    for part in deployment.parts:
        memory = part.record(weighed=True).memory_bytes
        assert memory is not None
        assert 500_000 < memory < 1_000_000_000


@every_deployment
def test_a_deployment_runs_on_the_cores_for_servers(
    deployment: RunningDeployment, launch: LaunchInProgress
) -> None:
    for pid in deployment.pids:
        assert tuple(psutil.Process(pid).cpu_affinity()) == launch.prepared.run.machine.server_cores


def test_every_deployment_gives_the_same_answers(launch: LaunchInProgress) -> None:
    bodies: Bodies = {}
    targets = Judge(launch, bodies).targets()
    assert launch.rejected == {}
    assert targets.keys() == {cell.id for cell in launch.prepared.run.cells}
    assert {asked[1] for asked in bodies} == {*REQUESTS, "POST /orders"}
    assert None not in bodies.values()


def test_no_two_deployments_share_a_port(launch: LaunchInProgress) -> None:
    ports = [deployment.port for deployment in launch.running.values()]
    assert len(set(ports)) == len(ports)


def test_a_launch_is_recorded_as_it_is(launch: LaunchInProgress) -> None:
    launch.store.write_run(launch.prepared.run)
    launch.write()
    (recorded,) = launch.store.read().launches
    assert {one.deployment for one in recorded.deployments} == set(launch.running)
    for one in recorded.deployments:
        running = launch.running[one.deployment]
        assert [part.command for part in one.parts] == [part.command for part in running.parts]
        assert one.start_up_ns == running.start_up_ns
        assert one.processes == len(running.pids)
        assert one.memory_bytes
        assert one.failure is None


@needs_nginx
def test_when_a_launch_is_stopped_no_process_no_port_and_no_socket_is_left(tmp_path: Path) -> None:
    servers = [DEPLOYMENTS[name].choice for name in ("waitress-behind-nginx-2", "uwsgi", "cheroot")]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=servers) as (launch, watcher):
        assert watcher.failures == {}
        pids = [pid for deployment in launch.running.values() for pid in deployment.pids]
        ports = [deployment.port for deployment in launch.running.values()]
        assert list(launch.folder.rglob("*.sock"))
        Stopping(launch.running.values()).wait(Interruption())
        assert living(pids) == []
        assert [free_port(port, ()) for port in ports] == ports


@needs_nginx
@needs_apache
def test_nothing_is_left_of_a_part_whose_first_process_was_killed_and_could_tell_nobody(
    tmp_path: Path,
) -> None:
    servers = [DEPLOYMENTS[name].choice for name in ("gunicorn-behind-nginx", "apache", "uwsgi", "granian")]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=servers) as (launch, watcher):
        assert watcher.failures == {}
        pids = [pid for deployment in launch.running.values() for pid in deployment.pids]
        parts = [part for deployment in launch.running.values() for part in deployment.parts]
        firsts = [psutil.Process(first_of(part)) for part in parts]
        for first in firsts:
            first.kill()
        assert psutil.wait_procs(firsts, timeout=10)[1] == []
        names = set(launch.running)
        assert launch.look_after() == names
        assert living(pids) == []


@needs_nginx
@pytest.mark.parametrize("place", [0, 1, 2])
def test_when_a_part_ends_the_deployment_has_failed_and_all_of_it_is_ended(
    place: int, tmp_path: Path
) -> None:
    servers = [DEPLOYMENTS["waitress-behind-nginx-2"].choice]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=servers) as (launch, watcher):
        (deployment,) = launch.running.values()
        part = deployment.parts[place]
        first = first_of(part)
        psutil.Process(first).kill()
        psutil.Process(first).wait(10)
        assert launch.look_after() == {"waitress-behind-nginx-2"}
        failure = watcher.failures["waitress-behind-nginx-2"]
        assert failure.code == "died"
        assert f"({part.name})" in failure.what
        assert living(deployment.pids) == []


def test_a_deployment_that_ends_by_itself_has_failed_and_costs_nothing_more(tmp_path: Path) -> None:
    with launched(tmp_path, app="tests.fixtures.good:app", servers="waitress") as (launch, watcher):
        deployment = launch.running["waitress"]
        process = psutil.Process(deployment.pids[0])
        process.kill()
        process.wait(10)
        with pytest.raises(ProcessLookupError):
            deployment.cpu_by_part_ns()
        assert launch.look_after() == {"waitress"}
        assert launch.running == {}
        assert watcher.failures["waitress"].code == "died"


def test_a_worker_that_is_replaced_makes_the_deployment_fail(tmp_path: Path) -> None:
    choice = {"server": "gunicorn", "processes": 2}
    with launched(tmp_path, app="tests.fixtures.good:app", servers=choice) as (launch, watcher):
        deployment = launch.running["gunicorn"]
        (master,) = [pid for pid in deployment.pids if psutil.Process(pid).ppid() not in deployment.pids]
        worker = psutil.Process(next(pid for pid in deployment.pids if pid != master))
        worker.kill()
        psutil.wait_procs([worker], timeout=10)
        with pytest.raises(ProcessLookupError):
            deployment.cpu_by_part_ns()
        assert launch.look_after() == {"gunicorn"}
        assert watcher.failures["gunicorn"].code == "worker"
        assert living(deployment.pids) == []


def test_a_worker_that_is_stopped_makes_the_deployment_fail_though_the_others_answer(tmp_path: Path) -> None:
    choice = {"server": "gunicorn", "processes": 2}
    with launched(tmp_path, app="tests.fixtures.good:app", servers=choice) as (launch, watcher):
        deployment = launch.running["gunicorn"]
        (first,) = [first_of(part) for part in deployment.parts]
        worker = psutil.Process(next(pid for pid in deployment.pids if pid != first))
        worker.suspend()
        wait_for_status(worker, psutil.STATUS_STOPPED)
        assert launch.look_after() == {"gunicorn"}
        failure = watcher.failures["gunicorn"]
        assert failure.code == "worker"
        assert failure.what == "1 of its 3 processes stood still, stopped by a signal"
        assert living(deployment.pids) == []


def wait_for_status(process: psutil.Process, status: str) -> None:
    while process.status() != status:
        pass


def test_a_fixed_port_can_be_used_again_at_once(tmp_path: Path) -> None:
    port = free_port(None, ())
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        choice = {"server": "gunicorn-sync", "port": port}
        with launched(folder, app="tests.fixtures.good:app", servers=choice) as (launch, watcher):
            assert watcher.failures == {}
            assert launch.running["gunicorn-sync"].port == port
            ask_often(launch.running["gunicorn-sync"], 5)


def test_a_free_port_is_never_one_that_is_fixed_for_another(tmp_path: Path) -> None:
    watcher = Watcher()
    fixed = free_port(None, ())
    choices = ["gunicorn", {"server": "waitress", "port": fixed}]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=choices) as (launch, _):
        assert fixed in launch._taken_ports()
        assert launch.running["waitress"].port == fixed
        assert launch.running["gunicorn"].port != fixed
    assert watcher.failures == {}
