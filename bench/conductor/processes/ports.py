"""Ports on loopback: finding a free one, and proving from the system's socket table who listens on it."""

import random
import re
import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ServerFailed

# Below the range the system takes client ports from, so that no connection of the load ever holds one.
_RANGE = range(18_000, 30_000)
_LISTEN = "0A"  # the state in /proc/net/tcp,
_OPEN = "07"  # and in /proc/net/udp, of a socket that takes what anybody sends
_EVERY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d./])|\[::\]|(?:^|=|//)\*?:\d+$")


def free_port(fixed: int | None, taken: Collection[int], addresses: int = 1) -> int:
    """A port nobody listens on, or the fixed one, at as many addresses: 127.0.0.1, 127.0.0.2, ...

    Raises ServerFailed where the fixed one is taken.
    """
    hosts = [f"127.0.0.{number}" for number in range(1, addresses + 1)]
    if fixed is not None:
        for host in hosts:
            if not _can_listen(host, fixed):
                raise ServerFailed(
                    f"port {fixed} on {host} is taken by another process",
                    "stop that process, or leave `port:` out to have a free one found",
                )
        return fixed
    for port in random.sample(_RANGE, 500):
        if port not in taken and all(_can_listen(host, port) for host in hosts):
            return port
    raise ServerFailed("no free port found on 127.0.0.1", "look for what holds so many with `ss -ltn`")


def _can_listen(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
        return True


def names_every_address(word: str) -> bool:
    """Whether a word of a command line has a server listen at every address: `0.0.0.0:80`, `[::]`, `:80`."""
    return _EVERY_ADDRESS.search(word) is not None


@dataclass(frozen=True)
class ListeningSocket:
    """A socket that others can send to: its inode, its port, and whether only this machine can reach it."""

    inode: str
    port: int
    on_loopback: bool


def listening_sockets() -> list[ListeningSocket]:
    """Every listening TCP socket of the system."""
    return [*_listed("tcp"), *_listed("tcp6")]


def receiving_sockets() -> list[ListeningSocket]:
    """Every UDP socket that takes what anybody sends to a port which its program chose.

    Where the system chose the port, as it does for who only sends, nobody knows it.
    """
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return [one for one in (*_listed("udp"), *_listed("udp6")) if not low <= one.port <= high]


def _listed(protocol: str) -> Iterator[ListeningSocket]:
    """The sockets of one of the system's tables that wait for anybody."""
    waiting = _LISTEN if protocol.startswith("tcp") else _OPEN
    with suppress(FileNotFoundError), Path("/proc/net", protocol).open() as lines:
        next(lines)
        for line in lines:
            _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
            if state == waiting:
                address, _, port = local.rpartition(":")
                yield ListeningSocket(inode, int(port, 16), is_loopback(address))
            elif waiting == _LISTEN:
                break  # the kernel lists listening sockets first, and the others may be many thousands


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
