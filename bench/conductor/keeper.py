"""Ends what `bench` leaves behind where it is itself killed: a process that waits for that, and outlives it.

The parent-death signal ends the first process of each deployment only: a worker may take many seconds to miss
its master, and a daemon never does. Until `bench` ends, the keeper sleeps in one read and costs nothing.
"""

import subprocess
import sys
import time
from contextlib import suppress

import psutil

from bench.conductor import family
from bench.conductor.children import child_environment

_PATIENCE_S = 5.0
_PAUSE_S = 0.05


class Keeper:
    """The keeper as `bench` sees it: it begins its work when its input ends, in whatever way."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-P", "-m", "bench.conductor.keeper", family.OURS),
            env=child_environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Let it look once more for what is left, and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_S)


def _left(ours: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if family.carries(process, ours)]


def main(ours: str) -> None:
    """Wait for the end of `bench`, then kill every process of its deployments."""
    sys.stdin.buffer.read()
    deadline = time.monotonic() + _PATIENCE_S
    while (left := _left(ours)) and time.monotonic() < deadline:
        family.end(left)
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1])
