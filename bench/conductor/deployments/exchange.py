"""One request and its answer, outside any slice: to learn what a right answer is and how it is sent."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bench.load import wire
from bench.load.target import Tls
from bench.load.tls import context_for
from bench.scenario.model import Request

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Endpoint:
    """Where a deployment is asked: a port of 127.0.0.1, and how to speak TLS where it does."""

    port: int
    tls: Tls | None = None

    @property
    def url(self) -> str:
        """The root of all that it serves."""
        return f"{'http' if self.tls is None else 'https'}://{HOST}:{self.port}"

    @contextmanager
    def connected(self, timeout_s: float) -> Iterator[socket.socket]:
        """A new connection to it. Raises OSError where there is none, ssl.SSLError among them."""
        with socket.create_connection((HOST, self.port), timeout_s) as connection:
            if self.tls is None:
                yield connection
            else:
                context = context_for(self.tls)
                with context.wrap_socket(connection, server_hostname=self.tls.server_name) as wrapped:
                    yield wrapped


@dataclass(frozen=True)
class Answer:
    """What came back for one request; its header fields are in the order they came."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """The values by name in lower case; of several with one name the last."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.fields}


def request_bytes(request: Request, port: int) -> bytes:
    """The request as it goes over the wire, the same from the first check to the last slice."""
    given = {name.lower() for name in request.headers}
    headers = [(name, value) for name, value in _own_headers(request) if name.lower() not in given]
    body = b"" if request.body is None else request.body.encode()
    if request.json_body is not None:
        body = json.dumps(request.json_body, separators=(",", ":")).encode()
    authority = f"{HOST}:{port}"
    return wire.request_bytes(
        request.method, request.path, authority, (*headers, *request.headers.items()), body
    )


def _own_headers(request: Request) -> Iterator[tuple[str, str]]:
    """Headers that follow from what the scenario says of the request."""
    if request.json_body is not None:
        yield "Content-Type", "application/json"
    if request.cookies:
        yield "Cookie", "; ".join(f"{name}={value}" for name, value in request.cookies.items())


def ask(data: bytes, method: str, endpoint: Endpoint, timeout_s: float) -> Answer:
    """Send the request on a connection of its own. Raises OSError or http.client.HTTPException."""
    with endpoint.connected(timeout_s) as connection:
        return _ask(connection, data, method)


def keeps_alive(data: bytes, method: str, endpoint: Endpoint, timeout_s: float) -> bool:
    """Whether a connection serves a second request after the first. Raises as `ask` does for the first."""
    with endpoint.connected(timeout_s) as connection:
        first = _ask(connection, data, method)
        if "close" in first.headers.get("connection", "").lower():
            return False  # not asked again: the dev server leaves such a client waiting
        try:
            _ask(connection, data, method)
        except (OSError, http.client.HTTPException):
            return False
        return True


def _ask(connection: socket.socket, data: bytes, method: str) -> Answer:
    deadline = time.monotonic() + (connection.gettimeout() or 0.0)
    connection.sendall(data)
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()]
        return Answer(response.status, tuple(fields), _body(response, deadline))
    finally:
        response.close()


def _body(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The whole body. A stream that never ends would never run into the timeout of a single read."""
    body = bytearray()
    while piece := response.read1(1 << 16):
        body += piece
        if time.monotonic() > deadline:
            raise TimeoutError("the answer did not end in time")
    if response.length:
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)
