"""The guard that keeps a process on loopback: no connection, datagram or name leaves the machine.

Redirects and absolute URLs in somebody's locustfile cannot be foreseen, so they are refused where every
socket of Python passes: in an audit hook, which is asked before the system call is made. Sending and
receiving on a connection are not audited and cost nothing more; a connection takes 3 us longer.

What does not go through Python's sockets (other programs, compiled libraries with sockets of their own) is
beyond it. A name that is given to `connect` or `sendto` itself is looked up before the guard is asked, which
then refuses to send; gevent's `connect`, and every HTTP client, asks for the look-up first and is refused.
"""

import socket
import sys
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

# Known without parsing them, which takes longer than all the rest of the guard.
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


class OffLoopback(PermissionError):
    """Something would have left the machine; nothing was sent."""


def stay_on_loopback(allowed: frozenset[str] = frozenset()) -> None:
    """Refuse from now on, in this process, whatever would leave the machine, except for the allowed hosts.

    `allowed` are addresses or names; names are resolved here, once, and raise OSError where they cannot be.
    What is refused raises OffLoopback at whoever tried. The guard cannot be taken away again; a second one
    refuses what either of them refuses.
    """
    hosts = _LOCAL | allowed | {address for host in allowed for address in _addresses_of(host)}

    def check_destination(arguments: tuple[Any, ...]) -> None:
        address = arguments[1]
        # Unix sockets have a path instead, netlink ones numbers.
        if isinstance(address, tuple) and isinstance(address[0], str | bytes | bytearray):
            _check(_text(address[0]), hosts, "a connection to")

    def check_name(arguments: tuple[Any, ...]) -> None:
        host = arguments[0]
        if host and not _is_numeric(_text(host)):
            _check(_text(host), hosts, "a look-up of the name")

    def check_reverse(arguments: tuple[Any, ...]) -> None:
        address = arguments[0]
        _check(
            _text(address[0] if isinstance(address, tuple) else address), hosts, "a look-up of the address"
        )

    checks: dict[str, Callable[[tuple[Any, ...]], None]] = {
        "socket.connect": check_destination,
        "socket.sendto": check_destination,
        "socket.sendmsg": check_destination,
        "socket.getaddrinfo": check_name,
        "socket.gethostbyname": check_name,
        "socket.gethostbyaddr": check_reverse,
        "socket.getnameinfo": check_reverse,
    }

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in checks:
            checks[event](arguments)

    sys.addaudithook(hook)


def _check(host: str, hosts: frozenset[str], what: str) -> None:
    if host not in hosts and not _is_loopback(host):
        raise OffLoopback(f"{what} {host} was refused: it would leave this machine")


def _text(host: str | bytes | bytearray) -> str:
    return host if isinstance(host, str) else host.decode("ascii", "replace")


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if not _is_numeric(host):
        return False
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _addresses_of(host: str) -> set[str]:
    return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
