"""A server whose answers take a known time: `timed_server.py PORT LATENCY_NS [ONE_IN LONG_NS]`.

Each answer is sent when the clock has reached the time its request was received plus the latency, never
before. A single thread polls the connections and the clock without sleeping: it needs a core of its own, and
no timer's granularity is in its way. It takes whatever it receives at once as one request. Where it is told
to, one in so many answers, drawn at random, takes the other time.

On SIGTERM it prints, as a line of JSON, how long after they were due its answers were sent (ns).
"""

import json
import random
import select
import signal
import socket
import sys
from heapq import heappop, heappush
from time import perf_counter_ns
from types import FrameType

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class TimedServer:
    """The server; `late_ns` holds the lateness of every answer."""

    def __init__(self, port: int, latency_ns: int, one_in: int = 1, long_ns: int | None = None) -> None:
        self.late_ns: list[int] = []
        self._latency_ns = latency_ns
        self._one_in = one_in
        self._long_ns = latency_ns if long_ns is None else long_ns
        self._chance = random.Random(1)
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._due: list[tuple[int, int]] = []  # when, and to which: a heap

    def serve(self) -> None:
        """Receive and answer until an exception ends it."""
        while True:
            for descriptor, _ in self._epoll.poll(0 if self._connections else None, 64):
                if descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._receive(descriptor)
            while self._due and perf_counter_ns() >= self._due[0][0]:
                self._answer(*heappop(self._due))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._epoll.register(connection, select.EPOLLIN)

    def _receive(self, descriptor: int) -> None:
        received_ns = perf_counter_ns()
        try:
            request = self._connections[descriptor].recv(65_536)
        except OSError:
            request = b""
        if request:
            is_long = self._chance.randrange(self._one_in) == 0
            latency_ns = self._long_ns if is_long else self._latency_ns
            heappush(self._due, (received_ns + latency_ns, descriptor))
        else:
            self._connections.pop(descriptor).close()

    def _answer(self, due_ns: int, descriptor: int) -> None:
        if descriptor in self._connections:
            self.late_ns.append(perf_counter_ns() - due_ns)
            self._connections[descriptor].send(ANSWER)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    server = TimedServer(*map(int, sys.argv[1:]))
    try:
        server.serve()
    finally:
        print(json.dumps({"late_ns": server.late_ns}), flush=True)


if __name__ == "__main__":
    main()
