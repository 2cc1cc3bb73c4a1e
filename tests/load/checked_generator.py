"""The real generator process, with everything checked that must hold for any slice of any load."""

import os
from itertools import takewhile
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.conductor.generator_process import GeneratorProcess
from bench.histogram import Histogram
from bench.load.arrivals import Constant, Part, Poisson
from bench.load.messages import Arrivals, SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.units import NS_PER_MS, NS_PER_S


class CheckedGenerator:
    """A generator whose every outcome is found to be in harmony with itself and with Locust's counts."""

    def __init__(self, log: Path, *, polls: bool, processes: int = 1) -> None:
        self._polls = polls
        self._processes = processes
        self._process = GeneratorProcess(sorted(os.sched_getaffinity(0)), log, processes=processes)
        self._answered = 0
        self._errors = 0

    def wait_until_ready(self) -> None:
        self._process.wait_until_ready()

    def set_targets(self, **targets: Target) -> None:
        self._process.set_targets(targets)

    def stop(self) -> None:
        self._process.stop()

    def family(self) -> list[psutil.Process]:
        """The generator's process, then its workers."""
        process = psutil.Process(self._process._process.pid)
        return [process, *process.children(recursive=True)]

    def slice(
        self,
        target: str,
        *,
        connections: int = 4,
        milliseconds: int = 60,
        timeout_ms: int = 5_000,
        ramp_ms: int = 10,
        rate_per_s: float | None = None,
        poisson: bool = False,
        seed: int = 0,
    ) -> SliceOutcome:
        order = SliceOrder(
            target=target,
            connections=connections,
            ramp_ns=ramp_ms * NS_PER_MS,
            counted_ns=milliseconds * NS_PER_MS,
            response_timeout_ns=timeout_ms * NS_PER_MS,
            polls=self._polls,
            rate_per_s=rate_per_s,
            poisson=poisson,
            seed=seed,
        )
        outcome = self._process.slice(order)
        _check(order, outcome)
        _check_arrivals(order, outcome, self._processes)
        if self._processes == 1:  # of several, one may have heard of the order late
            assert outcome.generator_wall_ns >= order.ramp_ns + order.counted_ns
        self._answered += outcome.answered
        self._errors += sum(outcome.errors.values())
        self._check_locust()
        return outcome

    def _check_locust(self) -> None:
        counted = {"requests": self._answered + self._errors, "failures": self._errors}
        assert self._process.statistics() == counted


def arrivals_of(outcome: SliceOutcome) -> Arrivals:
    """The arrivals of an open loop."""
    assert outcome.arrivals is not None
    return outcome.arrivals


def _check(order: SliceOrder, outcome: SliceOutcome) -> None:
    histogram = Histogram.decode(outcome.histogram)
    assert outcome.counted_ns == order.counted_ns
    assert outcome.requests <= outcome.answered
    assert outcome.requests == histogram.total == sum(outcome.per_connection)
    assert len(outcome.per_connection) == order.connections
    assert min(outcome.per_connection) >= 0
    assert all(count > 0 for count in outcome.errors.values())
    assert 0 <= outcome.generator_busy_ns <= 1.1 * outcome.generator_wall_ns
    _check_shares(outcome, histogram)
    if outcome.requests:
        assert _is_longest(histogram, outcome.longest_ns)
        mean_ns = outcome.duration_sum_ns / outcome.requests
        middles_ns, counts = histogram.buckets()
        assert mean_ns == pytest.approx(np.average(middles_ns, weights=counts), rel=1e-3, abs=1)
        assert mean_ns <= outcome.longest_ns
    else:
        assert outcome.duration_sum_ns == outcome.longest_ns == 0


def _check_shares(outcome: SliceOutcome, whole: Histogram) -> None:
    """The requests of a mix are the whole."""
    shares = outcome.by_request.values()
    histograms = [Histogram.decode(share.histogram) for share in shares]
    assert [share.requests for share in shares] == [histogram.total for histogram in histograms]
    assert not shares or sum(histograms, Histogram()) == whole


def _check_arrivals(order: SliceOrder, outcome: SliceOutcome, processes: int) -> None:
    """Every arrival that was due in the counted window is accounted for."""
    if order.rate_per_s is None:
        assert outcome.arrivals is None
        return
    arrivals = arrivals_of(outcome)
    assert arrivals.due == due_in_window(order, min(processes, order.connections))
    assert 0 <= arrivals.unsent <= arrivals.waited <= arrivals.due
    late = Histogram.decode(arrivals.late)
    assert late.total == arrivals.due - arrivals.waited
    assert _is_longest(late, arrivals.latest_ns) if late.total else arrivals.latest_ns == 0
    sent, errors = arrivals.due - arrivals.unsent, sum(outcome.errors.values())
    if order.ramp_ns:
        assert outcome.requests <= sent <= outcome.requests + errors
    else:
        assert sent == outcome.requests + errors
        assert outcome.answered == outcome.requests


def due_in_window(order: SliceOrder, processes: int) -> int:
    """How many arrivals are due in the counted window."""
    assert order.rate_per_s is not None
    if not order.poisson:
        due = len(list(takewhile(order.counted_ns.__gt__, Constant(order.rate_per_s).begin(0, 0))))
        assert abs(due - order.rate_per_s * order.counted_ns / NS_PER_S) < 1
        return due
    parts = [Poisson(order.rate_per_s, order.seed, Part(index, processes)) for index in range(processes)]
    return sum(
        due_ns >= 0
        for part in parts
        for due_ns in takewhile(order.counted_ns.__gt__, part.begin(0, order.ramp_ns))
    )


def _is_longest(histogram: Histogram, longest_ns: int) -> bool:
    return histogram.quantile_ns(1) == Histogram.of([longest_ns]).quantile_ns(1)
