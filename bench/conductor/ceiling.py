"""What the load generator can do here: loaded with a target that does next to nothing."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.conductor import null_target
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.machine import on_cores
from bench.conductor.processes.children import child_environment, start
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.log import opened
from bench.errors import ServerFailed
from bench.load.expectations import Expected
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target, WireRequest
from bench.load.wire import request_bytes
from bench.results.model import Machine
from bench.stats.validity import GENERATOR_BUSY_AT_MOST
from bench.units import NS_PER_MS, NS_PER_S

CONNECTIONS = 32
RATE_PER_S = 1000.0
_KEY = "null"
_RAMP_NS = 200 * NS_PER_MS
CEILING_WINDOW_NS = 300 * NS_PER_MS


@dataclass(frozen=True)
class Ceiling:
    """What the generator did with the null target: as fast as it could, and at a rate."""

    closed: SliceOutcome
    open: SliceOutcome


def measure_ceiling(machine: Machine, folder: Path, window_ns: int, interruption: Interruption) -> Ceiling:
    """Load the null target, which runs where servers do, for two windows of this length.

    Raises GeneratorFailed and ServerFailed, and KeyboardInterrupt when everything has been stopped.
    """
    running = ExitStack()
    orders = [
        null_target_order(CONNECTIONS, window_ns, polls=machine.generator_has_own_cores, rate_per_s=rate)
        for rate in (None, RATE_PER_S)
    ]
    try:
        with on_cores(machine.generator_cores):
            with interruption.held():
                generator = GeneratorProcess(machine.generator_cores, folder / "generator.log")
                running.callback(generator.stop)
            generator.wait_until_ready()
            closed, open_ = ask_null_target(generator, machine, folder, interruption, orders)
    finally:
        with interruption.held():
            running.close()
    return Ceiling(closed, open_)


def ask_null_target(
    generator: GeneratorProcess,
    machine: Machine,
    folder: Path,
    interruption: Interruption,
    orders: Sequence[SliceOrder],
) -> list[SliceOutcome]:
    """Have a generator that is ready load a null target of its own, which runs where servers do.

    Raises what `measure_ceiling` raises. The generator has no targets then.
    """
    with _null_target(machine, folder, interruption) as target:
        generator.set_targets({_KEY: _target(target.port())})
        outcomes = [generator.slice(order) for order in orders]
        generator.set_targets({})
    return outcomes


def null_target_order(
    connections: int, window_ns: int, *, polls: bool, rate_per_s: float | None = None
) -> SliceOrder:
    """One slice of load on a null target."""
    return SliceOrder(
        target=_KEY,
        connections=connections,
        ramp_ns=_RAMP_NS,
        counted_ns=window_ns,
        response_timeout_ns=5 * NS_PER_S,
        polls=polls,
        rate_per_s=rate_per_s,
    )


def limit_of(outcome: SliceOutcome) -> float | None:
    """How many answers a second the generator can take at most, by a closed loop on the null target.

    None where it was not the generator that was the limit: the null target is one process on one core, so
    the generator may be able to do any amount more. None as well where not every answer was right.
    """
    busy = outcome.generator_busy_ns / max(1, outcome.generator_wall_ns)
    if outcome.errors or busy <= GENERATOR_BUSY_AT_MOST:
        return None
    return outcome.requests * NS_PER_S / outcome.counted_ns


@contextmanager
def _null_target(
    machine: Machine, folder: Path, interruption: Interruption
) -> Iterator["_NullTargetProcess"]:
    running = ExitStack()
    try:
        with interruption.held():
            target = _NullTargetProcess(machine, folder)
            running.callback(target.stop)
        yield target
    finally:
        with interruption.held():
            running.close()


def _target(port: int) -> Target:
    data = request_bytes("GET", "/", f"{null_target.HOST}:{port}")
    request = WireRequest(name="/", method="GET", data=data, expected=Expected(200, null_target.BODY))
    return Target(null_target.HOST, port, (request,))


class _NullTargetProcess:
    """A running null target."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        with opened(folder / "null-target.log") as output:
            self._process: subprocess.Popen[bytes] = start(
                (sys.executable, "-P", "-m", null_target.__name__),
                directory=folder,
                environment=child_environment({}),
                cores=machine.server_cores,
                output=output,
                piped=True,
            )

    def port(self) -> int:
        """The port it listens on, once it does. Raises ServerFailed where it has ended instead."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ServerFailed("the null target did not start")
        return int(line)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
