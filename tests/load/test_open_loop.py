import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bench.histogram import Histogram
from bench.load.expectations import Expected
from bench.load.messages import SliceOutcome
from bench.load.target import Target, WireRequest
from bench.units import NS_PER_MS, NS_PER_S
from tests.load.checked_generator import CheckedGenerator, arrivals_of
from tests.load.scripted_server import PAUSE, End, Last, ScriptedServer, Step
from tests.load.test_generator import (
    BODY,
    REQUEST,
    WAYS_THAT_CLOSE,
    WAYS_THAT_KEEP,
    WRONG,
    always,
    answer,
    every_tenth,
    target_of,
)

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
# The framing itself is the closed loop's, and tested there; here are the ways that part in the loop.
KEEPING = ["whole", "header and body apart", "chunked in segments", "a date that changes", "interim answers"]
WRONG_ANSWERS = [
    "an error of the application",
    "an error that closes",
    "another body in segments",
    "a body cut short",
    "a reset in mid-answer",
    "a reset without an answer",
    "an end without an answer",
    "text",
    "bytes after the answer",
]
MANY = 64  # connections, so that none is missing where the machine is busy

# Answers as scripted servers do, in a process that can be stopped; tells when it has had 100 requests.
STOPPABLE = """
import sys
import threading
from tests.load.scripted_server import ScriptedServer
from tests.load.test_generator import REQUEST, answer
reached = threading.Event()
def script(number):
    if number == 100:
        reached.set()
    return [answer()]
with ScriptedServer(script, REQUEST) as server:
    print(server.port, flush=True)
    reached.wait()
    print("reached", flush=True)
    sys.stdin.read()
"""


def delayed(outcome: SliceOutcome, at_least_ns: int) -> int:
    """How many requests took at least so long, to the precision of a histogram."""
    middles_ns, counts = Histogram.decode(outcome.histogram).buckets()
    return int(counts[middles_ns >= 0.999 * at_least_ns].sum())


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def target_at(port: int) -> Target:
    return Target("127.0.0.1", port, (WireRequest("fox", "GET", REQUEST, Expected(200, BODY)),))


@pytest.mark.parametrize("way", KEEPING)
def test_every_arrival_is_answered_on_connections_that_stay(generator: CheckedGenerator, way: str) -> None:
    with ScriptedServer(WAYS_THAT_KEEP[way], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=60, rate_per_s=500)
        assert outcome.errors == {}
        assert outcome.requests == arrivals_of(outcome).due - arrivals_of(outcome).unsent
        assert outcome.answered == server.requests
        assert outcome.connections_opened == server.connections


@pytest.mark.parametrize("way", WAYS_THAT_CLOSE)
def test_every_arrival_opens_a_connection_where_the_server_closes_them(
    generator: CheckedGenerator, way: str
) -> None:
    with ScriptedServer(WAYS_THAT_CLOSE[way], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=60, rate_per_s=500)
        assert outcome.errors == {}
        assert outcome.answered == outcome.connections_opened == server.requests == server.connections


@pytest.mark.parametrize("what", WRONG_ANSWERS)
def test_one_wrong_answer_in_ten_leaves_the_other_nine(generator: CheckedGenerator, what: str) -> None:
    kind, steps = WRONG[what]
    with ScriptedServer(every_tenth(steps, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=60, ramp_ms=0, rate_per_s=1000)
        wrong = server.requests // 10
        assert outcome.errors == {kind: wrong}
        assert outcome.answered == server.requests - wrong


@pytest.mark.parametrize("rate", [10, 250, 4000])
def test_a_constant_rate_is_offered_exactly(generator: CheckedGenerator, rate: float) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=300, ramp_ms=0, rate_per_s=rate)
        assert arrivals_of(outcome).due == 0.3 * rate
        assert outcome.errors == {}
        assert outcome.requests == server.requests == 0.3 * rate - arrivals_of(outcome).unsent


def test_poisson_arrivals_are_those_of_their_seed(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcomes = [
            generator.slice(
                "fox", connections=MANY, milliseconds=100, rate_per_s=800, poisson=True, seed=seed
            )
            for seed in (1, 1, 2, 3)
        ]
        due = [arrivals_of(outcome).due for outcome in outcomes]
        assert due[0] == due[1]
        assert len(set(due)) > 1
        assert all(outcome.errors == {} for outcome in outcomes)


def test_a_slice_ends_with_its_window_though_the_next_arrival_is_far_off(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=100, ramp_ms=0, rate_per_s=0.01)
        assert (arrivals_of(outcome).due, outcome.requests, server.requests) == (1, 1, 1)
        assert outcome.generator_wall_ns < 50 * NS_PER_S


def test_what_is_due_in_the_ramp_is_sent_and_not_counted(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=200, ramp_ms=200, rate_per_s=100)
        assert outcome.errors == {}
        assert (arrivals_of(outcome).due, arrivals_of(outcome).unsent) == (20, 0)
        assert (outcome.requests, outcome.answered, server.requests) == (20, 40, 40)


def test_errors_of_the_ramp_are_not_taken_for_arrivals_of_the_window(generator: CheckedGenerator) -> None:
    with ScriptedServer(lambda number: [End.CLOSE] if number <= 10 else [answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=200, ramp_ms=200, rate_per_s=100)
        assert outcome.errors == {"closed": 10}
        assert outcome.requests == arrivals_of(outcome).due == 20
        assert outcome.answered == 30


def test_connections_are_opened_when_they_are_needed_and_not_before(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=600, ramp_ms=0, rate_per_s=20)
        assert outcome.connections_opened == server.connections < 12 == outcome.requests
        assert sum(count > 0 for count in outcome.per_connection) == server.connections


def test_connections_are_kept_from_slice_to_slice(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(0.02, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcomes = [
            generator.slice("fox", connections=3, milliseconds=500, rate_per_s=1000, ramp_ms=ramp_ms)
            for ramp_ms in (0, 10, 0)
        ]
        assert [outcome.connections_opened for outcome in outcomes] == [3, 0, 0]
        assert all(outcome.errors == {} for outcome in outcomes)
        assert all(min(outcome.per_connection) > 0 for outcome in outcomes)
        assert sum(outcome.answered for outcome in outcomes) == server.requests


def test_open_and_closed_loops_take_turns_on_the_same_connections(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(0.005, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        rates = [None, 2000, None, 2000]
        outcomes = [generator.slice("fox", connections=3, rate_per_s=rate) for rate in rates]
        assert [outcome.connections_opened for outcome in outcomes] == [3, 0, 0, 0]
        assert all(outcome.errors == {} for outcome in outcomes)
        assert sum(outcome.answered for outcome in outcomes) == server.requests


def test_connections_that_the_server_closes_while_idle_are_opened_again(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(Last(answer())), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=1000, ramp_ms=0, rate_per_s=10)
        assert outcome.errors == {}
        assert outcome.answered == outcome.connections_opened == server.connections == server.requests


def test_connections_the_server_closed_between_slices_are_opened_again(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(0.02, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        first = generator.slice("fox", connections=3, rate_per_s=1000)
        server.hang_up()
        second = generator.slice("fox", connections=3, rate_per_s=1000)
        assert first.errors == second.errors == {}
        assert (first.connections_opened, second.connections_opened) == (3, 3)


def test_connections_closed_and_reset_at_random_are_told_apart_and_none_is_tried_again(
    generator: CheckedGenerator,
) -> None:
    chance = random.Random(7)
    ends = [chance.choice([None, None, None, End.CLOSE, End.RESET]) for _ in range(1000)]
    with ScriptedServer(lambda number: [ends[number % 1000] or answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=MANY, milliseconds=200, ramp_ms=0, rate_per_s=500)
        ended = [ends[number % 1000] for number in range(1, server.requests + 1)]
        assert outcome.errors == {"closed": ended.count(End.CLOSE), "reset": ended.count(End.RESET)}
        assert server.requests == arrivals_of(outcome).due - arrivals_of(outcome).unsent


def test_bytes_nobody_asked_for_are_malformed(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer(), PAUSE, b"x"), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=300, rate_per_s=50)
        assert set(outcome.errors) == {"malformed"}


def test_nobody_listening_is_one_error_for_each_arrival(generator: CheckedGenerator) -> None:
    with nobody() as port:
        generator.set_targets(fox=target_at(port))
        outcome = generator.slice("fox", milliseconds=200, ramp_ms=0, rate_per_s=500)
        assert arrivals_of(outcome).due == 100
        assert outcome.errors == {"connect": 100 - arrivals_of(outcome).unsent}
        assert (outcome.answered, outcome.connections_opened) == (0, 0)


def test_arrivals_that_find_every_connection_taken_wait_in_line(generator: CheckedGenerator) -> None:
    pause_ns = 10 * NS_PER_MS
    with ScriptedServer(always(0.01, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=1, milliseconds=400, ramp_ms=0, rate_per_s=200)
        arrivals = arrivals_of(outcome)
        assert outcome.errors == {}
        assert outcome.per_connection == [outcome.requests]
        assert arrivals.due == 80
        assert arrivals.unsent >= 80 - 400 / 10 - 1  # no more than one in 10 ms is answered
        assert arrivals.waited >= arrivals.unsent + 1
        # The first in line is the first to be sent: the later, the longer it took, and the last are unsent.
        assert outcome.longest_ns >= arrivals.unsent * 5 * NS_PER_MS
        assert Histogram.decode(outcome.histogram).quantile_ns(0) >= pause_ns
        served = outcome.requests
        assert outcome.duration_sum_ns >= sum(pause_ns + number * 5 * NS_PER_MS for number in range(served))


def test_a_rate_above_capacity_takes_no_memory_and_is_told(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(0.01, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        process = generator.family()[0]
        first = generator.slice("fox", connections=2, milliseconds=50, ramp_ms=0, rate_per_s=1_000_000)
        before = process.memory_info().rss
        outcome = generator.slice("fox", connections=2, milliseconds=400, ramp_ms=0, rate_per_s=1_000_000)
        assert process.memory_info().rss - before < 8 << 20  # a list of the arrivals takes 16 MB
        arrivals = arrivals_of(outcome)
        assert arrivals.due == 400_000
        assert arrivals.unsent == 400_000 - outcome.requests
        assert first.answered + outcome.answered == server.requests
        assert outcome.requests <= 2 * (outcome.generator_wall_ns / (10 * NS_PER_MS) + 1)
        assert outcome.longest_ns >= 300 * NS_PER_MS


def test_an_answer_that_never_comes_frees_its_connection_after_the_timeout(
    generator: CheckedGenerator,
) -> None:
    with ScriptedServer(lambda number: [answer()] if number != 1 else [], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice(
            "fox", connections=1, milliseconds=700, ramp_ms=0, timeout_ms=300, rate_per_s=50
        )
        arrivals = arrivals_of(outcome)
        assert outcome.errors["timeout"] >= 1
        assert outcome.requests == arrivals.due - arrivals.unsent - sum(outcome.errors.values())
        assert outcome.requests >= 1
        assert outcome.connections_opened == server.connections >= 2
        assert arrivals.waited >= 300 / 20 - 1
        assert outcome.longest_ns >= 250 * NS_PER_MS


def test_a_server_that_never_answers_is_given_up_for_every_arrival(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice(
            "fox", connections=2, milliseconds=100, ramp_ms=0, timeout_ms=200, rate_per_s=100
        )
        # Those that were sent at once have not timed out when the window ends, the others are still in line.
        assert outcome.errors == {"timeout": 2}
        assert (arrivals_of(outcome).due, arrivals_of(outcome).unsent, outcome.answered) == (10, 8, 0)


def test_a_refusal_that_comes_after_the_window_ends_the_slice(generator: CheckedGenerator) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as only_guest:
        port = listener.getsockname()[1]
        only_guest.connect(("127.0.0.1", port))
        # The backlog is full: the attempts are repeated after a second, when nobody listens any more.
        closing = threading.Timer(0.5, listener.close)
        closing.start()
        generator.set_targets(fox=target_at(port))
        closed_loop = generator.slice("fox", connections=2, milliseconds=100)
        closing.join()
        assert set(closed_loop.errors) == {"connect"}
        assert (closed_loop.answered, closed_loop.connections_opened) == (0, 0)


def test_a_server_that_pauses_delays_everything_that_was_due_meanwhile(generator: CheckedGenerator) -> None:
    rate, pause_s, delay_s = 500, 0.5, 0.02
    at_work = threading.Lock()

    def script(number: int) -> list[Step]:
        with at_work:
            if number == 50:
                time.sleep(pause_s)
        return [answer()]

    with ScriptedServer(script, REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=8, milliseconds=1200, rate_per_s=rate)
        assert outcome.errors == {}
        assert arrivals_of(outcome).waited > 0
        assert outcome.longest_ns >= (pause_s - delay_s) * NS_PER_S
        assert delayed(outcome, round(delay_s * NS_PER_S)) >= 0.98 * rate * (pause_s - delay_s)


def test_a_server_that_is_stopped_for_two_seconds_is_seen_to_be(generator: CheckedGenerator) -> None:
    rate, stop_s, delay_s = 500, 2.0, 0.02
    with subprocess.Popen(
        (sys.executable, "-c", STOPPABLE), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        stdout = server.stdout

        def stop_for_a_while() -> None:
            stdout.readline()
            process = psutil.Process(server.pid)
            process.suspend()
            time.sleep(stop_s)
            process.resume()

        try:
            generator.set_targets(fox=target_at(int(stdout.readline())))
            stopping = threading.Thread(target=stop_for_a_while)
            stopping.start()
            outcome = generator.slice("fox", connections=16, milliseconds=3_200, rate_per_s=rate)
            stopping.join()
        finally:
            server.kill()
    assert outcome.errors == {}
    assert arrivals_of(outcome).due == 3.2 * rate
    assert arrivals_of(outcome).waited > 0
    assert outcome.longest_ns >= 1.9 * NS_PER_S
    assert delayed(outcome, round(delay_s * NS_PER_S)) >= 0.98 * rate * stop_s
