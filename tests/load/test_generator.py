import random
import socket
from collections.abc import Iterable, Iterator

import pytest

from bench.load.expectations import Expected
from bench.load.target import Target, WireRequest
from tests.load.checked_generator import CheckedGenerator
from tests.load.scripted_server import PAUSE, End, Last, Script, ScriptedServer, Step

pytestmark = pytest.mark.integration

BODY = b"The quick brown fox jumps over the lazy dog.\n"
REQUEST = b"GET /fox HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE_BODY = bytes(range(256)) * 4096
LARGER_THAN_BUFFERS = 16 << 20  # of both sockets together, so that a request is sent in parts


def answer(
    body: bytes = BODY, *headers: bytes, start: bytes = b"HTTP/1.1 200 OK", length: int | None = None
) -> bytes:
    framing = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join([start, framing, *headers, b"", body])


def without_length(*headers: bytes, start: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([start, *headers, b"", BODY])


def chunked(body: bytes, size: int) -> bytes:
    chunks = [body[begin : begin + size] for begin in range(0, len(body), size)]
    framed = b"".join(b"%X;n=v\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\nX-End: yes\r\n\r\n"


def post(size: int) -> bytes:
    head = b"POST /fox HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size
    return head + b"fox!" * (size // 4)


def always(*steps: Step) -> Script:
    return lambda _number: steps


def in_pieces(data: bytes, count: int) -> Iterator[Step]:
    size = -(-len(data) // count)
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]
        yield PAUSE


def in_two_pieces(data: bytes, at: int) -> list[Step]:
    return [data[:at], PAUSE, data[at:]]


def every_tenth(wrong: Iterable[Step], right: bytes) -> Script:
    steps = tuple(wrong)
    return lambda number: steps if number % 10 == 0 else (right,)


def target_of(
    server: ScriptedServer, *, body: bytes | None = BODY, method: str = "GET", request: bytes = REQUEST
) -> Target:
    return Target("127.0.0.1", server.port, (WireRequest("fox", method, request, Expected(200, body)),))


WAYS_THAT_KEEP: dict[str, Script] = {
    "whole": always(answer()),
    "header and body apart": always(*in_two_pieces(answer(), answer().index(BODY))),
    "many segments": lambda _: in_pieces(answer(), 12),
    "chunked": always(chunked(BODY, 7)),
    "chunked in segments": lambda _: in_pieces(chunked(BODY, 7), 9),
    "HTTP/1.0 that keeps": always(answer(BODY, b"Connection: keep-alive", start=b"HTTP/1.0 200 OK")),
    "a date that changes": lambda number: [answer(BODY, b"Date: %08d" % (number // 5))],
    "a date that changes, in segments": lambda number: in_pieces(
        answer(BODY, b"Date: %08d" % (number // 5)), 6
    ),
    "a header that grows and shrinks, in segments": lambda number: in_two_pieces(
        answer(BODY, b"X-Filler: " + b"x" * (number % 7)), 60 + number % 20
    ),
    "interim answers": lambda number: [
        *(in_two_pieces(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 20) if number % 3 == 0 else []),
        PAUSE,
        answer(),
    ],
    "an offer to switch protocols": always(answer(BODY, b"Connection: Upgrade", b"Upgrade: h2c")),
}

WAYS_THAT_CLOSE: dict[str, Script] = {
    "announced": always(answer(BODY, b"Connection: close"), End.CLOSE),
    "announced, in segments": always(*in_two_pieces(answer(BODY, b"Connection: close"), 30), End.CLOSE),
    "HTTP/1.0": always(answer(start=b"HTTP/1.0 200 OK"), End.CLOSE),
    "the end of the body": always(without_length(), End.CLOSE),
    "the end of the body, in segments": always(*in_two_pieces(without_length(), 30), End.CLOSE),
    "the end of the body in HTTP/1.0": always(without_length(start=b"HTTP/1.0 200 OK"), PAUSE, End.CLOSE),
}

WRONG: dict[str, tuple[str, list[Step]]] = {
    "an error of the application": ("status 500", [answer(start=b"HTTP/1.1 500 Oops")]),
    "an error that closes": (
        "status 500",
        [answer(b"oops", b"Connection: close", start=b"HTTP/1.1 500 Oops"), End.CLOSE],
    ),
    "another body": ("body", [answer(BODY.replace(b"fox", b"cat"))]),
    "another body in segments": ("body", in_two_pieces(answer(BODY.replace(b"dog", b"cat")), 60)),
    "a longer body": ("length", [answer(BODY + b"!")]),
    "a shorter body": ("length", [answer(BODY[:-1])]),
    "a right answer inside a longer one": (
        "length",
        [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer()), PAUSE, answer()],
    ),
    "a body cut short": ("cut", [answer()[:-10], End.CLOSE]),
    "a head cut short": ("cut", [answer()[:20], PAUSE, End.CLOSE]),
    "chunks cut short": ("cut", [chunked(BODY, 7)[:-4], End.CLOSE]),
    "a reset in mid-answer": ("reset", [answer()[:-10], PAUSE, End.RESET]),
    "a reset without an answer": ("reset", [End.RESET]),
    "an end without an answer": ("closed", [End.CLOSE]),
    "garbage": ("malformed", [b"\x00\x01\x02 garbage\r\n\r\n", PAUSE]),
    "text": ("malformed", [b"Segmentation fault\n"]),
    "a switch of protocols": (
        "malformed",
        [b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"],
    ),
    "bytes after the answer": ("malformed", [answer() + b"x"]),
    "an empty line after the answer": ("malformed", [answer() + b"\r\n"]),
    "the answer twice": ("malformed", [answer() * 2]),
}


@pytest.mark.parametrize("script", WAYS_THAT_KEEP.values(), ids=WAYS_THAT_KEEP)
def test_right_answers_are_counted_however_they_come(generator: CheckedGenerator, script: Script) -> None:
    with ScriptedServer(script, REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        first, second = generator.slice("fox"), generator.slice("fox")
        assert first.errors == second.errors == {}
        assert first.answered >= 4
        assert second.answered >= 4
        assert first.answered + second.answered == server.requests
        assert (first.connections_opened, second.connections_opened) == (4, 0)
        assert server.wrong_requests == 0


@pytest.mark.parametrize("script", WAYS_THAT_CLOSE.values(), ids=WAYS_THAT_CLOSE)
def test_a_connection_that_ends_with_its_answer_is_opened_again(
    generator: CheckedGenerator, script: Script
) -> None:
    with ScriptedServer(script, REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        first, second = generator.slice("fox"), generator.slice("fox")
        assert first.errors == second.errors == {}
        assert (first.connections_opened, second.connections_opened) == (first.answered, second.answered)
        assert first.answered + second.answered == server.requests


@pytest.mark.parametrize(("kind", "steps"), WRONG.values(), ids=WRONG)
def test_wrong_answers_are_errors_of_their_kind(
    generator: CheckedGenerator, kind: str, steps: list[Step]
) -> None:
    with ScriptedServer(always(*steps), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox")
        assert outcome.errors == {kind: server.requests}
        assert (outcome.answered, outcome.requests) == (0, 0)
        assert server.requests >= 4


@pytest.mark.parametrize(("kind", "steps"), WRONG.values(), ids=WRONG)
def test_one_wrong_answer_in_ten_leaves_the_other_nine(
    generator: CheckedGenerator, kind: str, steps: list[Step]
) -> None:
    with ScriptedServer(every_tenth(steps, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=10)
        wrong = server.requests // 10
        assert outcome.errors == {kind: wrong}
        assert outcome.answered == server.requests - wrong


def test_connections_ended_at_random_are_told_apart_and_none_is_tried_again(
    generator: CheckedGenerator,
) -> None:
    chance = random.Random(7)
    ends = [chance.choice([None, None, None, End.CLOSE, End.RESET]) for _ in range(1000)]
    with ScriptedServer(lambda number: [ends[number % 1000] or answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=8, milliseconds=100)
        ended = [ends[number % 1000] for number in range(1, server.requests + 1)]
        assert outcome.errors == {"closed": ended.count(End.CLOSE), "reset": ended.count(End.RESET)}
        assert outcome.answered == ended.count(None)


def test_connections_that_are_closed_after_an_answer_cost_the_request_that_comes_next(
    generator: CheckedGenerator,
) -> None:
    def script(number: int) -> list[Step]:
        return [Last(answer()) if number % 7 == 0 else answer()]

    with ScriptedServer(script, REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", connections=8, milliseconds=100)
        closed = server.requests // 7
        assert set(outcome.errors) <= {"closed", "reset"}
        assert closed - 8 <= sum(outcome.errors.values()) <= closed  # less those after which no request came
        assert outcome.answered == server.requests


def test_bytes_that_follow_the_answer_later_are_malformed(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer(), PAUSE, b"x"), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=500)
        assert set(outcome.errors) == {"malformed"}


def test_only_the_head_is_read_where_only_the_head_was_asked_for(generator: CheckedGenerator) -> None:
    head = answer().removesuffix(BODY)
    request = b"HEAD /fox HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ScriptedServer(always(head), request) as server:
        generator.set_targets(fox=target_of(server, body=b"", method="HEAD", request=request))
        outcome = generator.slice("fox")
        assert outcome.errors == {}
        assert outcome.answered == server.requests
        assert outcome.connections_opened == 4


@pytest.mark.parametrize("way", [answer(LARGE_BODY), chunked(LARGE_BODY, 9999)], ids=["length", "chunked"])
def test_a_body_of_a_megabyte_is_verified(generator: CheckedGenerator, way: bytes) -> None:
    with ScriptedServer(every_tenth([way.replace(b"ABCDE", b"abcde", 1)], way), REQUEST) as server:
        generator.set_targets(fox=target_of(server, body=LARGE_BODY))
        outcome = generator.slice("fox", connections=10, milliseconds=100)
        wrong = server.requests // 10
        assert outcome.errors == {"body": wrong}
        assert outcome.answered == server.requests - wrong
        assert outcome.connections_opened == 10


@pytest.mark.parametrize("size", [2 << 20, LARGER_THAN_BUFFERS])
def test_a_large_request_arrives_whole(generator: CheckedGenerator, size: int) -> None:
    request = post(size)
    with ScriptedServer(always(answer()), request) as server:
        generator.set_targets(fox=target_of(server, method="POST", request=request))
        first, second = generator.slice("fox"), generator.slice("fox")
        assert first.errors == second.errors == {}
        assert first.answered + second.answered == server.requests
        assert server.wrong_requests == 0
        assert (first.connections_opened, second.connections_opened) == (4, 0)


def test_an_answer_that_comes_before_the_request_is_all_out_does_not_tear_it(
    generator: CheckedGenerator,
) -> None:
    request = post(LARGER_THAN_BUFFERS)
    with ScriptedServer(always(answer(), PAUSE), request, needed=100) as server:
        generator.set_targets(fox=target_of(server, method="POST", request=request))
        first, second = generator.slice("fox"), generator.slice("fox")
        assert first.errors == second.errors == {}
        assert first.answered + second.answered == server.requests
        assert server.wrong_requests == 0
        assert (first.connections_opened, second.connections_opened) == (4, 0)


def test_any_body_is_right_where_any_is_expected(generator: CheckedGenerator) -> None:
    with ScriptedServer(lambda number: [answer(b"%d" % number)], REQUEST) as server:
        generator.set_targets(fox=target_of(server, body=None))
        outcome = generator.slice("fox")
        assert outcome.errors == {}
        assert outcome.answered == server.requests


def test_an_end_without_an_answer_is_no_answer_where_any_body_is_expected(
    generator: CheckedGenerator,
) -> None:
    with ScriptedServer(always(End.CLOSE), REQUEST) as server:
        generator.set_targets(fox=target_of(server, body=None))
        outcome = generator.slice("fox")
        assert outcome.errors == {"closed": server.requests}
        assert outcome.answered == 0


def test_a_server_that_never_answers_is_given_up(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=200, timeout_ms=200)
        # Sent at the start, again when those were given up, and once more behind the window at most.
        assert set(outcome.errors) == {"timeout"}
        assert 4 <= outcome.errors["timeout"] <= 12
        assert outcome.answered == 0


def test_a_single_answer_that_does_not_come_is_a_single_error(generator: CheckedGenerator) -> None:
    with ScriptedServer(lambda number: [answer()] if number != 3 else [], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", timeout_ms=200)
        assert outcome.errors["timeout"] == 1
        assert outcome.answered == server.requests - sum(outcome.errors.values())


def test_an_answer_that_outlasts_the_slice_is_counted_with_all_of_its_time(
    generator: CheckedGenerator,
) -> None:
    with ScriptedServer(always(0.3, answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=60, ramp_ms=0)
        assert outcome.requests == outcome.answered == 4
        assert outcome.longest_ns >= 0.3e9
        assert outcome.duration_sum_ns >= 4 * 0.3e9


def test_what_was_sent_in_the_ramp_is_not_counted_though_its_answer_comes_later(
    generator: CheckedGenerator,
) -> None:
    with ScriptedServer(lambda number: [0.4 if number <= 4 else 0.0, answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=600, ramp_ms=200)
        assert outcome.answered - outcome.requests >= 4
        assert outcome.longest_ns < 0.4e9


def test_the_load_goes_on_until_what_was_sent_in_the_window_is_answered(generator: CheckedGenerator) -> None:
    with ScriptedServer(lambda number: [0.5 if number == 1 else 0.01, answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=300, ramp_ms=0)
        assert outcome.longest_ns >= 0.5e9
        assert 3 <= outcome.answered - outcome.requests <= 3 * 25
        assert server.requests == outcome.answered


def test_the_load_goes_on_behind_the_window_for_as_long_again_at_most(generator: CheckedGenerator) -> None:
    with ScriptedServer(lambda number: [1.0 if number == 1 else 0.01, answer()], REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcome = generator.slice("fox", milliseconds=200, ramp_ms=0)
        assert outcome.longest_ns >= 1e9
        assert outcome.answered - outcome.requests <= 3 * 25


def test_nobody_listening_is_tried_again_but_not_in_a_busy_loop(generator: CheckedGenerator) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        generator.set_targets(
            fox=Target("127.0.0.1", port, (WireRequest("fox", "GET", REQUEST, Expected(200, BODY)),))
        )
        outcome = generator.slice("fox", milliseconds=100)
        assert set(outcome.errors) == {"connect"}
        assert 4 <= outcome.errors["connect"] <= 4 * (1 + 2 * 110 // 20)  # a try each tick of 20 ms
        assert (outcome.answered, outcome.connections_opened) == (0, 0)


def test_a_server_that_comes_back_is_measured_again(generator: CheckedGenerator) -> None:
    with (
        ScriptedServer(always(End.RESET), REQUEST) as broken,
        ScriptedServer(always(answer()), REQUEST) as fox,
    ):
        generator.set_targets(broken=target_of(broken), fox=target_of(fox))
        assert generator.slice("broken").answered == 0
        outcome = generator.slice("fox")
        assert outcome.errors == {}
        assert outcome.answered == fox.requests


def test_connections_the_server_closed_between_slices_are_opened_again(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        first = generator.slice("fox")
        server.hang_up()
        second = generator.slice("fox")
        assert first.errors == second.errors == {}
        assert second.connections_opened == 4
        assert first.answered + second.answered == server.requests


def test_each_target_keeps_its_connections_while_others_are_asked(generator: CheckedGenerator) -> None:
    with (
        ScriptedServer(always(answer()), REQUEST) as one,
        ScriptedServer(always(answer(BODY, b"Server: two")), REQUEST) as two,
        ScriptedServer(always(chunked(BODY, 9)), REQUEST) as three,
    ):
        servers = {"one": one, "two": two, "three": three}
        generator.set_targets(**{name: target_of(server) for name, server in servers.items()})
        rounds = [{name: generator.slice(name, milliseconds=50) for name in servers} for _ in range(3)]
        assert all(outcome.errors == {} for outcomes in rounds for outcome in outcomes.values())
        for name, server in servers.items():
            assert [outcomes[name].connections_opened for outcomes in rounds] == [4, 0, 0]
            assert sum(outcomes[name].answered for outcomes in rounds) == server.requests


def test_connections_are_added_and_taken_away_between_slices(generator: CheckedGenerator) -> None:
    # Shrinking at one user a second, which is what Locust does if told so, would outlast the order.
    counts, opened = [1, 40, 1, 2, 3, 1], [1, 39, 0, 1, 1, 0]
    with ScriptedServer(always(answer()), REQUEST) as server:
        generator.set_targets(fox=target_of(server))
        outcomes = [generator.slice("fox", connections=count, milliseconds=50) for count in counts]
        assert [outcome.connections_opened for outcome in outcomes] == opened
        assert all(outcome.errors == {} for outcome in outcomes)
        assert sum(outcome.answered for outcome in outcomes) == server.requests


def test_new_targets_start_without_the_connections_of_the_old_ones(generator: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        for _ in range(3):
            generator.set_targets(fox=target_of(server))
            outcome = generator.slice("fox", milliseconds=50)
            assert (outcome.errors, outcome.connections_opened) == ({}, 4)
