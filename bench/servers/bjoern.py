"""Bjoern: an HTTP server in C around libev, with one process and one thread whatever is wanted.

It answers one request after the other, and a view that waits holds up all. It is a module without a command,
so a line of Python imports the app and runs it. It logs nothing, keeps connections for as long as their
clients do, lets 1024 wait to be accepted, and sends no Date. It leaves Nagle's algorithm on, so that an
answer in several pieces waits 40 ms for the client's delayed acknowledgement: connections inherit from the
listening socket that it is off, but as it comes it is on.

A `bjoern.py` of the app's folder would be found before it, so the folder is off the path until it is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.errors import InputError
from bench.servers.blueprint import Ability, Address, Blueprint, Process, Server, Settings, UnixSocket
from bench.servers.loading import PATH_WITH_THE_APP, PATH_WITHOUT_THE_APP, load_app

_LISTEN = (
    f"{PATH_WITHOUT_THE_APP}import bjoern; {PATH_WITH_THE_APP}{load_app('sys.argv[1]')}"
    "host, *port = sys.argv[2:]; listening = bjoern.listen(app, host, *map(int, port)); "
)
_WITHOUT_DELAY = "import socket; listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1); "
_RUN = "bjoern.run()"


@dataclass(frozen=True)
class Bjoern(Server):
    """Bjoern, from a line of Python."""

    name: str = "bjoern"
    distribution: str | None = "bjoern"
    summary: str = "bjoern, written in C: one process, one thread, keep-alive"
    remedy: str = "pip install bjoern (needs a C compiler, Python's headers and libev's)"
    abilities: frozenset[Ability] = frozenset({"unix"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start its one process. Raises InputError where there are options, for it has none."""
        if settings.options:
            raise InputError("bjoern has no options", "leave `options:` out, or write a `command:`")
        code = _LISTEN + _RUN if _is_as_it_comes(settings) else _LISTEN + _WITHOUT_DELAY + _RUN
        command = ("python", "-c", code, settings.app, *_where(settings.address))
        return Blueprint(
            parts=(Process(command, name=self.name, listens=settings.address),),
            processes=1,
            threads=1,
            keeps_alive=True,
            remarks=tuple(_remarks(settings)),
        )


def _remarks(settings: Settings) -> Iterator[str]:
    yield "always one process with one thread: a view that waits holds up all others"
    if settings.is_shipped:
        yield "leaves Nagle's algorithm on, as it does by default: answers in several pieces may stall"


def _is_as_it_comes(settings: Settings) -> bool:
    """Whether nothing is to be set; a unix socket knows of no delay."""
    return settings.is_shipped or isinstance(settings.address, UnixSocket)


def _where(address: Address) -> tuple[str, ...]:
    if isinstance(address, UnixSocket):
        return (f"unix:{address.path}",)
    return (address.host, str(address.number))
