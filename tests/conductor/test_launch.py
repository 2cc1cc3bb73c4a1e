"""Every server as it really starts: who answers, where it listens, what it costs, and how it ends."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.conductor.deployment import RunningDeployment, Stopping
from bench.conductor.interruption import Interruption
from bench.conductor.judge import Bodies, Judge
from bench.conductor.launch import LaunchInProgress
from bench.conductor.ports import free_port
from bench.servers import SERVERS
from tests.conductor.launching import Watcher, ask_often, launched, living

pytestmark = pytest.mark.integration

TWO = {"processes": 2, "threads": 2}
SERVER_LIST = [name if name == "flask" else {"server": name, **TWO} for name in SERVERS]
APPS = [f"{name}{app}" for name in SERVERS for app in ("", "/floor")]
KEEPS_ALIVE = {"flask": False, "gunicorn": True, "gunicorn-sync": False, "uwsgi": True, "waitress": True}
PROCESSES = {"flask": 1, "gunicorn": 3, "gunicorn-sync": 3, "uwsgi": 4, "waitress": 1}


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchInProgress]:
    """The example app and its floor under every server at once."""
    with launched(
        tmp_path_factory.mktemp("launch"),
        app="apps.flask_app:app",
        floor="apps.bare:app",
        servers=SERVER_LIST,
        load={"connections": 4},
    ) as (launch, watcher):
        assert watcher.failures == {}
        yield launch


@pytest.fixture
def deployment(launch: LaunchInProgress, request: pytest.FixtureRequest) -> RunningDeployment:
    return launch.running[request.param]


every_deployment = pytest.mark.parametrize("deployment", APPS, indirect=True)


@every_deployment
def test_a_deployment_is_ready_and_keeps_connections_as_promised(deployment: RunningDeployment) -> None:
    assert deployment.start_up_ns is not None
    assert deployment.start_up_ns > 0
    assert deployment.keeps_alive is KEEPS_ALIVE[deployment.deployment.server]
    assert deployment.keeps_alive is deployment.deployment.promises_keep_alive
    assert deployment.failure() is None


@every_deployment
def test_a_deployment_has_the_processes_it_was_asked_for(deployment: RunningDeployment) -> None:
    assert deployment.processes == PROCESSES[deployment.deployment.server]
    assert len(set(deployment.pids)) == deployment.processes
    assert living(deployment.pids) == deployment.pids


@every_deployment
def test_a_deployment_listens_on_loopback_only(deployment: RunningDeployment) -> None:
    listening = {
        socket.laddr
        for pid in deployment.pids
        for socket in psutil.Process(pid).net_connections("inet")
        if socket.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert deployment.port in {address.port for address in listening}


@every_deployment
def test_answering_costs_cpu_time_and_being_there_memory(deployment: RunningDeployment) -> None:
    before_ns = deployment.cpu_ns()
    ask_often(deployment, 20)
    assert deployment.cpu_ns() > before_ns
    memory = deployment.memory_bytes()
    assert memory is not None
    assert 5_000_000 < memory < 1_000_000_000


@every_deployment
def test_a_deployment_runs_on_the_cores_for_servers(
    deployment: RunningDeployment, launch: LaunchInProgress
) -> None:
    for pid in deployment.pids:
        assert tuple(psutil.Process(pid).cpu_affinity()) == launch.prepared.run.machine.server_cores


def test_apps_and_floors_give_the_same_answers(launch: LaunchInProgress) -> None:
    bodies: Bodies = {}
    targets = Judge(launch, bodies).targets()
    assert launch.rejected == {}
    assert targets.keys() == {cell.id for cell in launch.prepared.run.cells}
    assert bodies == {(None, "GET /", "GET /"): b"Hello, world!\n"}


def test_no_two_deployments_share_a_port(launch: LaunchInProgress) -> None:
    ports = [deployment.port for deployment in launch.running.values()]
    assert len(set(ports)) == len(ports) == len(APPS)


def test_a_launch_is_recorded_as_it_is(launch: LaunchInProgress) -> None:
    launch.store.write_run(launch.prepared.run)
    launch.write()
    (recorded,) = launch.store.read().launches
    assert {one.deployment for one in recorded.deployments} == set(APPS)
    for one in recorded.deployments:
        running = launch.running[one.deployment]
        assert one.command == running.command
        assert one.start_up_ns == running.start_up_ns
        assert one.processes == running.processes
        assert one.memory_bytes
        assert one.failure is None


def test_when_a_launch_is_stopped_no_process_and_no_port_is_left(tmp_path: Path) -> None:
    servers = [server for server in SERVER_LIST if server != "flask"]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=servers) as (launch, watcher):
        assert watcher.failures == {}
        pids = [pid for deployment in launch.running.values() for pid in deployment.pids]
        ports = [deployment.port for deployment in launch.running.values()]
        Stopping(launch.running.values()).wait(Interruption())
        assert living(pids) == []
        assert [free_port(port, ()) for port in ports] == ports


def test_a_deployment_that_ends_by_itself_has_failed_and_costs_nothing_more(tmp_path: Path) -> None:
    with launched(tmp_path, app="tests.fixtures.good:app", servers="waitress") as (launch, watcher):
        deployment = launch.running["waitress"]
        process = psutil.Process(deployment.pids[0])
        process.kill()
        process.wait(10)
        with pytest.raises(ProcessLookupError):
            deployment.cpu_ns()
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
            deployment.cpu_ns()
        assert launch.look_after() == {"gunicorn"}
        assert watcher.failures["gunicorn"].code == "worker"
        assert living(deployment.pids) == []


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
