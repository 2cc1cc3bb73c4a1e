"""What the load generator can do here: loaded with a target that does next to nothing."""

import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.conductor import null_target
from bench.conductor.children import child_environment, start
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.interruption import Interruption
from bench.conductor.machine import on_cores
from bench.errors import ServerFailed
from bench.load.expectations import Expected
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target, WireRequest
from bench.load.wire import request_bytes
from bench.results.model import Machine
from bench.units import NS_PER_MS, NS_PER_S

CONNECTIONS = 32
RATE_PER_S = 1000.0
_KEY = "null"
_RAMP_NS = 200 * NS_PER_MS


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
    try:
        with on_cores(machine.generator_cores):
            with interruption.held():
                target = _NullTargetProcess(machine, folder)
                running.callback(target.stop)
                generator = GeneratorProcess(machine.generator_cores, folder / "generator.log")
                running.callback(generator.stop)
            generator.wait_until_ready()
            generator.set_targets({_KEY: _target(target.port())})
            closed, open_ = (
                generator.slice(_order(machine, window_ns, rate_per_s)) for rate_per_s in (None, RATE_PER_S)
            )
    finally:
        with interruption.held():
            running.close()
    return Ceiling(closed, open_)


def _order(machine: Machine, window_ns: int, rate_per_s: float | None) -> SliceOrder:
    return SliceOrder(
        target=_KEY,
        connections=CONNECTIONS,
        ramp_ns=_RAMP_NS,
        counted_ns=window_ns,
        response_timeout_ns=5 * NS_PER_S,
        polls=machine.generator_has_own_cores,
        rate_per_s=rate_per_s,
    )


def _target(port: int) -> Target:
    data = request_bytes("GET", "/", f"{null_target.HOST}:{port}")
    request = WireRequest(name="/", method="GET", data=data, expected=Expected(200, null_target.BODY))
    return Target(null_target.HOST, port, (request,))


class _NullTargetProcess:
    """A running null target."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        with (folder / "null-target.log").open("ab") as output:
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
