"""Granian: an HTTP server in Rust that calls WSGI from a pool of threads in each worker.

It takes no more connections at a time than `--backpressure` says, a worker, and lets the others wait; its
default is the backlog divided by the workers. It waits without end for workers that do not end, unless it is
given a limit. It is told to speak HTTP/1 only, as all the others do; with TLS it speaks version 1.3.
It sends files in chunks, without their length.

As it comes it is one worker with half as many threads as connections: 512; before 2.0 it had as many.
Unix sockets came with 2.5.

Its own command is run in Python, as one of that name might be the system's; a `granian.py` of the app's
folder would be found before it, so the folder is off the path until granian itself puts it there.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Ability, Blueprint, Process, Server, Settings, UnixSocket

_GRANIAN = (
    "import sys; sys.path[:] = filter(None, sys.path); sys.argv[0] = 'granian'; "
    "from granian.cli import entrypoint; entrypoint()"
)
_CONNECTIONS = 1024


@dataclass(frozen=True)
class Granian(Server):
    """Granian with its WSGI interface."""

    name: str = "granian"
    distribution: str | None = "granian"
    summary: str = "granian, written in Rust: processes x threads, keep-alive"
    remedy: str = "pip install granian"
    abilities: frozenset[Ability] = frozenset({"unix", "tls", "static"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start the process that starts the workers."""
        processes = 1 if settings.is_shipped else settings.processes
        chosen = () if settings.is_shipped else _equal(settings)
        command = (
            "python", "-c", _GRANIAN, "--interface", "wsgi", *_listen(settings), *_static(settings),
            *chosen, *settings.options, *_app(settings.app),
        )  # fmt: skip
        part = Process(command, processes=1 + processes, name=self.name, listens=settings.address)
        return Blueprint(
            parts=(part,),
            processes=processes,
            threads=_threads(settings),
            keeps_alive=True,
            remarks=_remarks(settings),
        )


def _app(app: str) -> tuple[str, ...]:
    """The app, by a word that says so where it is made by a call."""
    return ("--factory", app.removesuffix("()")) if app.endswith("()") else (app,)


def _listen(settings: Settings) -> tuple[str, ...]:
    address, tls = settings.address, settings.tls
    proof = () if tls is None else ("--ssl-certificate", tls.certificate, "--ssl-keyfile", tls.key)
    if isinstance(address, UnixSocket):
        return ("--uds", address.path, *proof)
    return ("--host", address.host, "--port", str(address.number), *proof)


def _static(settings: Settings) -> tuple[str, ...]:
    static = settings.static
    if static is None:
        return ()
    route = static.prefix.rstrip("/")
    return ("--static-path-route", route, "--static-path-mount", static.folder)


def _equal(settings: Settings) -> tuple[str, ...]:
    return (
        "--http", "1", "--workers", str(settings.processes), "--blocking-threads", str(settings.threads),
        "--backlog", "2048", "--backpressure", str(max(_CONNECTIONS, settings.connections)),
        *(("--workers-kill-timeout", "5") if settings.is_at_least(2) else ()),
    )  # fmt: skip


def _threads(settings: Settings) -> int:
    if not settings.is_shipped:
        return settings.threads
    return _CONNECTIONS // 2 if settings.is_at_least(2) else _CONNECTIONS


def _remarks(settings: Settings) -> tuple[str, ...]:
    if settings.is_shipped and settings.connections > _CONNECTIONS:
        return (f"lets all connections above {_CONNECTIONS} wait, as it does by default",)
    return ()
