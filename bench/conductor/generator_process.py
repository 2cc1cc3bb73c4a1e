"""The load generator's process, on a core of its own: orders out, outcomes back, one JSON line each."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.conductor.processes.children import child_environment, start
from bench.conductor.processes.log import last_lines, opened
from bench.errors import GeneratorFailed, InputError
from bench.load.messages import LocustfileOrder, SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.units import NS_PER_S

START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
LOCUSTFILE_PATIENCE_S = 60.0  # its users are spawned, log in, end their tasks and stop


class GeneratorProcess:
    """A running generator: its load comes from so many processes, and goes to loopback and allowed hosts.

    Every method raises GeneratorFailed where it has died or does not answer.
    """

    def __init__(
        self, cores: Sequence[int], log: Path, *, processes: int = 1, allowed_hosts: Collection[str] = ()
    ) -> None:
        self._log = log
        allowed = (argument for host in allowed_hosts for argument in ("--allow", host))
        self._buffer = b""
        with opened(log) as output:
            self._process: subprocess.Popen[bytes] = start(
                (sys.executable, "-P", "-m", "bench.load", "--processes", str(processes), *allowed),
                directory=log.parent,
                environment=child_environment({}),
                cores=cores,
                output=output,
                piped=True,
            )

    @property
    def pid(self) -> int:
        """Its first process."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait for its first line."""
        self._receive(START_TIMEOUT_S)

    def set_targets(self, targets: Mapping[str, Target]) -> None:
        """Replace the targets; connections to the old ones are closed."""
        messages = {key: target.to_message() for key, target in targets.items()}
        self._order({"targets": messages}, ANSWER_TIMEOUT_S)

    def slice(self, order: SliceOrder) -> SliceOutcome:
        """One slice of load; returns when its last answer has come."""
        longest_s = (order.ramp_ns + order.counted_ns + 2 * order.response_timeout_ns) / NS_PER_S
        answer = self._order({"slice": order.to_message()}, longest_s + ANSWER_TIMEOUT_S)
        return SliceOutcome.from_message(answer)

    def break_off(self) -> SliceOutcome:
        """End the slice whose wait was interrupted; its outcome is what was counted until now."""
        return SliceOutcome.from_message(self._order({"break off": {}}, ANSWER_TIMEOUT_S))

    def locustfile_slice(self, order: LocustfileOrder) -> SliceOutcome:
        """One slice of load by a locustfile's users. Raises InputError where the file cannot be used."""
        longest_s = (order.ramp_ns + order.counted_ns) / NS_PER_S + LOCUSTFILE_PATIENCE_S
        answer = self._order({"locustfile": order.to_message()}, longest_s)
        if "refused" in answer:
            raise InputError(answer["refused"], "correct the locustfile; `locust -f` must run it, too")
        return SliceOutcome.from_message(answer)

    def statistics(self) -> dict[str, Any]:
        """Locust's own counts since the start."""
        return self._order({"statistics": {}}, ANSWER_TIMEOUT_S)

    def stop(self) -> None:
        """End it: its input is closed, and after a short patience it is killed."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its workers are of its group
            self._process.wait()

    def _order(self, message: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        if self._process.stdin is None:
            raise self._failed("has no input")
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._failed("died") from error
        return self._receive(timeout_s)

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        if self._process.stdout is None:
            raise self._failed("has no output")
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise self._failed(f"did not answer within {timeout_s:.0f} s")
                piece = os.read(descriptor, 1 << 20)
                if not piece:
                    raise self._failed("died")
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _failed(self, what: str) -> GeneratorFailed:
        return GeneratorFailed(f"the load generator {what}", "\n  ".join(last_lines(self._log)))
