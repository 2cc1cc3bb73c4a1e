"""TLS on a non-blocking socket, with the few methods of a socket that the event loop needs.

The C object behind Python's ssl module reads and writes the socket itself. Neither gevent nor a copy through
memory is in between, and what has not been asked for stays in the kernel, where epoll goes on to report it.
"""

import ssl
from _socket import AF_INET, AF_INET6, SOCK_NONBLOCK, SOCK_STREAM
from _socket import socket as raw_socket
from typing import Any

from bench.load.target import Tls

RECORD_BYTES = 16_384  # the most that one record carries
TLS_ERRORS = (ssl.SSLError,)
_WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
_ENDS = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def context_for(tls: Tls) -> ssl.SSLContext:
    """What connections to a target share. Raises ssl.SSLError where the authorities are no certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    # HTTP says where a body ends, and many servers just close: no error. OpenSSL 1.1.1 has no such option.
    context.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if not tls.checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.authorities is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=tls.authorities)
    return context


class _Socket(raw_socket):
    """A raw socket that can be referred to weakly, as the C object of the ssl module refers to its socket."""

    __slots__ = ("__weakref__",)


class TlsStream:
    """A TLS connection over a connected or connecting socket, which it takes over.

    The handshake is begun by the first `send` and driven on by whatever is called next. Until it is over, a
    record's worth of bytes is queued, to be sent right after it. Both `send` and `recv` raise one of
    TLS_ERRORS where the handshake fails, in which the certificate is checked, or the server breaks TLS; any
    other OSError comes from the socket.
    """

    __slots__ = ("_is_ready", "_queued", "_read", "_socket", "_tls", "_write", "close", "fileno")

    def __init__(self, socket: raw_socket, context: ssl.SSLContext, tls: Tls) -> None:
        family = AF_INET6 if socket.family == AF_INET6 else AF_INET
        self._socket = _Socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0, socket.detach())
        server_name = tls.server_name.encode("idna").decode("ascii")
        wrapping: Any = context  # its public method takes the sockets that gevent replaces
        self._tls = wrapping._wrap_socket(self._socket, False, server_name)
        self._read, self._write = self._tls.read, self._tls.write
        self._queued = b""
        self._is_ready = False
        self.close = self._socket.close
        self.fileno = self._socket.fileno

    def recv(self, size: int) -> bytes:
        """What has come, about as much as asked for at most; empty once the server has closed.

        Raises BlockingIOError where nothing has come. No decrypted bytes are kept back: epoll would not know
        of them.
        """
        try:
            if not self._is_ready:
                self._make_ready()
            data: bytes = self._read(size)
            if len(data) == size and (kept_back := self._tls.pending()):
                data += self._read(kept_back)
        except _WANTS:
            raise BlockingIOError from None
        except _ENDS:
            if self._is_ready:
                raise ConnectionResetError from None  # which ssl takes for an end, as reading and writing go
            raise
        return data

    def send(self, data: bytes) -> int:
        """Send as much as the socket takes, and say how much that was; the rest is to be sent again.

        Raises BlockingIOError where it takes nothing now.
        """
        try:
            if not self._is_ready:
                self._make_ready()
            sent: int = self._write(data)
        except ssl.SSLWantReadError:
            if self._is_ready or self._queued:
                raise BlockingIOError from None
            # The handshake waits for the server, while the socket would take more, and say so, all the time.
            self._queued = data[:RECORD_BYTES]
            return len(self._queued)
        except ssl.SSLWantWriteError:
            raise BlockingIOError from None
        except _ENDS:
            if self._is_ready:
                raise ConnectionResetError from None
            raise
        return sent

    def _make_ready(self) -> None:
        """Go on with the handshake, then send what was queued. Raises what says that this has to wait."""
        self._tls.do_handshake()  # at once where it is over
        while self._queued:
            self._queued = self._queued[self._write(self._queued) :]
        self._is_ready = True
