"""wrk as a contestant: one thread, and the very bytes that our generator sends.

A script of three lines gives it the request once, before the load begins, and has it print its counts for a
program to read. It defines none of the functions that wrk would call for every request or response.
"""

import json
from dataclasses import dataclass

from bench.errors import GeneratorFailed
from bench.load.target import Target
from benchmarks.stage import Stage, settle
from benchmarks.tools import find, output_of

_SCRIPT = """\
wrk.format = function() return "{request}" end
done = function(summary)
  local errors = summary.errors
  io.write(string.format('{{"requests": %d, "duration_us": %d, "errors": %d}}\\n', summary.requests,
    summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""
_PATIENCE_S = 20


@dataclass(frozen=True)
class WrkCounts:
    """What wrk counted over its whole run, connecting included; it looks at the status, never at the body."""

    requests: int
    duration_us: int
    errors: int

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
        script = self._stage.folder / "wrk.lua"
        script.write_text(script_for(target.request))
        command = (
            self._command, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
            "-s", str(script), f"http://{target.host}:{target.port}/",
        )  # fmt: skip
        settle()
        printed = output_of(self._stage, command, timeout_s=seconds + _PATIENCE_S)
        counts = counts_in(printed)
        if counts.errors or not counts.requests:
            raise GeneratorFailed(f"wrk met {counts.errors} errors on {target.name}", printed)
        return counts.rate


def script_for(request: bytes) -> str:
    """The script that has wrk send these bytes, each written as a decimal escape of Lua."""
    return _SCRIPT.format(request="".join(f"\\{byte:03}" for byte in request))


def counts_in(printed: str) -> WrkCounts:
    """The counts in what wrk printed. Raises GeneratorFailed where there are none."""
    for line in reversed(printed.splitlines()):
        if line.startswith("{"):
            return WrkCounts(**json.loads(line))
    raise GeneratorFailed("wrk printed no counts", printed)
