"""The processes of a deployment, whatever they have forked: found, clocked, weighed and ended.

A process belongs to the deployment when it descends from the one we started, is in the session that it leads,
or carries the deployment's nonce in its environment. So a daemon that left its parent and its session is
found, and so is a worker of nginx, which writes its title over its environment.
"""

import os
import secrets
import signal
import time
from collections.abc import Collection, Sequence
from contextlib import suppress

import psutil

NONCE_VARIABLE = "BENCH_DEPLOYMENT"
OURS = secrets.token_hex(8)  # how every nonce begins that this process gives to a deployment


def new_nonce() -> str:
    """A nonce for the processes of one deployment."""
    return OURS + secrets.token_hex(8)


def members(root: int, nonce: str) -> list[psutil.Process]:
    """Every live process of the deployment whose first process is `root`."""
    found: dict[int, psutil.Process] = {}
    with suppress(psutil.Error):
        process = psutil.Process(root)
        found = {child.pid: child for child in process.children(recursive=True)}
        if process.status() != psutil.STATUS_ZOMBIE:
            found[root] = process
    for orphan in psutil.Process().children():
        if orphan.pid not in found and orphan.pid != root and _is_of(orphan, root, nonce):
            found[orphan.pid] = orphan
            with suppress(psutil.Error):
                found.update({child.pid: child for child in orphan.children(recursive=True)})
    return list(found.values())


def _is_of(process: psutil.Process, session: int, nonce: str) -> bool:
    return is_in(process, {session}) or carries(process, nonce)


def is_in(process: psutil.Process, sessions: Collection[int]) -> bool:
    """Whether this process is in one of these sessions, told by the pid of the process that began each."""
    try:
        return os.getsid(process.pid) in sessions
    except OSError:
        return False


def carries(process: psutil.Process, nonce: str) -> bool:
    """Whether this process was started with a nonce that is, or begins with, this one."""
    try:
        return process.environ().get(NONCE_VARIABLE, "").startswith(nonce)
    except (psutil.Error, OSError):
        return False


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


def memory_bytes(processes: Sequence[psutil.Process]) -> int | None:
    """Proportional set size of the processes together: pages they share are counted once. None if unknown."""
    try:
        return sum(process.memory_full_info().pss for process in processes)
    except psutil.Error:
        return None


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill each process, and the group it leads."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        with suppress(psutil.Error):
            process.kill()
