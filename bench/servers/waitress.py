"""Waitress: one process whatever is wanted, so it gets as many threads as the others have in all.

Its default limit of 100 connections lets the next ones hang; `poll` lifts the limit of `select`. Its own
command warns of every request that has to wait, a line each: no other server here logs requests, and no
option does it, so that log is switched off before the command runs. After an answer without a length it
closes the connection.

Behind a proxy it takes the headers away that say who asks, and whether by HTTPS, unless it is told to trust
the proxy. It always is, for an app would not give the same answers.

As it comes it has 4 threads and the limit, of which its own descriptors take three, and it logs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.servers.blueprint import Ability, Blueprint, Process, Server, Settings, UnixSocket

_SILENT = "import logging; logging.getLogger('waitress.queue').setLevel('ERROR'); "
_WAITRESS = "from waitress.runner import run; run()"
_THREADS = 4
_CONNECTIONS = 97


@dataclass(frozen=True)
class Waitress(Server):
    """Waitress, from its own command."""

    name: str = "waitress"
    distribution: str | None = "waitress"
    summary: str = "waitress: one process with threads, keep-alive"
    remedy: str = "pip install waitress"
    abilities: frozenset[Ability] = frozenset({"unix"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start its one process."""
        threads = _THREADS if settings.is_shipped else settings.processes * settings.threads
        silent, chosen = ("", ()) if settings.is_shipped else (_SILENT, _equal(settings, threads))
        command = (
            "python", "-c", silent + _WAITRESS, _listen(settings), *_trust(settings), *chosen,
            *settings.options, *_app(settings.app),
        )  # fmt: skip
        return Blueprint(
            parts=(Process(command, name=self.name, listens=settings.address),),
            processes=1,
            threads=threads,
            keeps_alive=True,
            remarks=tuple(_remarks(settings)),
        )


def _app(app: str) -> tuple[str, ...]:
    """The app, by a word that says so where it is made by a call."""
    return ("--call", app.removesuffix("()")) if app.endswith("()") else (app,)


def _listen(settings: Settings) -> str:
    if isinstance(settings.address, UnixSocket):
        return f"--unix-socket={settings.address.path}"
    return f"--listen={settings.address}"


def _trust(settings: Settings) -> tuple[str, ...]:
    if not settings.proxied:
        return ()
    return ("--trusted-proxy=*", "--trusted-proxy-headers=x-forwarded-for x-forwarded-proto")


def _equal(settings: Settings, threads: int) -> tuple[str, ...]:
    connections = max(100, 2 * settings.connections)
    return (
        f"--threads={threads}", f"--connection-limit={connections}", "--channel-timeout=75",
        "--asyncore-use-poll",
    )  # fmt: skip


def _remarks(settings: Settings) -> Iterator[str]:
    yield "always one process"
    yield "closes the connection after an answer that does not say its length, such as a streamed one"
    if settings.is_shipped:
        yield "logs every request that has to wait, as it does by default"
        if settings.connections > _CONNECTIONS:
            yield f"lets all connections above {_CONNECTIONS} wait, as it does by default"
