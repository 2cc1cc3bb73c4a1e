"""Ends what `bench` leaves behind where it is itself killed: a process that waits for that, and outlives it.

The parent-death signal ends the first process of each deployment only: a worker may take many seconds to miss
its master, and a daemon never does. Until `bench` ends, the keeper sleeps in one read and costs nothing.
"""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bench.conductor.processes import family
from bench.conductor.processes.children import child_environment, remedy
from bench.errors import InputError

_MODULE = "bench.conductor.processes.keeper"
_PATIENCE_S = 5.0
_REMOVAL_S = 30.0
_PAUSE_S = 0.05
_NOT_FOR_US = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Keeper:
    """The keeper as `bench` sees it: it begins its work when its input ends, in whatever way.

    Give it a `folder` that is not there yet, and it removes that once no process of ours is left to write
    to it. Raises InputError where the system allows no further process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._patience_s = _PATIENCE_S if folder is None else _PATIENCE_S + _REMOVAL_S
        environment = child_environment({})
        try:
            self._process = subprocess.Popen(
                (sys.executable, "-P", "-m", _MODULE, family.OURS, *filter(None, [folder])),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise InputError(
                f"cannot run {sys.executable}: {error.strerror}", remedy(error, environment)
            ) from error

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def watch(self, session: int) -> None:
        """Have it end, in the end, whoever is in this session, told by the pid of who began it."""
        self._tell(f"+{session}\n")

    def forget(self, session: int) -> None:
        """Nobody is in that session any more: who gets its number is not ours."""
        self._tell(f"-{session}\n")

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            with suppress(OSError):  # where it was ended by others there is nobody to tell
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()

    def stop(self) -> None:
        """Let it look once more for what is left, and end. What it could not do any more we do."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._patience_s)
        if self._folder is not None:  # where it was killed itself
            shutil.rmtree(self._folder, ignore_errors=True)


def _sessions(told: Iterable[bytes]) -> set[int]:
    """The sessions that were told and not forgotten, until `bench` ended."""
    sessions: set[int] = set()
    for line in told:
        change = sessions.add if line.startswith(b"+") else sessions.discard
        change(int(line[1:]))
    return sessions


def _remove(folder: Path) -> None:
    """Remove the folder, again where something was still being written to it."""
    deadline = time.monotonic() + _REMOVAL_S
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        shutil.rmtree(folder, ignore_errors=True)


def main(ours: str, folder: str | None = None) -> None:
    """Wait for the end of `bench`, then kill every process of its deployments, and remove its folder.

    A signal that whoever ends a service sends to all its processes does not end the keeper before its work.
    """
    for number in _NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)
    sessions = _sessions(line for line in sys.stdin.buffer if line.endswith(b"\n"))
    deadline = time.monotonic() + _PATIENCE_S
    while (left := family.left(ours, sessions)) and time.monotonic() < deadline:
        family.end(left)
        time.sleep(_PAUSE_S)
    if folder is not None:
        _remove(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
