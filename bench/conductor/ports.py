"""Ports on loopback: finding a free one, and proving from the system's socket table who listens on it."""

import random
import socket
from collections.abc import Collection

import psutil

from bench.errors import ServerFailed

# Below the range the system takes client ports from, so that no connection of the load ever holds one.
_RANGE = range(18_000, 30_000)


def free_port(fixed: int | None, taken: Collection[int]) -> int:
    """A port nobody listens on, or the fixed one. Raises ServerFailed where the fixed one is taken."""
    if fixed is not None:
        if not _can_listen(fixed):
            raise ServerFailed(
                f"port {fixed} on 127.0.0.1 is taken by another process",
                "stop that process, or leave `port:` out to have a free one found",
            )
        return fixed
    for port in random.sample(_RANGE, 500):
        if port not in taken and _can_listen(port):
            return port
    raise ServerFailed("no free port found on 127.0.0.1", "look for what holds so many with `ss -ltn`")


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
        return True


def listeners(port: int) -> set[int | None]:
    """Who listens on this port, by process id; None stands for a process that we may not look into."""
    return {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
    }
