"""Ports on loopback: finding a free one, and proving from the system's socket table who listens on it."""

import random
import socket
from collections.abc import Collection
from contextlib import suppress
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


def strangers_listen(port: int, family: Collection[int]) -> bool:
    """Whether anybody listens on this port who is not of this family of processes.

    A listening socket none of them holds belongs to somebody else, whoever that is.
    """
    held = {inode for pid in family for inode in _sockets_of(pid)}
    return not _listening_sockets(port) <= held


def _listening_sockets(port: int) -> set[str]:
    """The inodes of the sockets that listen on this port, on any address."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(FileNotFoundError), table.open() as lines:
            next(lines)
            for line in lines:
                _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
                if state != _LISTEN:
                    break  # the kernel lists listening sockets first, and the others may be many thousands
                if int(local.rpartition(":")[2], 16) == port:
                    found.add(inode)
    return found


def _sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets that this process has open."""
    found = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found
