"""Ports on loopback: finding a free one, and proving from the system's socket table who listens on it."""

import random
import socket
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ServerFailed

# Below the range the system takes client ports from, so that no connection of the load ever holds one.
_RANGE = range(18_000, 30_000)
_LISTEN = "0A"  # the state in /proc/net/tcp


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


@dataclass(frozen=True)
class ListeningSocket:
    """A socket that listens: its inode, its port, and whether only this machine can reach it."""

    inode: str
    port: int
    on_loopback: bool


def listening_sockets() -> list[ListeningSocket]:
    """Every listening TCP socket of the system."""
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(FileNotFoundError), table.open() as lines:
            next(lines)
            for line in lines:
                _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
                if state != _LISTEN:
                    break  # the kernel lists listening sockets first, and the others may be many thousands
                address, _, port = local.rpartition(":")
                found.append(ListeningSocket(inode, int(port, 16), is_loopback(address)))
    return found


def is_loopback(address: str) -> bool:
    """Whether an address of the table, each of its words little-endian, is in 127.0.0.0/8 or ::1."""
    if len(address) == 8 or address.startswith("0000000000000000FFFF0000"):
        return address.endswith("7F")
    return address == "00000000000000000000000001000000"


def sockets_of(family: Collection[int]) -> set[str]:
    """The inodes of the sockets that these processes have open."""
    found = set()
    for pid in family:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found
