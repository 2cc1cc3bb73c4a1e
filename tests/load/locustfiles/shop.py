"""An HTTP server on loopback that counts what it is asked, as any server under a locustfile would be."""

import threading
from collections import Counter
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Shop:
    """Answers on a thread for each connection: /error with 500, /private to those who did POST /login.

    /cut ends in the middle of its answer, /away redirects to a host that is not on loopback, /stall answers
    when the shop closes; everything else is 200. `asked` counts the requests by method and path, `connected`
    are the connections that are open, `logged_in` the sessions.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.connected = 0
        self.logged_in: set[str] = set()
        self.closing = threading.Event()
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def all_hung_up(self, timeout_s: float = 10) -> bool:
        """Wait until no connection is open."""
        with self.changed:
            return self.changed.wait_for(lambda: self.connected == 0, timeout_s)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # so that an answer is one segment

    def __init__(self, shop: Shop, *arguments: Any) -> None:
        self._shop = shop
        super().__init__(*arguments)

    def setup(self) -> None:
        super().setup()
        self._connected(1)

    def finish(self) -> None:
        super().finish()
        self._connected(-1)

    def _connected(self, more: int) -> None:
        with self._shop.changed:
            self._shop.connected += more
            self._shop.changed.notify_all()

    def do_GET(self) -> None:
        with self._shop.changed:
            self._shop.asked[f"{self.command} {self.path}"] += 1
        if self.path == "/stall":
            self._shop.closing.wait()
        if self.path == "/private" and self.headers["Cookie"] not in self._shop.logged_in:
            self._answer(401)
        elif self.path == "/away":
            self._answer(302, {"Location": "http://192.0.2.1:9/fox"})
        elif self.path == "/cut":
            self._answer(200, {"Connection": "close"}, length=100)
        else:
            self._answer(500 if self.path == "/error" else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self._shop.changed:
            self._shop.asked[f"{self.command} {self.path}"] += 1
            session = f"session={self._shop.asked.total()}"
        if self.path == "/login":
            self._shop.logged_in.add(session)
            self._answer(200, {"Set-Cookie": session})
        else:
            self._shop.logged_in.discard(self.headers["Cookie"])
            self._answer(200)

    def _answer(self, status: int, headers: Mapping[str, str] | None = None, *, length: int = 3) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"fox")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the name of the base)
        """Say nothing."""
