"""Launches of real deployments, as the conductor makes them, for tests to look at."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.conductor.deployments.deployment import RunningDeployment, Stopping
from bench.conductor.environments.availability import available_servers
from bench.conductor.environments.programs import version_of
from bench.conductor.launch import LaunchInProgress
from bench.conductor.preparation import prepare
from bench.conductor.processes.family import NONCE_VARIABLE
from bench.conductor.processes.interruption import Interruption
from bench.results.model import Block, Cell, Deployment, Failure, Run
from bench.results.store import Store
from bench.scenario.model import Request
from bench.scenario.reading import load_scenario
from bench.servers import server_names
from bench.servers.nginx import NGINX
from bench.stats.decision import Decision

ROOT = Path(__file__).parents[2]

needs_nginx = pytest.mark.skipif(version_of(NGINX) is None, reason=f"nginx is not installed: {NGINX.remedy}")
_APACHE = available_servers()["apache"]
needs_apache = pytest.mark.skipif(not _APACHE.is_there, reason=f"{_APACHE.reason}: {_APACHE.remedy}")


class Watcher:
    """An observer that remembers what went wrong."""

    def __init__(self) -> None:
        self.failures: dict[str, Failure] = {}
        self.rejections: dict[str, str] = {}

    def planned(self, run: Run, estimated_ns: int) -> None: ...
    def commanded(self, what: str, command: str) -> None: ...
    def warned(self, what: str) -> None: ...
    def launching(self, launch: int, launches: int) -> None: ...
    def ready(self, deployment: Deployment, start_up_ns: int) -> None: ...
    def measuring(self, launch: int, blocks: int) -> None: ...
    def measured(self, block: Block, remaining_ns: int) -> None: ...
    def decided(self, standing: str) -> None: ...
    def stopping(self) -> None: ...

    def failed(self, deployment: Deployment, failure: Failure) -> None:
        self.failures[deployment.id] = failure

    def rejected(self, cell: Cell, reason: str) -> None:
        self.rejections[cell.id] = reason


@contextmanager
def launched(folder: Path, **scenario: Any) -> Iterator[tuple[LaunchInProgress, Watcher]]:
    """One launch of the scenario's deployments, stopped at the end."""
    watcher, interruption = Watcher(), Interruption()
    launch = new_launch(folder, watcher, interruption, **scenario)
    try:
        launch.start(set())
        yield launch, watcher
    finally:
        Stopping(launch.running.values()).wait(interruption)


def new_launch(
    folder: Path, watcher: Watcher, interruption: Interruption, **scenario: Any
) -> LaunchInProgress:
    """A launch that has not started yet, without a twin if none is asked for."""
    path = folder / "scenario.yaml"
    measure = {"twin": False, **scenario.pop("measure", {})}
    path.write_text(json.dumps({"directory": str(ROOT), **scenario, "measure": measure}))
    prepared = prepare(load_scenario(path, server_names()), seed=1)
    store = Store.create(folder / "results", prepared.run.id)
    return LaunchInProgress(
        1, prepared, folder / "deployments", store, watcher, interruption, Decision(enough=False)
    )


def ask_often(deployment: RunningDeployment, times: int) -> None:
    """Ask for the first page, each time on a new connection."""
    from bench.conductor.deployments.exchange import ask, request_bytes

    data = request_bytes(Request(path="/"), deployment.port)
    for _ in range(times):
        assert ask(data, "GET", deployment.endpoint, 10.0).status == 200


def living(pids: list[int]) -> list[int]:
    """Those of the processes that have not ended, waited for or not."""
    return [pid for pid in pids if _is_living(pid)]


def _is_living(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def carrying(name: str, value: str | None = None) -> list[int]:
    """Processes that have this variable in their environment, with this value if one is given."""
    found = []
    for process in psutil.process_iter():
        try:
            variables = process.environ()
        except (psutil.Error, OSError):
            continue
        if name in variables and value in (None, variables[name]) and _is_living(process.pid):
            found.append(process.pid)
    return found


def children_with_a_nonce() -> list[int]:
    """Processes of deployments that are below this one."""
    below = {process.pid for process in psutil.Process().children(recursive=True)}
    return [pid for pid in carrying(NONCE_VARIABLE) if pid in below]
