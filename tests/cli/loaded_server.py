"""A server on loopback for `bench load`: it answers as it is told, and remembers what it was asked."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6


@dataclass
class Answer:
    """One answer. Keep-alive unless it says otherwise."""

    body: bytes = b"good\n"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


Behaviour = Callable[[int], Answer]


class LoadedServer:
    """The server: answers request by request, counted from 1; `first` is the first of them."""

    def __init__(self, port: int, scheme: str, host: str) -> None:
        self.port = port
        self.url = f"{scheme}://{host}:{port}"
        self.count = 0
        self.first: Asked | None = None
        self.begun = threading.Event()
        self.under_load = threading.Event()
        self._lock = threading.Lock()

    def take(self, asked: Asked) -> int:
        """Remember a request; returns its number."""
        with self._lock:
            self.count += 1
            self.first = self.first or asked
            if self.count > 20:
                self.under_load.set()
            return self.count


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is what some tests are about."""


class _ServerOfIPv6(_Server):
    address_family = AF_INET6


@contextmanager
def serving(
    behaviour: Behaviour = lambda number: Answer(),
    *,
    context: ssl.SSLContext | None = None,
    ipv6: bool = False,
) -> Iterator[LoadedServer]:
    """A server that behaves so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            number = served.take(Asked(self.command, self.path, list(self.headers.items()), body))
            answer = behaviour(number)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815  (the library's names)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the library's name)
            pass

    server = _ServerOfIPv6(("::1", 0), Handler) if ipv6 else _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    host = "[::1]" if ipv6 else "127.0.0.1"
    served = LoadedServer(server.server_address[1], "http" if context is None else "https", host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
