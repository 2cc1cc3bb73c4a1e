import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.load.expectations import Expected, HeaderCheck
from bench.load.messages import Arrivals, LocustfileOrder, Share, SliceOrder, SliceOutcome
from bench.load.target import Target, Tls, WireRequest

COUNTS = st.integers(0, 2**63 - 1)
RATES = st.floats(0.001, 1e6)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
EXPECTED = st.builds(
    Expected,
    status=st.integers(100, 599),
    body=st.none() | st.binary(),
    headers=st.lists(st.builds(HeaderCheck, st.text(), st.text(), st.booleans()), max_size=3).map(tuple),
    contains=st.lists(st.binary(), max_size=3).map(tuple),
    json=st.lists(st.tuples(st.text(), JSON_VALUES), max_size=3).map(tuple),
    sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
)
REQUESTS = st.builds(
    WireRequest,
    name=st.text(),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    data=st.binary(),
    expected=EXPECTED,
    weight=st.integers(1, 1000),
)
TARGETS = st.builds(
    Target,
    host=st.sampled_from(["127.0.0.1", "127.0.0.2", "::1"]),
    port=st.integers(1, 65_535),
    requests=st.lists(REQUESTS, min_size=1, max_size=4).map(tuple),
    tls=st.none() | st.builds(Tls, st.text(), st.booleans(), st.none() | st.text()),
)
ORDERS = st.builds(
    SliceOrder,
    target=st.text(),
    connections=st.integers(1, 10_000),
    ramp_ns=COUNTS,
    counted_ns=COUNTS,
    response_timeout_ns=COUNTS,
    polls=st.booleans(),
    rate_per_s=st.none() | RATES,
    poisson=st.booleans(),
    seed=COUNTS,
)
LOCUSTFILE_ORDERS = st.builds(
    LocustfileOrder,
    locustfile=st.text(),
    url=st.text(),
    users=st.integers(1, 10_000),
    ramp_ns=COUNTS,
    counted_ns=COUNTS,
)
ARRIVALS = st.builds(Arrivals, due=COUNTS, waited=COUNTS, unsent=COUNTS, late=st.text(), latest_ns=COUNTS)
OUTCOMES = st.builds(
    SliceOutcome,
    counted_ns=COUNTS,
    requests=COUNTS,
    errors=st.dictionaries(st.text(), COUNTS),
    histogram=st.text(),
    duration_sum_ns=COUNTS,
    longest_ns=COUNTS,
    per_connection=st.lists(COUNTS),
    connections_opened=COUNTS,
    answered=COUNTS,
    generator_wall_ns=COUNTS,
    generator_busy_ns=COUNTS,
    arrivals=st.none() | ARRIVALS,
    by_request=st.dictionaries(st.text(), st.builds(Share, COUNTS, st.text())),
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


@given(LOCUSTFILE_ORDERS)
def test_an_order_for_a_locustfile_arrives_as_it_was_sent(order: LocustfileOrder) -> None:
    assert LocustfileOrder.from_message(sent(order.to_message())) == order


@given(OUTCOMES)
def test_an_outcome_arrives_as_it_was_sent(outcome: SliceOutcome) -> None:
    assert SliceOutcome.from_message(sent(outcome.to_message())) == outcome
