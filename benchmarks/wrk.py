"""wrk and wrk2 as contestants: one thread, and the very bytes that our generator sends.

A script of a few lines gives them the request once, before the load begins, and has them print their counts
for a program to read. It defines none of the functions that they would call for every request or response.
"""

import json
from dataclasses import dataclass

from bench.errors import GeneratorFailed
from bench.load.target import Target
from benchmarks.stage import Stage, settle
from benchmarks.tools import end_of, find

_SCRIPT = """\
wrk.format = function() return "{request}" end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{{"requests": %d, "duration_us": %d, "errors": %d, "median_us": %d}}\\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency:percentile(50)))
end
"""
_PATIENCE_S = 20


@dataclass(frozen=True)
class WrkCounts:
    """What it counted over its whole run, connecting included; it looks at the status, never at the body.

    The median is that of service times for wrk, and of latencies for wrk2.
    """

    requests: int
    duration_us: int
    errors: int
    median_us: int

    @property
    def rate(self) -> float:
        """Responses a second."""
        return self.requests * 1e6 / self.duration_us


class Wrk:
    """wrk on the generator's core. Raises InputError where it is not installed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._command = find("wrk")

    def rate(self, target: Target, connections: int, seconds: int) -> float:
        """Responses a second over so many seconds. Raises GeneratorFailed where there were errors."""
        return _counts(self._stage, (self._command,), target, connections, seconds).rate


class Wrk2:
    """wrk2 on the generator's core. Raises InputError where it is not installed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._command = find("wrk2")

    def median_us(self, target: Target, connections: int, seconds: int, rate_per_s: int) -> float:
        """The median latency at a rate, in microseconds. Raises GeneratorFailed where there were errors."""
        command = (self._command, f"-R{rate_per_s}")
        return _counts(self._stage, command, target, connections, seconds).median_us


def _counts(
    stage: Stage, command: tuple[str, ...], target: Target, connections: int, seconds: int
) -> WrkCounts:
    (request,) = target.requests
    script = stage.folder / "wrk.lua"
    script.write_text(script_for(request.data))
    scheme = "http" if target.tls is None else "https"
    command = (
        *command, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
        "-s", str(script), f"{scheme}://{target.host}:{target.port}/",
    )  # fmt: skip
    settle()
    printed = end_of(stage, command, timeout_s=seconds + _PATIENCE_S).printed
    counts = counts_in(printed)
    if counts.errors or not counts.requests:
        raise GeneratorFailed(f"{command[0]} met {counts.errors} errors on {request.name}", printed)
    return counts


def script_for(request: bytes) -> str:
    """The script that has wrk send these bytes, each written as a decimal escape of Lua."""
    return _SCRIPT.format(request="".join(f"\\{byte:03}" for byte in request))


def counts_in(printed: str) -> WrkCounts:
    """The counts in what wrk printed. Raises GeneratorFailed where there are none."""
    for line in reversed(printed.splitlines()):
        if line.startswith("{"):
            return WrkCounts(**json.loads(line))
    raise GeneratorFailed("wrk printed no counts", printed)
