"""A part of a deployment at work: one process that was started, and all it has become."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.processes import family
from bench.conductor.processes.children import child_environment, start
from bench.conductor.processes.keeper import Keeper
from bench.conductor.processes.log import LINES, last_lines, opened
from bench.results.model import LaunchedPart
from bench.servers import Address, Port, Process

CONNECT_PATIENCE_S = 1.0
KILL_PATIENCE_S = 1.5
QUIET_S = 0.5


@dataclass(frozen=True)
class Surroundings:
    """Where deployments are started: the app's folder, variables and Python, and the cores for servers.

    The `keeper` ends what is left of them where we are killed.
    """

    directory: Path
    environment: Mapping[str, str]
    cores: tuple[int, ...]
    python: PythonEnvironment = OURS
    keeper: Keeper | None = None


class RunningPart:
    """One fresh start of a part; what it writes goes to the log. Raises ServerFailed where it cannot run."""

    def __init__(self, name: str, process: Process, *, log: Path, surroundings: Surroundings) -> None:
        self.name = name
        self.command = process.command
        self.expected_processes = process.processes
        self.pids: list[int] = []
        self._listens = process.listens
        self._log = log
        self._nonce = family.new_nonce()
        environment = {
            **surroundings.environment,
            **process.environment,
            family.NONCE_VARIABLE: self._nonce,
        }
        with opened(log) as output:
            self._process: subprocess.Popen[bytes] = start(
                surroundings.python.command(process.command),
                directory=surroundings.directory,
                environment=child_environment(environment, surroundings.python),
                cores=surroundings.cores,
                output=output,
            )
        self._keeper = surroundings.keeper
        if self._keeper is not None:
            self._keeper.watch(self._process.pid)
        self._seen: set[int] = set()
        self._seen_at = time.monotonic()

    @property
    def exit_code(self) -> int | None:
        """How its first process ended, None while it runs."""
        return self._process.poll()

    @property
    def takes_connections(self) -> bool:
        """Whether somebody listens where it is to listen; True where nothing is said about that."""
        return self._listens is None or _takes_connections(self._listens)

    @property
    def is_whole(self) -> bool:
        """Whether it is as many processes as expected.

        Where that is not known, and where there are more, it is whole when none came or went lately.
        """
        now = {member.pid for member in self.members()}
        if now != self._seen:
            self._seen, self._seen_at = now, time.monotonic()
        if len(now) == self.expected_processes:
            return True
        may_be_all = self.expected_processes is None or len(now) > self.expected_processes
        return may_be_all and time.monotonic() - self._seen_at > QUIET_S

    def last_lines(self, most: int = LINES) -> tuple[str, ...]:
        """The last lines of what it wrote."""
        return last_lines(self._log, most)

    def members(self) -> list[psutil.Process]:
        """Every live process of it."""
        return family.members(self._process, self._nonce)

    def note_members(self) -> None:
        """Remember who belongs to it: from now on none of them may end, and none may come."""
        self.pids = [member.pid for member in self.members()]

    def cpu_ns(self) -> int:
        """CPU time used so far by all its processes. Raises ProcessLookupError where one has ended."""
        if self.exit_code is not None:  # until that is asked, the system keeps its clock for us
            raise ProcessLookupError(self._process.pid)
        return family.cpu_ns(self.pids)

    def changes(self) -> tuple[int, int]:
        """How many of its processes have ended since they were noted, and how many have come."""
        now, before = {member.pid for member in self.members()}, set(self.pids)
        return len(before - now), len(now - before)

    def stopped(self) -> int:
        """How many of its processes are stopped by a signal, and so take part in nothing."""
        return family.stopped(self.pids)

    def record(self, *, weighed: bool) -> LaunchedPart:
        """What is stored of it; where it is to be `weighed`, with its memory (PSS) as it is now."""
        return LaunchedPart(
            name=self.name,
            command=self.command,
            processes=len(self.pids) or None,
            memory_bytes=family.memory_bytes(self.members()) if weighed else None,
        )

    def ask_to_stop(self) -> list[psutil.Process]:
        """Ask it to end; returns every process that must be gone."""
        members = self.members()
        with suppress(ProcessLookupError):
            self._process.terminate()
        return members

    def make_sure(self, known: Sequence[psutil.Process]) -> None:
        """Kill what is left of it, and wait until that is gone."""
        left = {process.pid: process for process in (*known, *self.members())}
        family.end(list(left.values()))
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_PATIENCE_S)
        psutil.wait_procs([p for p in left.values() if p.pid != self._process.pid], timeout=KILL_PATIENCE_S)
        if self._keeper is not None and not self.members():
            self._keeper.forget(self._process.pid)


def _takes_connections(address: Address) -> bool:
    kind = socket.AF_INET if isinstance(address, Port) else socket.AF_UNIX
    target = (address.host, address.number) if isinstance(address, Port) else address.path
    with socket.socket(kind) as probe:
        probe.settimeout(CONNECT_PATIENCE_S)
        try:
            probe.connect(target)
        except OSError:
            return False
        return True
