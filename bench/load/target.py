"""The target of a load: an address, the bytes of the request, and what a right response is."""

import base64
from dataclasses import dataclass
from typing import Any, Self

from bench.load.response import Expected


@dataclass(frozen=True)
class Target:
    """One request to one address. `name` is what Locust's statistics call it, `method` its method."""

    host: str
    port: int
    method: str
    name: str
    request: bytes
    expected: Expected

    def to_message(self) -> dict[str, Any]:
        """The target as a dictionary of JSON values."""
        body = self.expected.body
        return {
            "host": self.host,
            "port": self.port,
            "method": self.method,
            "name": self.name,
            "request": base64.b64encode(self.request).decode("ascii"),
            "status": self.expected.status,
            "body": None if body is None else base64.b64encode(body).decode("ascii"),
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The target that `to_message` wrote."""
        body = message["body"]
        return cls(
            host=message["host"],
            port=message["port"],
            method=message["method"],
            name=message["name"],
            request=base64.b64decode(message["request"]),
            expected=Expected(message["status"], None if body is None else base64.b64decode(body)),
        )
