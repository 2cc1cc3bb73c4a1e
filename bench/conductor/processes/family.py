"""The processes of a deployment, whatever they have forked: found, clocked, weighed and ended.

A process belongs to the deployment when it descends from the one we started, is in the session that it leads,
or carries the deployment's nonce in its environment. So a daemon that left its parent and its session is
found, and so is a worker of nginx, which writes its title over its environment.
"""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

NONCE_VARIABLE = "BENCH_DEPLOYMENT"
OURS = secrets.token_hex(8)  # how every nonce begins that this process gives to a deployment


def new_nonce() -> str:
    """A nonce for the processes of one deployment."""
    return OURS + secrets.token_hex(8)


def members(root: subprocess.Popen[bytes], nonce: str) -> list[psutil.Process]:
    """Every live process of the deployment whose first process is `root`.

    Once that has ended and been waited for, its pid may be that of anybody.
    """
    us, table = os.getpid(), _process_table()
    orphans = {pid for pid, entry in table.items() if entry.parent == us and pid != root.pid}
    first = {pid for pid in orphans if table[pid].session == root.pid}
    first |= {pid for pid in orphans - first if carries(pid, nonce)}
    first |= {root.pid} if root.returncode is None else set()
    found = []
    for pid in _with_descendants(first, table):
        with suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


def left(nonce: str, sessions: Collection[int]) -> list[psutil.Process]:
    """Every live process with a nonce that is, or begins with, this one, or in one of these sessions.

    A session is told by the pid of the process that began it. A zombie is not alive: where nobody reaps what
    has lost its parent, as in a container whose first process is not made for it, it stays for good.
    """
    found = []
    for pid, entry in _process_table().items():
        if entry.session in sessions or carries(pid, nonce):
            with suppress(psutil.Error):
                found.append(psutil.Process(pid))
    return found


def children() -> set[int]:
    """The live processes (pids) whose parent is this one: started by it, or orphans that it adopted."""
    us = os.getpid()
    return {pid for pid, entry in _process_table().items() if entry.parent == us}


def strays(known: Collection[int]) -> list[psutil.Process]:
    """Every live child of ours but these known ones, and whoever descends from it.

    A daemon that has left its session and cleared its environment is told by neither; but it has lost its
    parent, and so became a child of ours, where orphans are adopted.
    """
    found = []
    for pid in _with_descendants(children() - set(known), _process_table()):
        with suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


class _Entry(NamedTuple):
    """What the system says of a process: the process it belongs to, and the session."""

    parent: int
    session: int


def _process_table() -> dict[int, _Entry]:
    """Every process that has not ended, read once: psutil reads all of it for each question."""
    table = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  (four times as fast as making a path of each)
        if name.isdecimal():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  (as above)
                # The name of the program comes before, in brackets, and may hold anything.
                state, parent, _, session, *_ = file.read().rpartition(b") ")[2].split()
                if state != b"Z":
                    table[int(name)] = _Entry(int(parent), int(session))
    return table


def _with_descendants(first: Collection[int], table: Mapping[int, _Entry]) -> list[int]:
    """These processes, as far as they live, and whoever descends from them; children before parents."""
    children: dict[int, list[int]] = {}
    for pid, entry in table.items():
        children.setdefault(entry.parent, []).append(pid)
    found: dict[int, None] = {}
    todo = list(first)
    while todo:
        pid = todo.pop()
        if pid not in found:
            found[pid] = None
            todo += children.get(pid, ())
    return [pid for pid in reversed(found) if pid in table]


def carries(pid: int, nonce: str) -> bool:
    """Whether this process was started with a nonce that is, or begins with, this one."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(variable.startswith(f"{NONCE_VARIABLE}={nonce}".encode()) for variable in variables)


def cpu_ns(pids: Sequence[int]) -> int:
    """CPU time these processes have used since they started, ended threads included, in nanoseconds.

    It is the process's own clock (clock_getcpuclockid(3)): schedstat knows nothing of threads that have
    ended, and the dev server ends one a request. Raises ProcessLookupError where one of them is gone.
    """
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns((~pid << 3) | 2)
        except OSError as error:
            raise ProcessLookupError(pid) from error
    return total


def stopped(pids: Sequence[int]) -> int:
    """How many of these processes are stopped, by SIGSTOP or by a debugger."""
    still = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}
    count = 0
    for pid in pids:
        with suppress(psutil.Error):
            count += psutil.Process(pid).status() in still
    return count


def memory_bytes(processes: Sequence[psutil.Process]) -> int | None:
    """Proportional set size of the processes together: pages they share are counted once. None if unknown."""
    try:
        return sum(process.memory_full_info().pss for process in processes)
    except psutil.Error:
        return None


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill each process, and the group it leads; one whose pid is somebody else's by now is left alone."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            if process.is_running() and os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        with suppress(psutil.Error):
            process.kill()
