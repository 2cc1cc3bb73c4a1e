"""A TCP server on loopback whose answers follow a script: what is sent, in which pieces, how it ends."""

import enum
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self


class End(enum.Enum):
    """How a script ends a connection."""

    CLOSE = enum.auto()
    RESET = enum.auto()


class Last(bytes):
    """Bytes that arrive together with the end of the connection."""


# Bytes to send, a pause in seconds, or the end of the connection; the request's number is counted from 1.
Step = bytes | float | End
Script = Callable[[int], Iterable[Step]]

PAUSE = 0.001  # between two pieces, so that they arrive as two


class ScriptedServer:
    """Answers each request by its script, on a thread for each connection.

    It takes nothing but repetitions of `request`, and answers once the first `needed` bytes of one are there.
    `requests` counts them; `wrong_requests` those that were not byte for byte as expected. `connections` were
    accepted; with `tls`, their handshakes are begun by their threads.
    """

    def __init__(
        self,
        script: Script,
        request: bytes,
        *,
        needed: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests = 0
        self.wrong_requests = 0
        self.connections = 0
        self._tls = tls
        self._script = script
        self._request = request
        self._needed = len(request) if needed is None else needed
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """End every connection; the other side has been told when this returns."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the other side was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            if self._tls is not None:
                connection = self._tls.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            with self._lock:
                self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            while self._serve_one(connection):
                pass
        except OSError:
            pass  # the client has gone, or this server hangs up
        with self._lock:
            self._open.discard(connection)
            connection.close()

    def _serve_one(self, connection: socket.socket) -> bool:
        """Answer one request; says whether the connection goes on."""
        begun = _receive(connection, self._needed)
        if not begun:
            return False
        with self._lock:
            self.requests += 1
            number = self.requests
        goes_on = _follow(connection, self._script(number))
        whole = begun + (_receive(connection, len(self._request) - self._needed) if goes_on else b"")
        if whole != self._request[: len(whole)]:
            with self._lock:
                self.wrong_requests += 1
        return goes_on


class MixedServer(ScriptedServer):
    """Answers each of several requests, byte for byte, by its steps; `asked` has them in their order."""

    def __init__(self, answers: Mapping[bytes, Iterable[Step]]) -> None:
        super().__init__(lambda _: (), b"")
        self.asked: list[bytes] = []
        self._answers = {request: tuple(steps) for request, steps in answers.items()}

    def _serve_one(self, connection: socket.socket) -> bool:
        request = b""
        while request not in self._answers:
            piece = connection.recv(1 << 16)
            if not piece:
                self.wrong_requests += bool(request)
                return False
            request += piece
        with self._lock:
            self.requests += 1
            self.asked.append(request)
        return _follow(connection, self._answers[request])


def _receive(connection: socket.socket, size: int) -> bytes:
    """This many bytes, or those there were before the end of the connection."""
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(min(size - len(received), 1 << 16))
        if not piece:
            break
        received += piece
    return bytes(received)


def _follow(connection: socket.socket, steps: Iterable[Step]) -> bool:
    """Take the steps; says whether the connection goes on."""
    for step in steps:
        if isinstance(step, Last):
            connection.sendall(step, socket.MSG_MORE)
            return False
        if isinstance(step, bytes):
            connection.sendall(step)
        elif isinstance(step, float):
            time.sleep(step)
        else:
            if step is End.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
    return True
