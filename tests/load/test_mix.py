import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.load.expectations import Expected
from bench.load.target import Target, WireRequest
from tests.load.checked_generator import CheckedGenerator, arrivals_of
from tests.load.scripted_server import End, MixedServer, ScriptedServer, Step
from tests.load.test_generator import answer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WEIGHTS = {"one": 1, "three": 3, "six": 6}
BODIES = {name: f"the answer to {name:>5}".encode() for name in WEIGHTS}  # all of one length
REQUESTS = {name: f"GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for name in WEIGHTS}
RIGHT: dict[bytes, tuple[Step, ...]] = {REQUESTS[name]: (answer(BODIES[name]),) for name in WEIGHTS}
LOOPS = pytest.mark.parametrize("rate", [None, 1000.0], ids=["closed", "open"])

# What Locust's own statistics have by name after a slice, which only the generator's process knows.
STATISTICS = """
import json
import sys
from bench.load.generator import Generator
from bench.load.messages import SliceOrder
from bench.load.target import Target
target, order = json.load(sys.stdin)
generator = Generator()
generator.set_targets({"mix": Target.from_message(target)})
outcome = generator.run_slice(SliceOrder.from_message(order)).to_message()
entries = generator._environment.stats.entries
known = [[name, method, entry.num_requests, entry.num_failures, dict(entry.response_times)]
         for (name, method), entry in entries.items()]
generator.quit()
print(json.dumps([outcome, known]))
"""


def mix(
    server: ScriptedServer, bodies: dict[str, bytes] = BODIES, *, weights: dict[str, int] = WEIGHTS
) -> Target:
    requests = [
        WireRequest(name, "GET", REQUESTS[name], Expected(200, bodies[name]), weight)
        for name, weight in weights.items()
    ]
    return Target("127.0.0.1", server.port, tuple(requests))


@LOOPS
def test_every_request_has_an_answer_of_its_own(generator: CheckedGenerator, rate: float | None) -> None:
    with MixedServer(RIGHT) as server:
        generator.set_targets(mix=mix(server))
        outcome = generator.slice("mix", connections=8, milliseconds=200, ramp_ms=0, rate_per_s=rate)
        assert outcome.errors == {}
        assert outcome.answered == server.requests
        assert server.wrong_requests == 0
        assert list(outcome.by_request) == list(WEIGHTS)
        assert sum(share.requests for share in outcome.by_request.values()) == outcome.requests
        asked = Counter(server.asked)
        for name, share in outcome.by_request.items():
            assert share.requests <= asked[REQUESTS[name]]
            if rate is not None:
                assert share.requests == asked[REQUESTS[name]]


@LOOPS
def test_requests_are_drawn_by_their_weights(generator: CheckedGenerator, rate: float | None) -> None:
    with MixedServer(RIGHT) as server:
        generator.set_targets(mix=mix(server))
        generator.slice("mix", milliseconds=400, ramp_ms=0, rate_per_s=rate, seed=3)
        asked, count = Counter(server.asked), server.requests
    for name, weight in WEIGHTS.items():
        share = weight / sum(WEIGHTS.values())
        deviation = (count * share * (1 - share)) ** 0.5
        assert abs(asked[REQUESTS[name]] - count * share) <= 5 * deviation


@LOOPS
def test_the_order_of_the_requests_follows_from_the_seed(
    generator: CheckedGenerator, rate: float | None
) -> None:
    orders = []
    for seed in (5, 5, 6):
        with MixedServer(RIGHT) as server:
            generator.set_targets(mix=mix(server))
            # On one connection the server sees the order in which they were drawn.
            generator.slice("mix", connections=1, milliseconds=200, rate_per_s=rate, seed=seed)
            orders.append(server.asked)
    same = min(len(orders[0]), len(orders[1]))
    assert orders[0][:same] == orders[1][:same]
    assert orders[0][:same] != orders[2][:same]


@LOOPS
def test_a_wrong_answer_is_counted_for_the_request_that_got_it(
    generator: CheckedGenerator, rate: float | None
) -> None:
    wrong = {REQUESTS["three"]: (answer(b"Oops", start=b"HTTP/1.1 500 Oops"),)}
    with MixedServer({**RIGHT, **wrong}) as server:
        generator.set_targets(mix=mix(server))
        outcome = generator.slice("mix", connections=8, milliseconds=100, rate_per_s=rate)
        asked = Counter(server.asked)
        assert outcome.errors == {"status 500": asked[REQUESTS["three"]]}
        assert outcome.by_request["three"].requests == 0
        assert outcome.answered == asked[REQUESTS["one"]] + asked[REQUESTS["six"]]


@LOOPS
def test_the_right_answer_to_another_request_is_wrong(
    generator: CheckedGenerator, rate: float | None
) -> None:
    swapped = {REQUESTS["one"]: RIGHT[REQUESTS["six"]], REQUESTS["six"]: RIGHT[REQUESTS["one"]]}
    with MixedServer({**RIGHT, **swapped}) as server:
        generator.set_targets(mix=mix(server))
        outcome = generator.slice("mix", connections=8, milliseconds=100, rate_per_s=rate)
        asked = Counter(server.asked)
        assert outcome.errors == {"body": asked[REQUESTS["one"]] + asked[REQUESTS["six"]]}
        assert outcome.answered == asked[REQUESTS["three"]]


@LOOPS
def test_answers_in_pieces_of_requests_that_take_turns_are_not_confused(
    generator: CheckedGenerator, rate: float | None
) -> None:
    pieces: dict[bytes, tuple[Step, ...]] = {}
    for number, (request, steps) in enumerate(RIGHT.items(), start=1):
        whole = steps[0]
        assert isinstance(whole, bytes)
        pieces[request] = (whole[: 15 * number], 0.001, whole[15 * number : -5], 0.001, whole[-5:])
    with MixedServer(pieces) as server:
        generator.set_targets(mix=mix(server))
        outcome = generator.slice("mix", connections=8, milliseconds=100, rate_per_s=rate)
        assert outcome.errors == {}
        assert outcome.answered == server.requests


@LOOPS
def test_one_request_of_a_mix_may_close_its_connection(
    generator: CheckedGenerator, rate: float | None
) -> None:
    closing = {REQUESTS["three"]: (answer(BODIES["three"], b"Connection: close"), End.CLOSE)}
    with MixedServer({**RIGHT, **closing}) as server:
        generator.set_targets(mix=mix(server))
        outcome = generator.slice("mix", connections=2, milliseconds=100, rate_per_s=rate)
        closed = server.asked.count(REQUESTS["three"])
        assert outcome.errors == {}
        assert outcome.answered == server.requests
        assert closed <= outcome.connections_opened == server.connections <= closed + 2


@LOOPS
def test_locust_knows_each_request_as_we_do(rate: float | None) -> None:
    wrong = {REQUESTS["one"]: (answer(b"Oops", start=b"HTTP/1.1 500 Oops"),)}
    order = {
        "target": "mix",
        "connections": 4,
        "ramp_ns": 0,
        "counted_ns": 10**8,
        "response_timeout_ns": 5 * 10**9,
        "polls": False,
        "rate_per_s": rate,
    }
    with MixedServer({**RIGHT, **wrong}) as server:
        driver = subprocess.run(
            (sys.executable, "-c", STATISTICS),
            input=json.dumps([mix(server).to_message(), order]),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        asked = Counter(server.asked)
    outcome, entries = json.loads(driver.stdout)
    assert {(name, method) for name, method, *_ in entries} == {(name, "GET") for name in WEIGHTS}
    for name, _, requests, failures, times in entries:
        assert requests == asked[REQUESTS[name]]
        assert failures == (requests if name == "one" else 0)
        assert sum(times.values()) == requests - failures
        assert outcome["by_request"][name]["requests"] <= requests - failures
    assert sum(requests for _, _, requests, *_ in entries) == server.requests


def test_the_arrivals_of_an_open_loop_are_shared_by_the_requests(generator: CheckedGenerator) -> None:
    with MixedServer(RIGHT) as server:
        generator.set_targets(mix=mix(server, weights={"one": 1, "three": 1}))
        outcome = generator.slice("mix", connections=64, milliseconds=100, ramp_ms=0, rate_per_s=500)
        arrivals = arrivals_of(outcome)
        shares = [share.requests for share in outcome.by_request.values()]
        assert sum(shares) == arrivals.due - arrivals.unsent == server.requests
        assert min(shares) > 0
