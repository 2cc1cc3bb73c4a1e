"""What an answer of the null target says of the load generator, and what it does not."""

from dataclasses import replace

import pytest

from bench.conductor.ceiling import limit_of
from bench.histogram import Histogram
from bench.load.messages import SliceOutcome

BUSY = SliceOutcome(
    counted_ns=500_000_000,
    requests=30_000,
    errors={},
    histogram=Histogram().encode(),
    duration_sum_ns=0,
    longest_ns=0,
    per_connection=[],
    connections_opened=0,
    answered=40_000,
    generator_wall_ns=1_000,
    generator_busy_ns=950,
)


def test_a_busy_generator_has_reached_its_ceiling() -> None:
    assert limit_of(BUSY) == 60_000


@pytest.mark.parametrize(
    "outcome", [replace(BUSY, generator_busy_ns=890), replace(BUSY, errors={"reset": 1})]
)
def test_a_null_target_that_was_the_limit_or_answered_wrongly_tells_no_ceiling(outcome: SliceOutcome) -> None:
    assert limit_of(outcome) is None
