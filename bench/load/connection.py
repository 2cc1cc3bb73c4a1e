"""Connections to one target: non-blocking sockets, all registered in one epoll object."""

import errno
import select
from _socket import AF_INET, IPPROTO_TCP, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, TCP_NODELAY
from _socket import socket as raw_socket  # the one gevent has not replaced: it must never switch greenlets
from collections.abc import Callable

from gevent.monkey import get_original

from bench.load.response import ResponseParser, Template
from bench.load.target import Target

EPOLLIN = 1  # gevent takes the names out of `select`, with the class
EPOLLOUT = 4
NOT_MATCHING = 2**62  # an offset past the end of every template
_epoll: "type[select.epoll]" = get_original("select", "epoll")


class Connection:
    """One connection: what was sent on it, and how much of the answer has come.

    `offset` bytes of the answer equal `matched`, which was the template when the first of them came. Once
    they do not, `parser` reads the answer, and `offset` is NOT_MATCHING; so it is while no answer is due.
    `unsent` holds the rest of a request that did not fit into the socket's buffer; while there is one, `send`
    is `queue`, and otherwise `transmit`, the socket's own. `waiting` says that a request is out, `answered`
    counts the verified responses of the slice. The socket's attributes are there while it is open.
    """

    __slots__ = (
        "answered", "close", "descriptor", "is_open", "matched", "offset", "parser", "receive", "send",
        "sent_ns", "transmit", "unsent", "waiting",
    )  # fmt: skip

    descriptor: int
    receive: Callable[[int], bytes]
    send: Callable[[bytes], int]
    transmit: Callable[[bytes], int]
    close: Callable[[], None]

    def __init__(self) -> None:
        self.is_open = False
        self.sent_ns = 0
        self.matched = b""
        self.offset = 0
        self.parser: ResponseParser | None = None
        self.unsent = b""
        self.waiting = False
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
        self.template = Template(target.method, target.expected)
        self.epoll = _epoll()
        self.connections: list[Connection] = []
        self.by_descriptor: dict[int, Connection] = {}
        self.opened = 0

    def resize(self, count: int) -> None:
        """Have this many connections; new ones are opened when they are first used."""
        while len(self.connections) > count:
            self.close(self.connections.pop())
        while len(self.connections) < count:
            self.connections.append(Connection())

    def drop_stale(self) -> None:
        """Close the connections that the server closed, or wrote to, while no request was out."""
        for descriptor, event in self.epoll.poll(0, max(1, len(self.by_descriptor))):
            if event != EPOLLOUT:
                self.close(self.by_descriptor[descriptor])

    def open(self, connection: Connection) -> None:
        """Start to connect; on loopback that is over when this returns: sending says how. Raises OSError."""
        fresh = raw_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
        fresh.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        error = fresh.connect_ex((self.target.host, self.target.port))
        if error not in (0, errno.EINPROGRESS):
            fresh.close()
            raise OSError(error, "connect")
        connection.descriptor = fresh.fileno()
        connection.receive = fresh.recv
        connection.send = connection.transmit = fresh.send
        connection.close = fresh.close
        connection.is_open = True
        self.by_descriptor[connection.descriptor] = connection
        self.epoll.register(connection.descriptor, EPOLLIN)

    def send(self, connection: Connection) -> None:
        """Send the target's request, as much of it as the socket takes now. Raises OSError."""
        request = self.target.request
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
        connection.unsent = connection.unsent[connection.transmit(connection.unsent) :]
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
