"""Gunicorn: with threads (`gthread`), one request at a time (`sync`), or a greenlet a connection (`gevent`).

`sync` never keeps a connection; its one thread a worker is all it has. The control socket, on by default
since 25.1 at one path a user, would make two gunicorns collide.

A worker of `gevent` that is to end waits for its connections, so it is not given long.

As it comes, gunicorn is one `sync` worker; `gunicorn-gevent` is one worker of that class, which keeps
connections for 2 s and takes 1000 of them.

It is started through Python, as the command of that name does: where an environment sees the system's
packages, that command may be the system's, and would run in the system's Python. `python -m` would find a
`gunicorn.py` of the app's folder first, so the folder is off the path until gunicorn itself puts it there.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.servers.blueprint import Ability, Blueprint, Process, Server, Settings

_GUNICORN = (
    "import sys; sys.path[:] = filter(None, sys.path); sys.argv[0] = 'gunicorn'; "
    "from gunicorn.app.wsgiapp import run; run()"
)
_MEMORY = Path("/dev/shm")  # noqa: S108  (gunicorn's own advice)
_CONNECTIONS = 1000  # that a worker takes by default


@dataclass(frozen=True)
class Gunicorn(Server):
    """Gunicorn with one of its worker classes."""

    name: str = "gunicorn"
    worker_class: str = "gthread"
    summary: str = "gunicorn with gthread workers: processes x threads, keep-alive"
    requires: tuple[str, ...] = ()
    distribution: str | None = "gunicorn"
    remedy: str = "pip install gunicorn"
    abilities: frozenset[Ability] = frozenset({"unix", "tls"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start a master and its workers."""
        worker_class, processes = self._workers(settings)
        chosen = _by_default(worker_class) if settings.is_shipped else _equal(worker_class, settings)
        part = Process(
            ("python", "-c", _GUNICORN, settings.app, *_always(settings), *chosen, *settings.options),
            processes=1 + processes,
            name=self.name,
            listens=settings.address,
        )
        return Blueprint(
            parts=(part,),
            processes=processes,
            threads=_threads(worker_class, settings),
            keeps_alive=worker_class != "sync",
            remarks=tuple(_remarks(worker_class, settings)),
        )

    def _workers(self, settings: Settings) -> tuple[str, int]:
        """The class and the number of the workers."""
        if not settings.is_shipped:
            return self.worker_class, settings.processes
        return "gevent" if self.worker_class == "gevent" else "sync", 1


def _by_default(worker_class: str) -> tuple[str, ...]:
    return () if worker_class == "sync" else ("--worker-class", worker_class)


def _equal(worker_class: str, settings: Settings) -> tuple[str, ...]:
    workers = (
        "--worker-class", worker_class, "--workers", str(settings.processes),
        "--backlog", "2048", *_heartbeats(),
        "--graceful-timeout", "1" if worker_class == "gevent" else "5",
    )  # fmt: skip
    if worker_class == "sync":
        return workers
    threads = ("--threads", str(settings.threads)) if worker_class == "gthread" else ()
    connections = str(max(_CONNECTIONS, settings.connections + settings.threads))
    return (*workers, *threads, "--keep-alive", "75", "--worker-connections", connections)


def _heartbeats() -> tuple[str, ...]:
    """Where a worker shows that it lives: in memory, unless some container has no such folder."""
    return ("--worker-tmp-dir", str(_MEMORY)) if os.access(_MEMORY, os.W_OK) else ()


def _always(settings: Settings) -> tuple[str, ...]:
    """Where it listens, how it proves who it is, and what would make two of them collide."""
    bind = ("--bind", str(settings.address))
    tls = settings.tls
    proof = () if tls is None else ("--certfile", tls.certificate, "--keyfile", tls.key)
    return (*bind, *proof, *(("--no-control-socket",) if settings.is_at_least(25, 1) else ()))


def _threads(worker_class: str, settings: Settings) -> int:
    """How many requests a worker has in hand at a time; greenlets count as threads."""
    return {"sync": 1, "gthread": settings.threads, "gevent": settings.at_once}[worker_class]


def _remarks(worker_class: str, settings: Settings) -> Iterator[str]:
    if worker_class == "sync":
        yield "closes each connection after one answer"
    if worker_class == "gevent":
        yield "a greenlet for every connection, all in one thread: a view that computes holds up the rest"
    if not settings.is_shipped:
        return
    yield "one worker, as it has by default"
    if worker_class == "gevent":
        yield "closes connections after 2 s without a request, as it does by default"
        if settings.connections > _CONNECTIONS:
            yield f"takes no more than {_CONNECTIONS} connections, as it does by default"


GTHREAD = Gunicorn()
SYNC = Gunicorn(
    name="gunicorn-sync",
    worker_class="sync",
    summary="gunicorn with sync workers: one request a process, closes every connection",
)
GEVENT = Gunicorn(
    name="gunicorn-gevent",
    worker_class="gevent",
    summary="gunicorn with gevent workers: a greenlet for each connection, keep-alive",
    requires=("gevent",),
    remedy="pip install gunicorn gevent",
)
