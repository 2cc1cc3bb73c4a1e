"""The server whose answers take a known time, as a target: started on the servers' first core."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import numpy as np
from numpy.typing import NDArray

from bench.conductor.deployments.exchange import Endpoint, ask, request_bytes
from bench.conductor.processes.log import last_lines
from bench.conductor.processes.ports import free_port
from bench.errors import ServerFailed
from bench.load.expectations import Expected
from bench.load.target import Target, WireRequest
from bench.scenario.model import Request
from benchmarks.stage import Stage
from benchmarks.tools import running

PATIENCE_S = 5.0


@dataclass(frozen=True)
class TimedTarget:
    """A running server and where it is asked. Once it has ended, its log tells how late it was."""

    target: Target
    process: Popen[bytes]
    log: Path

    def late_ns(self) -> NDArray[np.int64]:
        """How long after they were due it sent its answers. Raises ServerFailed where it does not tell."""
        for line in self.log.read_text().splitlines():
            if line.startswith('{"late_ns"'):
                return np.array(json.loads(line)["late_ns"], np.int64)
        raise ServerFailed("the server of known latency broke", "\n  ".join(last_lines(self.log)))


@contextmanager
def timed_target(stage: Stage, latency_ns: int, *one_in_and_long_ns: int) -> Iterator[TimedTarget]:
    """Start one whose answers take so long; stop it at the end. Raises ServerFailed if it does not start.

    With two numbers more, one in so many of its answers takes the other time.
    """
    port = free_port(None, ())
    log = stage.folder / f"timed-{port}.txt"
    program = Path(__file__).with_name("timed_server.py")
    request = WireRequest("timed", "GET", request_bytes(Request(path="/"), port), Expected(200, b"ok"))
    with running(
        stage,
        (sys.executable, "-P", str(program), *map(str, (port, latency_ns, *one_in_and_long_ns))),
        cores=stage.machine.server_cores[:1],
        log=log,
    ) as process:
        timed = TimedTarget(Target("127.0.0.1", port, (request,)), process, log)
        _wait_until_ready(timed)
        yield timed


def _wait_until_ready(timed: TimedTarget) -> None:
    target = timed.target
    deadline = time.monotonic() + PATIENCE_S
    while timed.process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            ask(target.requests[0].data, "GET", Endpoint(target.port), PATIENCE_S)
            return
        time.sleep(0.01)
    raise ServerFailed("the server of known latency did not start", "\n  ".join(last_lines(timed.log)))
