"""Stock Locust as a contestant: its own command, headless, one process, users that come with it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from bench.errors import GeneratorFailed
from bench.load.target import Target
from benchmarks.stage import Stage, settle
from benchmarks.tools import end_of

User = Literal["Fast", "Plain"]

RAMP_S = 1.0
_PATIENCE_S = 30


def rate(stage: Stage, user: User, target: Target, connections: int, seconds: float) -> float:
    """Responses a second that so many users of a class get, counted after a ramp, on the generator's core.

    Raises GeneratorFailed where Locust ends badly or met errors.
    """
    command = (
        sys.executable, "-P", "-m", "locust", "--headless", "--only-summary", "--loglevel", "ERROR",
        "--locustfile", str(Path(__file__).with_name("locustfile.py")),
        "--users", str(connections), "--spawn-rate", str(connections), "--stop-timeout", "1",
        "--host", f"http://{target.host}:{target.port}", user,
    )  # fmt: skip
    settle()
    printed = end_of(
        stage,
        command,
        timeout_s=RAMP_S + seconds + _PATIENCE_S,
        environment={"BENCH_RAMP_S": str(RAMP_S), "BENCH_COUNTED_S": str(seconds)},
    ).printed
    counts = counts_in(printed)
    if counts["errors"] or not counts["requests"]:
        raise GeneratorFailed(f"Locust's {user} user met {counts['errors']:.0f} errors", printed)
    return counts["requests"] / counts["seconds"]


def counts_in(printed: str) -> Mapping[str, float]:
    """The counts in what Locust printed. Raises GeneratorFailed where there are none."""
    for line in printed.splitlines():
        if line.startswith('{"requests"'):
            counts: dict[str, float] = json.loads(line)
            return counts
    raise GeneratorFailed("Locust printed no counts", printed)
