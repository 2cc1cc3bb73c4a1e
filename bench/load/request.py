"""What the users of a locustfile of ours ask: requests as their author writes them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from bench.load.expectations import Expected, HeaderCheck, compile_json_path
from bench.load.target import WireRequest
from bench.load.wire import request_bytes


@dataclass(frozen=True)
class Request:
    """A request that a `ConnectionUser` sends again and again, and what a right answer to it is.

    `json` is sent as the body with its Content-Type. Of several requests one with twice the weight is sent
    twice as often. A right answer has this `status` and, where given, this very body (`equals`), all texts
    of `contains` in its body, the value that each JSONPath of `json_values` selects, this `sha256` of its
    body (hexadecimal), and these headers. Raises ValueError where it could not be sent.
    """

    path: str
    method: str = "GET"
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    json: Any = None
    weight: int = 1
    status: int = 200
    equals: bytes | None = None
    contains: Sequence[str] = ()
    json_values: Mapping[str, Any] = field(default_factory=dict)
    sha256: str | None = None
    header_values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or any(character.isspace() for character in self.path):
            raise ValueError(f"{self.path!r} is no path; write one as /json, or GET /json")
        if not self.method.isalpha():
            raise ValueError(f"{self.method!r} is no method; write a request as POST /echo")
        if self.weight <= 0:
            raise ValueError(f"the weight of {self.path} is {self.weight}; it must be above 0")
        for text in (*self.headers, *self.headers.values(), *self.cookies, *self.cookies.values()):
            if not text.isprintable():
                raise ValueError(f"{text!r} cannot be in a header; write it in one line")
        for path in self.json_values:
            compile_json_path(path)

    @classmethod
    def of(cls, written: Self | str) -> Self:
        """The request for `/json`, `POST /echo` or a request in full."""
        if not isinstance(written, str):
            return written
        method, _, path = written.strip().rpartition(" ")
        return cls(path, method=method.strip() or "GET")

    def below(self, prefix: str) -> Self:
        """The request for the same path below another."""
        return replace(self, path=prefix + self.path, name=self.name or self.path)

    def wire(self, authority: str) -> WireRequest:
        """The request as it goes over the wire to this host and port."""
        headers, body = dict(self.headers), self.body
        if self.json is not None:
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(self.json, separators=(",", ":")).encode()
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return WireRequest(
            name=self.name or self.path,
            method=self.method,
            data=request_bytes(self.method, self.path, authority, headers.items(), body),
            expected=Expected(
                status=self.status,
                body=self.equals,
                headers=tuple(HeaderCheck(name.lower(), value) for name, value in self.header_values.items()),
                contains=tuple(text.encode() for text in self.contains),
                json=tuple(self.json_values.items()),
                sha256=self.sha256,
            ),
            weight=self.weight,
        )
