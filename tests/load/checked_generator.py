"""The real generator process, with everything checked that must hold for any slice of any load."""

import os
from pathlib import Path

import pytest

from bench.conductor.generator_process import GeneratorProcess
from bench.histogram import Histogram
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.units import NS_PER_MS


class CheckedGenerator:
    """A generator whose every outcome is found to be in harmony with itself and with Locust's counts."""

    def __init__(self, log: Path, *, polls: bool) -> None:
        self._polls = polls
        self._process = GeneratorProcess(sorted(os.sched_getaffinity(0)), log)
        self._answered = 0
        self._errors = 0

    def wait_until_ready(self) -> None:
        self._process.wait_until_ready()

    def set_targets(self, **targets: Target) -> None:
        self._process.set_targets(targets)

    def stop(self) -> None:
        self._process.stop()

    def slice(
        self, target: str, *, connections: int = 4, milliseconds: int = 60, timeout_ms: int = 5_000
    ) -> SliceOutcome:
        order = SliceOrder(
            target=target,
            connections=connections,
            ramp_ns=10 * NS_PER_MS,
            counted_ns=milliseconds * NS_PER_MS,
            response_timeout_ns=timeout_ms * NS_PER_MS,
            polls=self._polls,
        )
        outcome = self._process.slice(order)
        _check(order, outcome)
        self._answered += outcome.answered
        self._errors += sum(outcome.errors.values())
        self._check_locust()
        return outcome

    def _check_locust(self) -> None:
        counted = {"requests": self._answered + self._errors, "failures": self._errors}
        assert self._process.statistics() == counted


def _check(order: SliceOrder, outcome: SliceOutcome) -> None:
    histogram = Histogram.decode(outcome.histogram)
    assert outcome.counted_ns == order.counted_ns
    assert outcome.requests <= outcome.answered
    assert outcome.requests == histogram.total == sum(outcome.per_connection)
    assert len(outcome.per_connection) == order.connections
    assert min(outcome.per_connection) >= 0
    assert all(count > 0 for count in outcome.errors.values())
    assert outcome.generator_wall_ns >= order.ramp_ns + order.counted_ns
    assert outcome.generator_busy_ns > 0
    if outcome.requests:
        longest = Histogram.of([outcome.longest_ns])
        assert histogram.quantile_ns(1) == longest.quantile_ns(1)
        mean_ns = outcome.service_time_sum_ns / outcome.requests
        assert mean_ns == pytest.approx(histogram.mean_ns, rel=1e-3, abs=1)
        assert mean_ns <= outcome.longest_ns
    else:
        assert outcome.service_time_sum_ns == outcome.longest_ns == 0
