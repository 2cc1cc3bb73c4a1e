"""The null target: the least that can answer HTTP in Python, to find out what the generator can do.

A process of its own: `python -m bench.conductor.null_target` listens on a free port of 127.0.0.1, writes the
port to standard output, and answers every piece that ends a head with the same bytes. That is all it knows of
HTTP: the generator sends each request whole, without a body, and one at a time on each connection.
"""

import socket
import sys
from select import EPOLLIN, epoll

HOST = "127.0.0.1"
BODY = b"nothing\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
_END_OF_HEAD = b"\r\n\r\n"


def main() -> None:
    """Listen, say where, and answer for ever."""
    with socket.create_server((HOST, 0), backlog=1024) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        serve(listener)


def serve(listener: socket.socket) -> None:
    """Answer on every connection to this socket."""
    events, connections = epoll(), dict[int, socket.socket]()
    events.register(listener, EPOLLIN)
    while True:
        for descriptor, _ in events.poll():
            connection = connections.get(descriptor)
            if connection is None:
                connection, _ = listener.accept()
                connections[connection.fileno()] = connection
                events.register(connection, EPOLLIN)
            elif not _answered(connection):
                del connections[descriptor]
                connection.close()


def _answered(connection: socket.socket) -> bool:
    """Answer what has come; False where the connection has ended."""
    try:
        piece = connection.recv(4096)
        if piece.endswith(_END_OF_HEAD):
            connection.send(_ANSWER)
    except ConnectionError:
        return False
    return piece != b""


if __name__ == "__main__":
    main()
