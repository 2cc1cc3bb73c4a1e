"""The one request of a load on a single target: its bytes on the wire, and what a right answer to it is."""

from dataclasses import dataclass, replace

from bench.conductor.single_load.address import Address
from bench.load.expectations import Expected
from bench.load.target import Target, Tls, WireRequest
from bench.load.wire import request_bytes


@dataclass(frozen=True)
class Question:
    """What is asked again and again. With `same_body`, every body must be that of the first answer."""

    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expected: Expected
    same_body: bool

    def data(self, address: Address) -> bytes:
        """The request as it goes over the wire."""
        return request_bytes(self.method, address.path, address.authority, self.headers, self.body)

    def target(self, address: Address, host: str, tls: Tls | None, body: bytes | None) -> Target:
        """The target to load: this address of those there are, and the body that every answer must have."""
        request = WireRequest(
            name=address.path,
            method=self.method,
            data=self.data(address),
            expected=replace(self.expected, body=body),
        )
        return Target(host, address.port, (request,), tls)
