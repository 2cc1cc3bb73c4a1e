"""The target of a load: an address, the bytes of its requests, and what right responses are."""

import base64
from dataclasses import asdict, dataclass
from typing import Any, Self

from bench.load.expectations import Expected


@dataclass(frozen=True)
class WireRequest:
    """A request as it goes over the wire, and what a right response is.

    `name` and `method` are what Locust's statistics call it; of several requests, one with twice the weight
    is sent twice as often.
    """

    name: str
    method: str
    data: bytes
    expected: Expected
    weight: int = 1

    def to_message(self) -> dict[str, Any]:
        """The request as a dictionary of JSON values."""
        return {
            "name": self.name,
            "method": self.method,
            "data": base64.b64encode(self.data).decode("ascii"),
            "expected": self.expected.to_message(),
            "weight": self.weight,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The request that `to_message` wrote."""
        return cls(
            name=message["name"],
            method=message["method"],
            data=base64.b64decode(message["data"]),
            expected=Expected.from_message(message["expected"]),
            weight=message["weight"],
        )


@dataclass(frozen=True)
class Tls:
    """How to speak TLS: the name the server must prove, by these authorities (PEM) or the system's.

    Nothing is proven where the certificate is not `checked`.
    """

    server_name: str
    checked: bool = True
    authorities: str | None = None


@dataclass(frozen=True)
class Target:
    """One address and the requests it is sent: one, or a mix. The host is an address, not a name."""

    host: str
    port: int
    requests: tuple[WireRequest, ...]
    tls: Tls | None = None

    def to_message(self) -> dict[str, Any]:
        """The target as a dictionary of JSON values."""
        return {
            "host": self.host,
            "port": self.port,
            "requests": [request.to_message() for request in self.requests],
            "tls": None if self.tls is None else asdict(self.tls),
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """The target that `to_message` wrote."""
        tls = message["tls"]
        return cls(
            host=message["host"],
            port=message["port"],
            requests=tuple(WireRequest.from_message(request) for request in message["requests"]),
            tls=None if tls is None else Tls(**tls),
        )
