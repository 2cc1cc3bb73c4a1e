"""uWSGI: behind its own HTTP router, on sockets of HTTP that close or keep, or by its own protocol.

`uwsgi` is the HTTP router, the mode in which it keeps connections without pinning a thread to each. The
router is an extra process and its CPU counts. It never sets TCP_NODELAY for clients. It passes answers on in
pieces of its buffer's size, 4 kB unless told otherwise: the last piece of a larger answer then waits 40 ms
for the client's delayed acknowledgement. With a buffer of 64 kB it resets the connection of every request
with a larger body, so it gets one of 60 kB. It closes the connection after an answer without a length.

`uwsgi-http` needs no router and closes after each answer. It does not say so, nor does the router without
keep-alive, and a client that speaks HTTP/1.1 then sends its next request into a closed connection: a header
is added that says it. `uwsgi-http11` keeps connections and gives each a thread until nothing came on it for
4 s; that is left as it is, as the others would only wait longer. An answer without a length is not over there
before the connection is. Of the three `uwsgi` alone speaks uWSGI's protocol, behind a proxy that does, and is
without its router then.

SIGTERM reloads uWSGI 2.0 unless `--die-on-term`; it does not start with a listen queue above the system's
limit; TCP_NODELAY is off unless asked for. Headers above 4 kB end a request, unless there is a larger buffer
for them. It imports the app once and forks: threads that the app started end with that, or hold a lock that
nobody gives back, and then nothing is ever answered. With `--lazy-apps` each worker imports it, as those of
all other servers do. As it comes it is one process with one thread that leaves no other threads running, no
master, no keep-alive even behind the router, a listen queue of 100, and a line in the log for each request.

TLS is there only where uWSGI was built with OpenSSL's headers at hand: `uwsgi --help` then has `--https`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.servers.blueprint import Ability, Blueprint, Port, Process, Server, Settings, UnixSocket

_SOMAXCONN = Path("/proc/sys/net/core/somaxconn")
_HEADERS = "32768"  # bytes of a request's headers, of which others take at least 8 kB
_ROUTER_BUFFER = "61440"  # with more, what stands beside a body's beginning would go beyond a limit of 64 kB
_REMEDY = "pip install uwsgi (needs a C compiler and Python's headers)"
_NEEDS_OPENSSL = (
    "needs a uWSGI built with OpenSSL's headers (Debian: libssl-dev): `uwsgi --help` then lists --https"
)
Mode = Literal["router", "http", "http11", "uwsgi"]
_OPTIONS: dict[Mode, str] = {
    "router": "--http", "http": "--http-socket", "http11": "--http11-socket", "uwsgi": "--socket",
}  # fmt: skip
_WITH_TLS: dict[Mode, str] = {"router": "--https", "http": "--https-socket"}


@dataclass(frozen=True)
class Uwsgi(Server):
    """uWSGI with a master and workers with threads, in one of the ways it takes requests."""

    name: str = "uwsgi"
    mode: Mode = "router"
    summary: str = "uWSGI behind its HTTP router: processes x threads, keep-alive"
    distribution: str | None = "uwsgi"
    remedy: str = _REMEDY
    abilities: frozenset[Ability] = frozenset({"unix", "uwsgi", "tls", "static"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start the master, which starts the workers and the router."""
        mode: Mode = "uwsgi" if settings.protocol == "uwsgi" else self.mode
        processes, threads = (1, 1) if settings.is_shipped else (settings.processes, settings.threads)
        keeps_alive = mode == "http11" or (mode == "router" and not settings.is_shipped)
        command = (
            "uwsgi", *_listen(mode, settings), "--module", settings.app, "--pythonpath", ".",
            "--die-on-term", "--no-orphans", "--need-app", *_closing(keeps_alive, mode), *_static(settings),
            *(() if settings.is_shipped else _equal(mode, settings)), *settings.options,
        )  # fmt: skip
        beside = (mode == "router") + (not settings.is_shipped)
        part = Process(command, processes=processes + beside, name=self.name, listens=settings.address)
        return Blueprint(
            parts=(part,),
            processes=processes,
            threads=threads,
            keeps_alive=keeps_alive,
            remarks=tuple(_remarks(mode, settings, keeps_alive, processes * threads)),
        )


def _listen(mode: Mode, settings: Settings) -> tuple[str, str]:
    address = settings.address.path if isinstance(settings.address, UnixSocket) else str(settings.address)
    if settings.tls is None:
        return _OPTIONS[mode], address
    return _WITH_TLS[mode], f"{address},{settings.tls.certificate},{settings.tls.key}"


def _static(settings: Settings) -> tuple[str, ...]:
    static = settings.static
    return () if static is None else ("--static-map", f"{static.prefix.rstrip('/')}={static.folder}")


def _equal(mode: Mode, settings: Settings) -> tuple[str, ...]:
    router = ("--http-keepalive=75", "--http-buffer-size", _ROUTER_BUFFER) if mode == "router" else ()
    over_tcp = (
        ("--tcp-nodelay",) if isinstance(settings.address, Port) else ()
    )  # elsewhere it logs that it fails
    return (
        "--master", *router, "--processes", str(settings.processes), "--threads", str(settings.threads),
        "--enable-threads", "--lazy-apps", "--single-interpreter", "--disable-logging", *over_tcp,
        "--buffer-size", _HEADERS,
        "--listen", str(_listen_queue()), "--worker-reload-mercy", "5",
    )  # fmt: skip


def _listen_queue() -> int:
    try:
        return min(1024, int(_SOMAXCONN.read_text()))
    except (OSError, ValueError):
        return 100


def _closing(keeps_alive: bool, mode: Mode) -> tuple[str, ...]:
    """What makes it say that it closes; a proxy that speaks uWSGI's protocol needs not be told."""
    return () if keeps_alive or mode == "uwsgi" else ("--add-header", "Connection: close")


def _remarks(mode: Mode, settings: Settings, keeps_alive: bool, at_a_time: int) -> Iterator[str]:
    if settings.tls is not None:
        yield _NEEDS_OPENSSL
    if settings.is_shipped:
        yield "logs every request, as it does by default"
        yield "ends a request with more than 4 kB of headers, as it does by default"
    if mode == "router":
        yield "its HTTP router is one more process; its CPU time is counted"
        yield "its HTTP router leaves Nagle's algorithm on: static files, and answers above 60 kB, may stall"
    if mode == "http11" and settings.is_shipped:
        yield "leaves Nagle's algorithm on, as it does by default: answers in several pieces may stall"
    if mode == "uwsgi":
        yield "speaks uWSGI's protocol, with a connection of its own for each request"
    elif not keeps_alive:
        yield "closes each connection after one answer"
    elif mode == "router":
        yield "closes the connection after an answer that does not say its length, such as a streamed one"
    else:
        yield "an answer that does not say its length, such as a streamed one, is over 4 s late"
    if mode == "http11" and settings.connections > at_a_time:
        yield (
            "gives each connection a thread until it is silent for 4 s: of "
            f"{settings.connections} connections all but {at_a_time} may have to wait"
        )


ROUTER = Uwsgi()
HTTP = Uwsgi(
    name="uwsgi-http",
    mode="http",
    summary="uWSGI without a router: processes x threads, closes every connection",
    abilities=frozenset({"unix", "tls", "static"}),
)
HTTP11 = Uwsgi(
    name="uwsgi-http11",
    mode="http11",
    summary="uWSGI without a router, a thread for each connection: processes x threads, keep-alive",
    abilities=frozenset({"unix", "static"}),
)
