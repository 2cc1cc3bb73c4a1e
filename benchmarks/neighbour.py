"""A neighbour: a process that competes for the servers' core in bursts, the same ones for the same seed.

Started as `neighbour.py SEED` it pauses and works in turn, for seconds each, until it is ended.
"""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.stage import Stage
from benchmarks.tools import running

DUTY = 0.3
BURST_S = (1.0, 3.0)


@contextmanager
def neighbour(stage: Stage, seed: int) -> Iterator[None]:
    """A neighbour on the servers' cores; it is ended at the end."""
    command = (sys.executable, "-m", "benchmarks.neighbour", str(seed))
    folder = Path(__file__).resolve().parents[1]
    cores = stage.machine.server_cores
    with running(stage, command, cores=cores, log=stage.folder / "neighbour.log", directory=folder):
        yield


def bursts(seed: int) -> Iterator[tuple[float, float]]:
    """Pauses and the bursts after them, in seconds; of all the time, bursts are the share `DUTY`."""
    chance = random.Random(seed)
    longer = (1 - DUTY) / DUTY
    while True:
        yield longer * chance.uniform(*BURST_S), chance.uniform(*BURST_S)


def main() -> None:
    """Pause and work until something ends it."""
    for pause_s, burst_s in bursts(int(sys.argv[1])):
        time.sleep(pause_s)
        end = time.monotonic() + burst_s
        while time.monotonic() < end:
            pass


if __name__ == "__main__":
    main()
