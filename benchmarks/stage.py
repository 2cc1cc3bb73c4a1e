"""The stage: two cores, a temporary folder and a list of what must be ended, whatever happens."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.conductor.machine import describe_machine, on_cores
from bench.conductor.processes.children import adopt_orphans
from bench.conductor.processes.interruption import Interruption
from bench.errors import InputError, Interrupted
from bench.results.model import Machine

SETTLE_S = 0.1


@dataclass(frozen=True)
class Stage:
    """Where a benchmark takes place. What is entered into `open` is ended in reverse order at the end.

    Every generator of load runs on `machine.generator_cores`, every server on `machine.server_cores`.
    """

    machine: Machine
    folder: Path
    interruption: Interruption
    open: ExitStack


@contextmanager
def stage() -> Iterator[Stage]:
    """Set the stage and clear it. Raises InputError with a single core, Interrupted after Ctrl-C or SIGTERM.

    This process sleeps on the generator's core, so that it never takes time from a server.
    """
    machine = describe_machine()
    if machine.cores < 2:
        raise InputError(
            "a benchmark needs two cores: one for the servers, one for what generates the load",
            "run it on a machine, or under a `taskset`, with more of them",
        )
    adopt_orphans()
    try:
        with (
            TemporaryDirectory(prefix="bench-") as folder,
            on_cores(machine.generator_cores),
            Interruption() as interruption,
            ExitStack() as everything,
        ):
            try:
                yield Stage(machine, Path(folder), interruption, everything)
            finally:
                interruption.shield()
    except KeyboardInterrupt:
        raise Interrupted("interrupted; everything that was started has been stopped") from None


def settle() -> None:
    """Give the server time to be done with the requests and connections of the turn before."""
    time.sleep(SETTLE_S)
