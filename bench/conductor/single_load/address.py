"""From a URL to the address that is asked: loopback only, unless a host was allowed by its name.

Nothing is sent to find out that a target is remote: a name is looked up in this machine's own table of hosts.
Only a host that was allowed is resolved as the system does it, once.
"""

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from bench.errors import InputError

TABLE_OF_HOSTS = Path("/etc/hosts")
LOOPBACK = "127.0.0.1"
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # stays as it was written; the rest is percent-encoded


@dataclass(frozen=True)
class Address:
    """Where a URL leads: the IP addresses to try, in this order, the port, and what to ask for.

    `name` is the host as the URL has it, without brackets; `path` has the query with it.
    """

    hosts: tuple[str, ...]
    port: int
    name: str
    path: str
    speaks_tls: bool

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.speaks_tls else "http"

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: the port only where it is not the scheme's own."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, written out."""
        return f"{self.scheme}://{self.authority}{self.path}"


def address_of(url: str, allowed: Collection[str] = (), *, table: Path = TABLE_OF_HOSTS) -> Address:
    """The address a URL leads to. Raises InputError where it is no URL, or leads to another machine.

    `allowed` are hosts that may be remote, as the URL names them.
    """
    parts = _parts(url)
    name, port = _host_and_port(url, parts)
    if name in {_plain(one) for one in allowed}:
        hosts = _resolved(name, port)
    else:
        hosts = _loopback_addresses(name, table)
    path = quote(parts.path or "/", safe=_PRINTABLE) + (
        f"?{quote(parts.query, safe=_PRINTABLE)}" if parts.query else ""
    )
    return Address(hosts, port, name, path, parts.scheme == "https")


def is_loopback(host: str) -> bool:
    """Whether this is an IP address that only this machine has."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(url: str) -> SplitResult:
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise InputError(f"{url!r} has blanks in it", "write a blank as %20")
    if "://" not in url:
        raise InputError(f"{url} is not a URL", f"write http://{url.removeprefix('//')}")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"{url} is not a URL: {error}", "write it as http://127.0.0.1:8000/path") from error
    if parts.scheme not in _PORTS:
        raise InputError(f"{url}: {parts.scheme}:// cannot be asked", "only http:// and https:// can")
    return parts


def _host_and_port(url: str, parts: SplitResult) -> tuple[str, int]:
    if parts.username is not None or parts.password is not None:
        # The URL is not quoted: what is said may end in a log.
        raise InputError(
            "the URL holds a user's name or password", "send it as -H 'Authorization: ...' instead"
        )
    try:
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError as error:
        raise InputError(f"{url}: {error}", "a port is a number from 1 to 65535") from error
    if port == 0:
        raise InputError(f"{url}: nothing can listen on port 0", "a port is a number from 1 to 65535")
    name = _plain(parts.hostname or "")
    if not name or not name.isascii():
        raise InputError(f"{url} names no host that can be asked", "write it as http://127.0.0.1:8000/path")
    return name, port


def _plain(host: str) -> str:
    """A host without the brackets, the capitals and the last dot that make no difference."""
    return host.strip("[]").rstrip(".").lower()


def _loopback_addresses(name: str, table: Path) -> tuple[str, ...]:
    """The addresses of a host of this machine. Raises InputError for any other."""
    try:
        found = {str(ip_address(name))}
    except ValueError:
        found = _listed(name, table)
        if not found and (name == "localhost" or name.endswith(".localhost")):
            found = {LOOPBACK}
    if not found:
        raise _remote(name, f"{name} is not a host of this machine (it is not in {table})")
    for host in sorted(found):
        if not is_loopback(host):
            leads = name if host == name else f"{name} leads to {host}, which"
            raise _remote(name, f"{leads} is not an address of loopback")
    return tuple(sorted(found, key=lambda host: (":" in host, host)))  # IPv4 first, as servers mostly do


def _listed(name: str, table: Path) -> set[str]:
    """The addresses that the table of hosts has for a name."""
    found = set()
    try:
        lines = table.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    for line in lines:
        host, *names = line.partition("#")[0].split() or [""]
        if name in {_plain(one) for one in names}:
            found.add(host)
    return found


def _remote(name: str, what: str) -> InputError:
    return InputError(
        f"{what}; nothing was sent",
        f"to put load on another machine, which must be yours to load, say --allow-remote {name}",
    )


def _resolved(name: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"the address of {name} cannot be found: {error.strerror}") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
