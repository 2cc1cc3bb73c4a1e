"""The servers there are, each in a module of its own that describes how to launch it."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from bench.servers import apache, gunicorn, uwsgi
from bench.servers.bjoern import Bjoern
from bench.servers.blueprint import (
    Ability,
    Address,
    Blueprint,
    Certificate,
    Port,
    Process,
    Profile,
    Program,
    Server,
    Settings,
    StaticFiles,
    UnixSocket,
)
from bench.servers.cheroot import Cheroot
from bench.servers.command import Command
from bench.servers.flask_dev import FlaskDevelopmentServer
from bench.servers.granian import Granian
from bench.servers.third_party import third_party_servers
from bench.servers.waitress import Waitress

__all__ = [
    "BUILT_IN", "SERVERS", "Ability", "Address", "Blueprint", "Certificate", "Port", "Process", "Profile",
    "Program", "Server", "Settings", "StaticFiles", "UnixSocket", "server_names",
]  # fmt: skip

BUILT_IN: tuple[Server, ...] = (
    FlaskDevelopmentServer(),
    gunicorn.GTHREAD, gunicorn.SYNC, gunicorn.GEVENT,
    uwsgi.ROUTER, uwsgi.HTTP, uwsgi.HTTP11,
    Waitress(),
    apache.DAEMON, apache.EMBEDDED,
    Granian(), Cheroot(), Bjoern(), Command(),
)  # fmt: skip


class _Servers(Mapping[str, Server]):
    """Every server by its name: ours, and those of other packages, loaded when first asked for.

    Asking raises InputError where a server of another package cannot be used.
    """

    @cached_property
    def _all(self) -> dict[str, Server]:
        ours = {server.name: server for server in BUILT_IN}
        return {**ours, **third_party_servers(ours)}

    def __getitem__(self, name: str) -> Server:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


SERVERS: Mapping[str, Server] = _Servers()


def server_names() -> tuple[str, ...]:
    """The names a scenario may use. Raises InputError where a server of another package cannot be used."""
    return tuple(SERVERS)
