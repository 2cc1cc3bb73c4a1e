import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.response import Expected
from bench.load.target import Target

COUNTS = st.integers(0, 2**63 - 1)
EXPECTED = st.builds(Expected, status=st.integers(100, 599), body=st.none() | st.binary())
TARGETS = st.builds(
    Target,
    host=st.sampled_from(["127.0.0.1", "127.0.0.2"]),
    port=st.integers(1, 65_535),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    name=st.text(),
    request=st.binary(),
    expected=EXPECTED,
)
ORDERS = st.builds(
    SliceOrder,
    target=st.text(),
    connections=st.integers(1, 10_000),
    ramp_ns=COUNTS,
    counted_ns=COUNTS,
    response_timeout_ns=COUNTS,
)
OUTCOMES = st.builds(
    SliceOutcome,
    counted_ns=COUNTS,
    requests=COUNTS,
    errors=st.dictionaries(st.text(), COUNTS),
    histogram=st.text(),
    service_time_sum_ns=COUNTS,
    longest_ns=COUNTS,
    per_connection=st.lists(COUNTS),
    connections_opened=COUNTS,
    answered=COUNTS,
    generator_wall_ns=COUNTS,
    generator_busy_ns=COUNTS,
)


def sent(message: dict[str, Any]) -> dict[str, Any]:
    """The message at the other end of the pipe, where one line of text is one message."""
    line = json.dumps(message)
    assert "\n" not in line
    received: dict[str, Any] = json.loads(line)
    return received


@given(TARGETS)
def test_a_target_arrives_as_it_was_sent(target: Target) -> None:
    assert Target.from_message(sent(target.to_message())) == target


@given(ORDERS)
def test_an_order_arrives_as_it_was_sent(order: SliceOrder) -> None:
    assert SliceOrder.from_message(sent(order.to_message())) == order


@given(OUTCOMES)
def test_an_outcome_arrives_as_it_was_sent(outcome: SliceOutcome) -> None:
    assert SliceOutcome.from_message(sent(outcome.to_message())) == outcome
