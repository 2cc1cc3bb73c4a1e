"""Deployments that were up one at a time: whole launches are compared, and everything says so."""

from io import StringIO
from math import exp, log
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from bench.cli.ranking import print_ranking
from bench.export.summary_json import summary_document
from bench.results.model import Block, Measurements
from bench.stats.merit import GOODPUT, MEDIAN_LATENCY
from bench.stats.precision import decide
from bench.stats.ratios import Pairs, hodges_lehmann, pair, ratio
from bench.stats.summarise import summarise
from bench.stats.tally import tallies
from tests.stats.noise import autocorrelated
from tests.stats.synthetic import Part, a_slice, measurements, with_run

ONE, OTHER = Part("one", 3000.0), Part("other", 2000.0)


def in_rounds(parts: list[Part], measure: dict[str, Any] | None = None, **more: Any) -> Measurements:
    """A run as `measurements` makes it, each cell's slices in blocks of its own, in rounds 5 % apart."""
    made = measurements(parts, **more)
    generator = np.random.default_rng(6)
    luck = {
        (launch.number, part.cell_id): exp(generator.normal(0, 0.05))
        for launch in made.launches
        for part in parts
    }
    slices = [
        (
            block.launch,
            one.model_copy(update={"requests": round(one.requests * luck[block.launch, one.cell])}),
        )
        for block in made.blocks
        for one in block.slices
    ]
    ordered = sorted(slices, key=lambda pair: (pair[0], pair[1].cell))
    blocks = tuple(
        Block(launch=launch, number=number, slices=(one,))
        for number, (launch, one) in enumerate(ordered, start=1)
    )
    scenario = {"app": "x:y", "measure": {"interleave": "rounds", **(measure or {})}}
    return with_run(made.model_copy(update={"blocks": blocks}), scenario=scenario)


def test_a_pair_is_a_launch_with_the_typical_value_of_each_cell() -> None:
    made = in_rounds([ONE, OTHER], launches=6)
    first, second = tallies(made)
    found = pair(first, second, GOODPUT.of_slices)
    assert found.launches == (0, 1, 2, 3, 4, 5)
    assert found.dropped == 0
    for launch, log_ratio in enumerate(found.log_ratios):
        logs = [
            hodges_lehmann(
                [log(value) for own, value in zip(one.launches, one.goodputs, strict=True) if own == launch]
            )
            for one in (first, second)
        ]
        assert log_ratio == pytest.approx(logs[0] - logs[1])


def test_latencies_are_paired_by_launch_too() -> None:
    parts = [Part("a", rate=500.0, latency_ms=3.0), Part("b", rate=500.0, latency_ms=2.0)]
    first, second = tallies(in_rounds(parts, launches=5, noise=0.0, launch_noise=0.0))
    found = pair(first, second, MEDIAN_LATENCY.of_slices)
    assert len(found.log_ratios) == 5
    assert [exp(value) for value in found.log_ratios] == pytest.approx([1.5] * 5, rel=0.25)


def test_a_launch_in_which_a_cell_answered_nothing_is_dropped_and_counted() -> None:
    made = in_rounds([ONE, OTHER], launches=7)
    silenced = tuple(
        block.model_copy(update={"slices": (a_slice(ONE, 0.0),)})
        if block.launch == 2 and block.slices[0].cell == ONE.cell_id
        else block
        for block in made.blocks
    )
    first, second = tallies(made.model_copy(update={"blocks": silenced}))
    found = pair(first, second, GOODPUT.of_slices)
    assert (found.launches, found.dropped) == ((0, 1, 3, 4, 5, 6), 1)


def test_fewer_than_five_launches_are_too_few_for_a_comparison_and_that_is_said() -> None:
    summary = summarise(in_rounds([ONE, OTHER], launches=4))
    assert summary.comparisons == ()
    assert any("both answered in fewer than 5 launches." in warning for warning in summary.warnings)


def test_the_interval_is_wider_than_that_of_slices_side_by_side() -> None:
    by_launch = summarise(in_rounds([ONE, OTHER], launches=8)).comparisons[0]
    by_block = summarise(measurements([ONE, OTHER], launches=8)).comparisons[0]
    widths = [log(one.ratio.high / one.ratio.low) for one in (by_launch, by_block)]
    assert widths[0] > 2 * widths[1]
    assert (by_launch.pairs, by_block.pairs) == (8, 80)


def test_the_summary_and_the_document_say_that_there_were_rounds() -> None:
    summary = summarise(in_rounds([ONE, OTHER], launches=8))
    assert "one at a time, in rounds" in summary.warnings[0]
    assert "intervals are wider" in summary.warnings[0]
    assert summary_document(summary)["interleave"] == "rounds"
    plain = summarise(measurements([ONE, OTHER]))
    assert not any("in rounds" in warning for warning in plain.warnings)
    assert summary_document(plain)["interleave"] == "slices"


def test_a_run_in_rounds_may_end_on_precision() -> None:
    made = in_rounds([ONE, OTHER], {"until": "50%", "launches": 12}, launches=8)
    known = decide(summarise(made), 0.5)
    assert known.enough
    assert set(known.settled) == {ONE.cell_id, OTHER.cell_id}
    assert not decide(summarise(made), 0.001).enough


@pytest.mark.parametrize("drift", ["a walk", "a trend", "hours"])
def test_the_interval_holds_the_true_ratio_95_times_in_100_on_a_machine_that_drifts(drift: str) -> None:
    """Two equal deployments, eight launches: who comes first is drawn, as `launch_order` does."""
    generator = np.random.default_rng(12)
    held = 0
    for _ in range(1000):
        log_ratios = _equal_deployments_in_rounds(generator, drift, launches=8)
        interval = ratio(Pairs(tuple(range(8)), tuple(log_ratios.tolist()), 0))
        held += interval is not None and interval.low <= 1 <= interval.high
    assert 0.93 <= held / 1000 <= 0.97


def _equal_deployments_in_rounds(
    generator: np.random.Generator, drift: str, launches: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    rounds = 2 * launches
    machine = {
        "a walk": lambda: np.cumsum(generator.normal(0, 0.02, rounds)),
        "a trend": lambda: np.linspace(0, generator.normal(0, 0.1), rounds),
        "hours": lambda: autocorrelated(generator, (rounds,), 0.1, 0.8),
    }[drift]()
    measured = machine + generator.normal(0, 0.02, rounds)
    first = generator.integers(0, 2, launches)
    return (measured[0::2] - measured[1::2]) * np.where(first, 1.0, -1.0)


def test_a_cell_that_is_not_compared_is_not_called_best_on_the_terminal() -> None:
    console = Console(width=200, record=True, file=StringIO())
    print_ranking(summarise(in_rounds([ONE, OTHER], launches=4)), console)
    rows = {line.split()[0]: line for line in console.export_text().splitlines() if line}
    assert "best" in rows["one"]
    assert "not compared" in rows["other"]
    assert "best" not in rows["other"]
