import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.conductor.deployments.exchange import Endpoint, ask, keeps_alive, request_bytes
from bench.scenario.model import Request


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A server that gives each connection these answers, one a request, and then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answers))
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, answers: tuple[bytes, ...]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            for answer in answers:
                connection.recv(65536)
                connection.sendall(answer)


def test_a_request_is_what_the_scenario_says_and_goes_to_loopback() -> None:
    data = request_bytes(Request(path="/json?a=1", headers={"Accept": "text/plain"}), 8000)
    assert data == (
        b"GET /json?a=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: bench\r\nAccept: text/plain\r\n\r\n"
    )


def test_a_content_type_that_is_given_replaces_that_of_json() -> None:
    headers = {"content-type": "application/vnd.api+json"}
    data = request_bytes(Request(method="POST", path="/", headers=headers, json_body={}), 8000)
    assert data.lower().count(b"content-type") == 1
    assert b"content-type: application/vnd.api+json\r\n" in data


def test_cookies_go_in_one_header() -> None:
    data = request_bytes(Request(path="/", cookies={"session": "abc", "seen": ""}), 8000)
    assert data.endswith(b"\r\nCookie: session=abc; seen=\r\n\r\n")


def test_header_fields_are_kept_as_they_came() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nset-cookie: \xe4\r\nContent-Length: 0\r\n\r\n"
    with answering(answer) as port:
        got = ask(request_bytes(Request(path="/"), port), "GET", Endpoint(port), 10.0)
    assert got.fields == ((b"Set-Cookie", b"a=b"), (b"set-cookie", b"\xe4"), (b"Content-Length", b"0"))
    assert got.headers == {"set-cookie": "\xe4", "content-length": "0"}


@pytest.mark.parametrize(
    ("request_", "end"),
    [
        (Request(method="POST", path="/"), b"Content-Length: 0\r\n\r\n"),
        (Request(method="POST", path="/", body="ä"), b"Content-Length: 2\r\n\r\n\xc3\xa4"),
        (
            Request.model_validate({"method": "PUT", "path": "/", "json": {"a": [1, None]}}),
            b'Content-Length: 14\r\nContent-Type: application/json\r\n\r\n{"a":[1,null]}',
        ),
    ],
)
def test_a_body_comes_with_its_length(request_: Request, end: bytes) -> None:
    assert request_bytes(request_, 8000).endswith(end)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
    ],
)
def test_an_answer_is_read_whole_however_it_is_framed(answer: bytes) -> None:
    with answering(answer) as port:
        got = ask(request_bytes(Request(path="/"), port), "GET", Endpoint(port), 10.0)
    assert (got.status, got.body) == (200, b"hello")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"I speak no HTTP\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_or_none_is_an_error(answer: bytes) -> None:
    with answering(answer) as port, pytest.raises((OSError, http.client.HTTPException)):
        ask(request_bytes(Request(path="/"), port), "GET", Endpoint(port), 10.0)


def test_an_answer_that_does_not_come_in_time_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimeoutError):
        ask(request_bytes(Request(path="/"), 1), "GET", Endpoint(silent.getsockname()[1]), 0.05)


def test_a_connection_is_kept_where_it_serves_a_second_request() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with answering(whole, whole) as port:
        assert keeps_alive(request_bytes(Request(path="/"), port), "GET", Endpoint(port), 10.0)
    with answering(whole) as port:
        assert not keeps_alive(request_bytes(Request(path="/"), port), "GET", Endpoint(port), 10.0)
