"""An HTTP server on loopback that keeps count of what Locust should report."""

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from types import TracebackType
from typing import Self


class CountingServer:
    """Answers on a thread for each connection, and dies where it is to after so many requests.

    /error is a 500 and /stall answers when the server closes; POST gives back what was posted; all else is
    200 with the body `fox` and the header `Fox: red`. `asked` counts the requests by method and path, `times`
    has the time of each on the clock of `perf_counter`, `history` the number of open connections after each
    change, and `answered` counts the answers.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, dies_after: int | None = None) -> None:
        self.asked: Counter[str] = Counter()
        self.answered = 0
        self.times: list[float] = []
        self.history = [0]
        self.changed = threading.Condition()
        self._tls = tls
        self._dies_after = dies_after
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.die()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def die(self) -> None:
        """Listen no more, and end every connection."""
        with self.changed:
            if self._closing.is_set():
                return
            self._closing.set()
            for one in (self._listener, *self._open):
                with suppress(OSError):  # the other side was faster
                    one.shutdown(socket.SHUT_RDWR)

    def wait_for(self, count: int) -> None:
        """Return when so many requests have been answered."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.answered >= count, 30)

    def wait_for_all(self, *asked: str) -> None:
        """Return when each of these has been asked."""
        with self.changed:
            assert self.changed.wait_for(lambda: set(asked) <= self.asked.keys(), 30)

    def all_hung_up(self) -> bool:
        """Wait until no connection is open."""
        with self.changed:
            return self.changed.wait_for(lambda: self.history[-1] == 0, 30)

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
            with self.changed:
                if self._closing.is_set():
                    connection.close()
                    return
                self._open.add(connection)
                self.history.append(len(self._open))
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        wrapped = connection
        try:
            if self._tls is not None:
                wrapped = self._tls.wrap_socket(connection.dup(), server_side=True)
            with wrapped.makefile("rb") as reader:
                while self._serve_one(wrapped, reader):
                    pass
        except OSError:
            pass  # the client has gone, or does not trust this server
        with self.changed:
            self._open.discard(connection)
            self.history.append(len(self._open))
            self.changed.notify_all()
            wrapped.close()
            connection.close()

    def _serve_one(self, connection: socket.socket, reader: BufferedReader) -> bool:
        """Answer one request; says whether the connection goes on."""
        method, path, body = _receive(reader)
        if not method:
            return False
        with self.changed:
            self.asked[f"{method} {path}"] += 1
            self.times.append(time.perf_counter())
            self.changed.notify_all()
            dies = self.asked.total() == self._dies_after
        if dies:
            self.die()
        if path == "/stall":
            self._closing.wait()
        if self._closing.is_set():
            return False
        connection.sendall(_answer(path, body or b"fox"))
        with self.changed:
            self.answered += 1
            self.changed.notify_all()
        return True


def _receive(reader: BufferedReader) -> tuple[str, str, bytes]:
    """The method, path and body of the next request; nothing where there is none."""
    line = reader.readline()
    if not line.endswith(b"\n"):
        return "", "", b""
    method, path, _ = line.decode("ascii").split()
    length = 0
    while (header := reader.readline()).strip():
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return method, path, reader.read(length)


def _answer(path: str, body: bytes) -> bytes:
    status = b"500 Oh" if path == "/error" else b"200 OK"
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nFox: red\r\n\r\n%s" % (status, len(body), body)
