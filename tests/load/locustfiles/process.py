"""A process that runs slices of locustfiles, with everything checked that must hold for any of them."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.histogram import Histogram
from bench.load.messages import LocustfileOrder, SliceOutcome
from bench.units import NS_PER_MS

ROOT = Path(__file__).parents[3]


class Refused(Exception):
    """The locustfile was refused, with this sentence."""


class LocustfileProcess:
    """Runs locustfiles; every outcome is found to be in harmony with itself and with Locust's counts."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.load.locustfiles.driver"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.close()
            assert self._process.wait(20) == 0
        finally:
            self._process.stdout.close()
            self._process.kill()
            self._process.wait()

    def order(self, **message: Any) -> dict[str, Any]:
        """Send an order, wait for the answer to it."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(message), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def slice(
        self, path: Path, url: str, *, users: int = 2, ramp_ms: int = 20, counted_ms: int = 200
    ) -> SliceOutcome:
        """One slice; raises Refused where there was none."""
        order = LocustfileOrder(str(path), url, users, ramp_ms * NS_PER_MS, counted_ms * NS_PER_MS)
        answer = self.order(locustfile=order.to_message())
        if "refused" in answer:
            raise Refused(answer["refused"])
        outcome = SliceOutcome.from_message(answer)
        _check(order, outcome)
        failures = request_errors(outcome)
        counted = {"requests": outcome.answered + failures, "failures": failures}
        assert self.order(statistics=str(path)) == counted
        return outcome


def request_errors(outcome: SliceOutcome) -> int:
    """How many requests failed; what the locustfile itself did wrong left out."""
    return sum(
        count
        for kind, count in outcome.errors.items()
        if kind != "unfinished" and not kind.endswith("in the locustfile")
    )


def _check(order: LocustfileOrder, outcome: SliceOutcome) -> None:
    histogram = Histogram.decode(outcome.histogram)
    shares = outcome.by_request.values()
    assert outcome.counted_ns == order.counted_ns
    assert outcome.requests == histogram.total == sum(share.requests for share in shares)
    assert sum((Histogram.decode(share.histogram) for share in shares), Histogram()) == histogram
    assert outcome.requests <= outcome.answered
    assert all(count > 0 for count in outcome.errors.values())
    assert outcome.generator_wall_ns >= order.ramp_ns + order.counted_ns
    assert outcome.generator_busy_ns > 0
    assert outcome.longest_ns <= outcome.duration_sum_ns <= outcome.requests * outcome.longest_ns
    if outcome.requests:
        assert histogram.quantile_ns(1) == Histogram.of([outcome.longest_ns]).quantile_ns(1)
