"""Child processes of ours: how they are started so that none of them outlives us.

Each gets its own session (Ctrl-C reaches us, not them), a parent-death signal, the cores it may run on, and
an allow-listed environment, in which the commands of its Python come before all others.
"""

import ctypes
import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from bench.conductor.environments.environment_variables import passed_on
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.errors import ServerFailed

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_DIES_FIRST = 500  # halfway from the rule, 0, to "always this one", 1000
_EXHAUSTED = frozenset({errno.EAGAIN, errno.ENOMEM})
_libc = ctypes.CDLL(None, use_errno=True)


def child_environment(extra: Mapping[str, str], python: PythonEnvironment = OURS) -> dict[str, str]:
    """The variables of a child: a few harmless ones of ours, those of its Python, and these."""
    return {**passed_on(), **python.variables(), "PYTHONUNBUFFERED": "1", **extra}


def start(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    cores: Sequence[int],
    output: IO[bytes],
    piped: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child whose standard error (and output, unless `piped`) goes to a file.

    Call it from the main thread: the parent-death signal is sent when the starting thread ends. Raises
    ServerFailed where the command is not there or cannot be run.
    """

    def in_the_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, cores)
        _die_first()

    try:
        return subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else output,
            stderr=output,
            start_new_session=True,
            preexec_fn=in_the_child,  # noqa: PLW1509  (before any thread of ours is started)
        )
    except OSError as error:
        raise ServerFailed(
            f"cannot run {command[0]}: {error.strerror}", remedy(error, environment)
        ) from error


def remedy(error: OSError, environment: Mapping[str, str]) -> str:
    """What to do where no process could be started with this environment."""
    if error.errno in _EXHAUSTED:
        return "allow more processes (`ulimit -u`, the limit of the container) or more memory"
    first = environment["PATH"].partition(os.pathsep)[0]
    return f"it was looked up in {first}, and then in the other folders of PATH"


def _die_first() -> None:
    """Have the system end this process where memory runs out, not the one that keeps what was measured."""
    adjustment = Path("/proc/self/oom_score_adj")
    with suppress(OSError, ValueError):
        adjustment.write_text(str(max(_DIES_FIRST, int(adjustment.read_text()))))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none escapes being stopped."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
