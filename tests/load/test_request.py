"""Requests of a locustfile: what goes over the wire, what is a right answer, and what is refused."""

import json
from textwrap import dedent
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.expectations import mismatch
from bench.load.request import Request
from bench.load.wire import request_bytes
from tests.load.locust_process import said_of

METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
PATHS = st.from_regex(r"\A/[a-z0-9/._~%-]{0,20}(\?[a-z0-9=&]{0,10})?\Z")
NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z-]{0,10}\Z").map(lambda name: f"X-{name}")
VALUES = st.from_regex(r"\A([!-~]([ -~]{0,20}[!-~])?)?\Z")
HEADERS = st.dictionaries(NAMES, VALUES, max_size=4)


def read(data: bytes) -> tuple[h11.Request, bytes]:
    """The request and its body as h11 reads them; nothing may follow."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    body = b""
    request = server.next_event()
    assert isinstance(request, h11.Request)
    while isinstance(event := server.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert server.trailing_data == (b"", False)
    return request, body


@given(METHODS, PATHS, HEADERS, st.binary(max_size=100))
def test_a_server_reads_what_was_written(
    method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    wire = Request(path, method, headers=headers, body=body).wire("localhost:8000")
    request, received = read(wire.data)
    assert (request.method.decode(), request.target.decode(), received) == (method, path, body)
    sent = dict(request.headers)
    assert sent[b"host"] == b"localhost:8000"
    for name, value in headers.items():
        assert value.encode() in [found for key, found in request.headers if key == name.lower().encode()]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_json_is_the_body_with_its_content_type(value: object) -> None:
    request, body = read(Request("/", "POST", json=value).wire("a").data)
    types = dict(request.headers).get(b"content-type")
    if value is None:
        assert (body, types) == (b"", None)
    else:
        assert (json.loads(body), types) == (value, b"application/json")


@pytest.mark.parametrize(
    ("written", "method", "path"),
    [("/json", "GET", "/json"), ("POST /echo", "POST", "/echo"), ("  DELETE   /a?b=c ", "DELETE", "/a?b=c")],
)
def test_short_forms(written: str, method: str, path: str) -> None:
    assert Request.of(written) == Request(path, method)


def test_a_request_in_full_is_taken_as_it_is() -> None:
    request = Request("/json", weight=3)
    assert Request.of(request) is request


def test_a_prefix_of_the_host_is_sent_but_not_shown() -> None:
    wire = Request.of("/json").below("/app").wire("a:1")
    assert (wire.name, read(wire.data)[0].target) == ("/json", b"/app/json")
    assert Request("/json", name="data").below("/app").wire("a:1").name == "data"


def test_cookies_are_one_header_and_a_header_replaces_ours() -> None:
    headers = {"Host": "other", "user-agent": "fox"}
    wire = Request("/", headers=headers, cookies={"session": "abc", "theme": "dark"}).wire("a:1")
    sent = sorted(read(wire.data)[0].headers)
    assert sent == [
        (b"accept", b"*/*"),
        (b"cookie", b"session=abc; theme=dark"),
        (b"host", b"other"),
        (b"user-agent", b"fox"),
    ]


def test_a_method_with_a_body_says_so_even_where_it_is_empty() -> None:
    assert b"Content-Length: 0\r\n" in request_bytes("POST", "/", "a")
    assert b"Content-Length" not in request_bytes("GET", "/", "a")


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (Request("/"), None),
        (Request("/", status=201), "status 200"),
        (Request("/", equals=b'{"a":1}'), None),
        (Request("/", equals=b'{"a":2}'), "body"),
        (Request("/", contains=['"a"', "1"]), None),
        (Request("/", contains=['"a"', "2"]), "body"),
        (Request("/", json_values={"$.a": 1}), None),
        (Request("/", json_values={"$.a": 2}), "body"),
        (Request("/", sha256="015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"), None),
        (Request("/", sha256="0" * 64), "body"),
        (Request("/", header_values={"Fox": "red"}), None),
        (Request("/", header_values={"FOX": "blue"}), "header"),
    ],
)
def test_expectations(request_: Request, kind: str | None) -> None:
    wrong = mismatch(request_.wire("a").expected, 200, [(b"Fox", b"red")], b'{"a":1}')
    assert (wrong[0] if wrong else None) == kind


@pytest.mark.parametrize("written", ["", "json", "GET", "GET  json", "GET /a /b", "G=T /a", "/a\r\nB: c"])
def test_what_is_no_request_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Request.of(written)


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({"weight": 0}, "above 0"),
        ({"weight": -1}, "above 0"),
        ({"headers": {"Fox": "red\r\nHost: b"}}, "one line"),
        ({"cookies": {"fox\n": "red"}}, "one line"),
        ({"json_values": {"a": 1}}, "begins with `\\$`"),
    ],
)
def test_what_could_not_be_sent_or_checked_is_refused(members: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        Request("/", **members)


def test_every_mistake_is_one_sentence_and_the_rest_is_a_target() -> None:
    said = said_of(
        dedent(
            """
            from bench.load import ConnectionUser, Request

            class Homeless(ConnectionUser):
                requests = ["/"]

            class Right(ConnectionUser):
                host = "https://localhost/app/"
                requests = ["/json", "POST /echo"]

            class Plain(Right): host = "http://localhost"
            class NoHost(Right): host = "localhost:8000"
            class Port(Right): host = "http://localhost:99999"
            class Person(Right): host = "http://fox:secret@localhost"
            class Rate(Right): rate_per_s = 0
            class Path(Right): requests = "/json"
            class Letters(Right): requests = [Request("/", headers={"Name": "\\u4e2d"})]
            class Lost(Right): authorities = "no-such-file.pem"
            class Empty(Right): authorities = "/dev/null"
            """
        )
    )["users"]
    right, plain = said.pop("Right"), said.pop("Plain")
    assert (right["host"], right["port"]) == ("127.0.0.1", 443)
    assert [request["name"] for request in right["requests"]] == ["/json", "/echo"]
    assert right["tls"] == {"server_name": "localhost", "checked": True, "authorities": None}
    assert (plain["port"], plain["tls"]) == (80, None)
    hints = {
        "Homeless": "it has no host; give the class one, or say --host",
        "NoHost": "write it as http://127.0.0.1:8000",
        "Port": "out of range",
        "Person": "Authorization",
        "Rate": "rate_per_s and connections must be above 0",
        "Path": "is no path; write one as /json",
        "Letters": "latin-1",
        "Lost": "No such file",
        "Empty": "certificate",
    }
    assert said.keys() == hints.keys()
    for name, hint in hints.items():
        assert said[name].startswith(f"{name} cannot send: ")
        assert hint in said[name]
        assert "secret" not in said[name]
