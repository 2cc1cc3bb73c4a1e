"""Connections to one target: non-blocking sockets, all registered in one epoll object."""

import errno
import select
from _socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_TCP,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    TCP_NODELAY,
)
from _socket import socket as raw_socket  # the one gevent has not replaced: it must never switch greenlets
from collections.abc import Callable, Iterator, Sequence
from random import Random

from gevent.monkey import get_original

from bench.load.recording import Durations, Recording
from bench.load.response import ResponseParser, Template
from bench.load.target import Target, WireRequest
from bench.load.tls import RECORD_BYTES, TlsStream, context_for

EPOLLIN = 1  # gevent takes the names out of `select`, with the class
EPOLLOUT = 4
NOT_MATCHING = 2**62  # an offset past the end of every template
READ_AT_LEAST, READ_AT_MOST = 4_096, 262_144
_DRAWN_AT_ONCE = 64
_epoll: "type[select.epoll]" = get_original("select", "epoll")


class Exchange:
    """A request of the target, the template of its answer, and where the durations of a slice go."""

    __slots__ = ("data", "index", "record", "request", "template")

    record: Callable[[int], None]

    def __init__(self, index: int, request: WireRequest) -> None:
        self.index = index
        self.request = request
        self.data = request.data
        self.template = Template(request.method, request.expected)


class Connection:
    """One connection: what was sent on it, and how much of the answer has come.

    `exchange` is the request that was sent last. `offset` bytes of its answer equal `matched`, which was the
    template when the first of them came. Once they do not, `parser` reads the answer, and `offset` is
    NOT_MATCHING; so it is while no answer is due. `unsent` holds the rest of a request that did not fit into
    the socket's buffer; while there is one, `send` is `queue`, and otherwise `transmit`, the socket's own.
    `waiting` says that a request is out, `goes_on` that another is sent after it; `answered` counts verified
    responses. `sent_ns` is when the request was sent, `due_ns` when it should have been, in an open loop.
    The socket's attributes are there while it is open.
    """

    __slots__ = (
        "answered", "close", "descriptor", "due_ns", "exchange", "goes_on", "is_open", "matched", "offset",
        "parser", "receive", "send", "sent_ns", "transmit", "unsent", "waiting",
    )  # fmt: skip

    descriptor: int
    receive: Callable[[int], bytes]
    send: Callable[[bytes], int]
    transmit: Callable[[bytes], int]
    close: Callable[[], None]

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.is_open = False
        self.sent_ns = 0
        self.due_ns = 0
        self.matched = b""
        self.offset = 0
        self.parser: ResponseParser | None = None
        self.unsent = b""
        self.waiting = False
        self.goes_on = True
        self.answered = 0

    def queue(self, data: bytes) -> int:
        """Take bytes to be sent after the unsent ones: the server answered before it had read them all."""
        self.unsent += data
        return len(data)


class Pool:
    """The connections to one target, kept open between slices; `opened` counts those there have been.

    The pool's epoll object is itself readable when one of them is, so that one watcher serves all of them.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.exchanges = [Exchange(index, request) for index, request in enumerate(target.requests)]
        self.read_size = READ_AT_LEAST if target.tls is None else RECORD_BYTES
        self.epoll = _epoll()
        self.connections: list[Connection] = []
        self.by_descriptor: dict[int, Connection] = {}
        self.opened = 0
        self._tls = None if target.tls is None else context_for(target.tls)

    def new_recording(self) -> Recording:
        """A recording of what comes from now on, outside of the counted window at first."""
        recording = Recording([exchange.request.name for exchange in self.exchanges])
        self.record_into(recording.uncounted)
        return recording

    def record_into(self, durations: Sequence[Durations]) -> None:
        """Have the durations of each request recorded there."""
        for exchange, one in zip(self.exchanges, durations, strict=True):
            exchange.record = one.raw.append

    def draws(self, seed: int) -> Iterator[Exchange] | None:
        """The requests of the mix, drawn by their weights without end; None where there is but one."""
        if len(self.exchanges) == 1:
            return None
        return _drawn(self.exchanges, seed)

    def resize(self, count: int) -> None:
        """Have this many connections; new ones are opened when they are first used."""
        while len(self.connections) > count:
            self.close(self.connections.pop())
        while len(self.connections) < count:
            self.connections.append(Connection(self.exchanges[0]))

    def drop_stale(self) -> None:
        """Close the connections that the server closed, or wrote to, while no request was out."""
        for descriptor, event in self.epoll.poll(0, max(1, len(self.by_descriptor))):
            if event != EPOLLOUT:
                self.close(self.by_descriptor[descriptor])

    def learn(self, template: Template, parser: ResponseParser) -> None:
        """Take a verified response as the model of those to come."""
        template.learn(parser)
        self.read_size = min(max(len(template.data) + 1, self.read_size), READ_AT_MOST)

    def open(self, connection: Connection) -> None:
        """Start to connect; on loopback that is over when this returns: sending says how. Raises OSError."""
        host = self.target.host
        family = AF_INET6 if ":" in host else AF_INET
        fresh = raw_socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
        fresh.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        error = fresh.connect_ex((host, self.target.port))
        if error not in (0, errno.EINPROGRESS):
            fresh.close()
            raise OSError(error, "connect")
        stream = self._stream(fresh)
        connection.descriptor = stream.fileno()
        connection.receive = stream.recv
        connection.send = connection.transmit = stream.send
        connection.close = stream.close
        connection.is_open = True
        self.by_descriptor[connection.descriptor] = connection
        self.epoll.register(connection.descriptor, EPOLLIN)

    def _stream(self, fresh: raw_socket) -> raw_socket | TlsStream:
        if self._tls is None or self.target.tls is None:
            return fresh
        return TlsStream(fresh, self._tls, self.target.tls)

    def send(self, connection: Connection) -> None:
        """Send the connection's request, as much of it as the socket takes now. Raises OSError."""
        request = connection.exchange.data
        connection.offset = 0
        try:
            sent = connection.send(request)
        except BlockingIOError:
            sent = 0
        if sent < len(request):
            self.keep_rest(connection, request[sent:])

    def keep_rest(self, connection: Connection, rest: bytes) -> None:
        """Keep what the socket did not take, to be sent when it takes more."""
        connection.unsent = rest
        connection.send = connection.queue
        self.epoll.modify(connection.descriptor, EPOLLIN | EPOLLOUT)

    def send_rest(self, connection: Connection) -> None:
        """Send what did not fit before, now that the socket takes more. Raises OSError."""
        try:
            connection.unsent = connection.unsent[connection.transmit(connection.unsent) :]
        except BlockingIOError:
            return  # TLS has to hear from the server first
        if not connection.unsent:
            connection.send = connection.transmit
            self.epoll.modify(connection.descriptor, EPOLLIN)

    def close(self, connection: Connection) -> None:
        """Close the connection and forget what was going on with it."""
        if connection.is_open:
            del self.by_descriptor[connection.descriptor]
            connection.close()  # which takes it out of the epoll object
            connection.is_open = False
        connection.offset = 0
        connection.parser = None
        connection.unsent = b""

    def close_all(self) -> None:
        """Close every connection and the epoll object."""
        self.resize(0)
        self.epoll.close()


def _drawn(exchanges: Sequence[Exchange], seed: int) -> Iterator[Exchange]:
    chance = Random(seed)  # noqa: S311  (a load, not a secret)
    weights = [exchange.request.weight for exchange in exchanges]
    while True:
        yield from chance.choices(exchanges, weights, k=_DRAWN_AT_ONCE)
