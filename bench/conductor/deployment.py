"""A deployment at work: started, proven to be the one that answers, sampled, stopped."""

import http.client
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.conductor import family
from bench.conductor.children import child_environment, start
from bench.conductor.exchange import Answer, ask, keeps_alive, request_bytes
from bench.conductor.interruption import Interruption
from bench.conductor.log import last_lines
from bench.conductor.ports import listening_sockets, sockets_of
from bench.conductor.python_environment import OURS, PythonEnvironment
from bench.errors import InputError, ServerFailed
from bench.results.model import Deployment, Failure
from bench.scenario.model import Measure, Request
from bench.servers import Process
from bench.units import NS_PER_S, format_duration

POLL_S = 0.005
WRONG_STATUS_PATIENCE_S = 3.0
PROCESSES_PATIENCE_S = 2.0
STOP_PATIENCE_S = 5.0
KILL_PATIENCE_S = 1.5


@dataclass(frozen=True)
class Surroundings:
    """Where deployments are started: the app's folder, variables and Python, and the cores for servers."""

    directory: Path
    environment: Mapping[str, str]
    cores: tuple[int, ...]
    python: PythonEnvironment = OURS


class RunningDeployment:
    """One fresh start of a deployment. Raises ServerFailed where it cannot be started."""

    def __init__(
        self, deployment: Deployment, part: Process, *, port: int, log: Path, surroundings: Surroundings
    ) -> None:
        self.deployment = deployment
        self.command = part.command
        self.port = port
        self.pids: list[int] = []
        self.start_up_ns: int | None = None
        self.keeps_alive: bool | None = None
        self.processes: int | None = None
        self._log = log
        self._expected_processes = part.processes
        self._nonce = family.new_nonce()
        environment = {
            **surroundings.environment,
            **part.environment,
            family.NONCE_VARIABLE: self._nonce,
        }
        self._started_ns = time.perf_counter_ns()
        with log.open("ab") as output:
            self._process: subprocess.Popen[bytes] = start(
                surroundings.python.command(part.command),
                directory=surroundings.directory,
                environment=child_environment(environment, surroundings.python),
                cores=surroundings.cores,
                output=output,
            )

    def wait_until_ready(self, request: Request, measure: Measure) -> None:
        """Wait for the first good answer, and prove that it came from this deployment.

        Raises ServerFailed where it ends, stays silent, answers wrongly, or is not who answers; InputError
        where the app redirects to another host.
        """
        data = request_bytes(request, self.port)
        deadline = time.monotonic() + measure.start_timeout_ns / NS_PER_S
        what = f"gave no answer to {request.label} within {format_duration(measure.start_timeout_ns)}"
        while True:
            self._require_alive()
            answer = self._first_answer(data, request.method, deadline)
            if answer is not None and answer.status == request.expect.status:
                break
            if answer is not None:
                refuse_redirect_away(answer, request)
                what = f"answers {answer.status} instead of {request.expect.status} to {request.label}"
                deadline = min(deadline, time.monotonic() + WRONG_STATUS_PATIENCE_S)
            if time.monotonic() > deadline:
                raise self._not_started(what)
            time.sleep(POLL_S)
        self.start_up_ns = time.perf_counter_ns() - self._started_ns
        self._wait_for_processes()
        self._prove_who_answers()
        with suppress(OSError, http.client.HTTPException):
            self.keeps_alive = keeps_alive(data, request.method, self.port, 5.0)

    def _first_answer(self, data: bytes, method: str, deadline: float) -> Answer | None:
        try:
            return ask(data, method, self.port, max(0.05, deadline - time.monotonic()))
        except (OSError, http.client.HTTPException):
            return None

    def _wait_for_processes(self) -> None:
        """Wait for the workers that start after the one that answered: later they would pass for new ones.

        Where they do not come to be as many as expected, that is noted: `processes` tells how many there are.
        """
        deadline = time.monotonic() + PROCESSES_PATIENCE_S
        while len(self._members()) != self._expected_processes and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def _prove_who_answers(self) -> None:
        members = self._members()
        self.pids = [member.pid for member in members]
        self.processes = len(members)
        ours = sockets_of(self.pids)
        for listening in listening_sockets():
            if listening.port == self.port and listening.inode not in ours:
                raise self._not_started(
                    f"is not what answers on port {self.port}: another process listens there"
                )
            if listening.inode in ours and not listening.on_loopback:
                raise self._not_started(
                    f"listens on port {listening.port} for other machines, too: only loopback is allowed"
                )

    def _require_alive(self) -> None:
        code = self._process.poll()
        if code is not None:
            raise self._not_started(f"ended with exit code {code} before it answered")

    def _not_started(self, what: str) -> ServerFailed:
        return ServerFailed(f"{self.deployment.id} {what}", "\n  ".join(self.log_lines()))

    def log_lines(self) -> tuple[str, ...]:
        """The last lines of what it wrote."""
        return last_lines(self._log)

    def _members(self) -> list[psutil.Process]:
        return family.members(self._process.pid, self._nonce)

    def cpu_ns(self) -> int:
        """CPU time used so far by all its processes. Raises ProcessLookupError where one has ended."""
        if self.has_ended:  # until that is asked, the system keeps its clock for us
            raise ProcessLookupError(self._process.pid)
        return family.cpu_ns(self.pids)

    def failure(self) -> Failure | None:
        """What has happened to its processes since it was ready, if anything has."""
        code = self._process.poll()
        if code is not None:
            return Failure(code="died", what=f"ended with exit code {code} under load", log=self.log_lines())
        now = {member.pid for member in self._members()}
        if now != set(self.pids):
            lost, new = set(self.pids) - now, now - set(self.pids)
            what = f"{len(lost)} of its processes ended and {len(new)} new ones appeared under load"
            return Failure(code="worker", what=what, log=self.log_lines())
        return None

    def memory_bytes(self) -> int | None:
        """Memory of all its processes together (PSS)."""
        return family.memory_bytes(self._members())

    def ask_to_stop(self) -> list[psutil.Process]:
        """Ask it to end; returns every process that must be gone."""
        members = self._members()
        with suppress(ProcessLookupError):
            self._process.terminate()
        return members

    def kill(self) -> None:
        """End it without asking."""
        self.make_sure(self._members())

    @property
    def has_ended(self) -> bool:
        """Whether its first process has ended."""
        return self._process.poll() is not None

    def make_sure(self, known: list[psutil.Process]) -> None:
        """Kill what is left of it, and wait until that is gone."""
        left = {process.pid: process for process in known}
        left.update({member.pid: member for member in self._members()})
        family.end(list(left.values()))
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_PATIENCE_S)
        psutil.wait_procs([p for p in left.values() if p.pid != self._process.pid], timeout=KILL_PATIENCE_S)


def refuse_redirect_away(answer: Answer, request: Request) -> None:
    """Raise InputError where the app sends the client to another host: redirects are never followed."""
    host = urlsplit(answer.headers.get("location", "")).hostname
    if 300 <= answer.status < 400 and host not in (None, "127.0.0.1", "localhost"):
        raise InputError(
            f"{request.label} is redirected to the host {host}",
            "only the deployments on loopback are ever asked; choose a path that the app answers itself",
        )


class Stopping:
    """Deployments that were asked to stop, and may take their time as long as nobody waits for them."""

    def __init__(self, deployments: Iterable[RunningDeployment]) -> None:
        self._asked = [(deployment, deployment.ask_to_stop()) for deployment in deployments]
        self._deadline = time.monotonic() + STOP_PATIENCE_S

    def wait(self, interruption: Interruption) -> None:
        """Wait until all have ended; they are killed when patience ends, or at a second Ctrl-C."""
        while not all(deployment.has_ended for deployment, _ in self._asked):
            if time.monotonic() > self._deadline or interruption.hurried:
                break
            time.sleep(POLL_S)
        for deployment, members in self._asked:
            deployment.make_sure(members)
        self._asked = []
