"""One request and its answer, outside any slice: to learn what a right answer is and how it is sent."""

import http.client
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.scenario.model import Request


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request_bytes(request: Request, port: int) -> bytes:
    """The request as it goes over the wire, the same from the first check to the last slice."""
    headers = {"Host": f"127.0.0.1:{port}", "User-Agent": "bench", "Accept": "*/*"}
    body = b""
    if request.json_body is not None:
        body = json.dumps(request.json_body, separators=(",", ":")).encode()
        headers["Content-Type"] = "application/json"
    elif request.body is not None:
        body = request.body.encode()
    if body or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body))
    given = {name.lower() for name in request.headers}
    lines = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join((f"{request.method} {request.path} HTTP/1.1", *lines, "", ""))
    return head.encode("ascii") + body


def ask(data: bytes, method: str, port: int, timeout_s: float) -> Answer:
    """Send the request on a connection of its own. Raises OSError or http.client.HTTPException."""
    with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
        return _ask(connection, data, method)


def keeps_alive(data: bytes, method: str, port: int, timeout_s: float) -> bool:
    """Whether a connection serves a second request after the first. Raises as `ask` does for the first."""
    with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
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
        return Answer(
            response.status, {k.lower(): v for k, v in response.getheaders()}, _body(response, deadline)
        )
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
