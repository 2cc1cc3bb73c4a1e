import contextlib
import gc
import hashlib
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
from _socket import socket as raw_socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.load.target import Tls
from bench.load.tls import RECORD_BYTES, TLS_ERRORS, TlsStream, context_for
from tests.load.certificates import Certificates, make_certificates

Serve = Callable[[ssl.SSLSocket], None]
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tls(certificates: Certificates) -> Tls:
    return Tls("localhost", authorities=certificates.authority)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None], *, backlog: int = 16) -> Iterator[int]:
    """A TCP server for one connection, on a thread; gives its port."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                serve(connection)

    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


@contextlib.contextmanager
def tls_server(
    certificates: Certificates, serve: Serve, *, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[int]:
    """A TLS server for one connection: `serve` has it once the handshake is over."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    context.minimum_version = context.maximum_version = version

    def shake_hands(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            serve(wrapped)

    with listening(shake_hands) as port:
        yield port


class Client:
    """A TLS stream in an epoll object, as the event loop has it."""

    def __init__(self, port: int, tls: Tls) -> None:
        fresh = raw_socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        fresh.connect_ex(("127.0.0.1", port))
        self.stream = TlsStream(fresh, context_for(tls), tls)
        self.epoll = select.epoll()
        self.epoll.register(self.stream.fileno(), select.EPOLLIN)
        self.was_full = threading.Event()

    def close(self) -> None:
        self.stream.close()
        self.epoll.close()

    def send(self, data: bytes) -> None:
        """Send everything, waiting for room where there is none, as the loop does."""
        while data:
            try:
                data = data[self.stream.send(data) :]
            except BlockingIOError:
                self.was_full.set()
                self.epoll.modify(self.stream.fileno(), select.EPOLLIN | select.EPOLLOUT)
                for _, event in self.epoll.poll():
                    if event & select.EPOLLIN:
                        with contextlib.suppress(BlockingIOError):
                            assert self.stream.recv(RECORD_BYTES) == b""
                self.epoll.modify(self.stream.fileno(), select.EPOLLIN)

    def ask(self) -> bytes:
        """Send the request and receive the beginning of the answer."""
        self.send(REQUEST)
        return self.receive(1)

    def receive(self, size: int, *, at_once: int = RECORD_BYTES) -> bytes:
        """This many bytes, or those before the end; asked for only where epoll says that something came."""
        received = bytearray()
        while len(received) < size:
            self.epoll.poll()
            with contextlib.suppress(BlockingIOError):
                piece = self.stream.recv(at_once)
                if not piece:
                    break
                received += piece
        return bytes(received)

    def shake_hands(self) -> None:
        """Send a request; no more is read than what the handshake needs."""
        self.send(REQUEST)
        while not self.stream._is_ready:
            self.epoll.poll()
            with contextlib.suppress(ssl.SSLWantReadError):
                self.stream._make_ready()


@contextlib.contextmanager
def connected(port: int, tls: Tls) -> Iterator[Client]:
    client = Client(port, tls)
    try:
        yield client
    finally:
        client.close()


def answering(answer: bytes) -> Serve:
    def serve(connection: ssl.SSLSocket) -> None:
        while connection.recv(65_536):
            connection.sendall(answer)

    return serve


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("at_once", [4096, RECORD_BYTES])
@pytest.mark.parametrize("size", [1, 4096, RECORD_BYTES, RECORD_BYTES + 1, 300_000])
def test_every_answer_comes_whole_where_epoll_says_that_something_came(
    certificates: Certificates, tls: Tls, version: ssl.TLSVersion, at_once: int, size: int
) -> None:
    answer = bytes(range(1, 251)) * (size // 250 + 1)
    answer = answer[:size]
    with tls_server(certificates, answering(answer), version=version) as port, connected(port, tls) as client:
        for _ in range(3):
            client.send(REQUEST)
            assert client.receive(size, at_once=at_once) == answer


def test_session_tickets_are_read_and_are_no_answer(certificates: Certificates, tls: Tls) -> None:
    tickets_sent, tickets_read = threading.Event(), threading.Event()

    def serve(connection: ssl.SSLSocket) -> None:
        tickets_sent.set()
        assert tickets_read.wait(10)
        answering(b"answer")(connection)

    with tls_server(certificates, serve) as port, connected(port, tls) as client:
        client.shake_hands()
        assert tickets_sent.wait(10)
        assert client.epoll.poll(0)
        with pytest.raises(BlockingIOError):
            client.stream.recv(RECORD_BYTES)
        assert not client.epoll.poll(0)
        tickets_read.set()
        assert client.receive(6) == b"answer"


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("size", [RECORD_BYTES, RECORD_BYTES + 1, 20_000_000])
def test_a_request_larger_than_the_socket_takes_arrives_whole(
    certificates: Certificates, tls: Tls, version: ssl.TLSVersion, size: int
) -> None:
    request = bytes(range(256)) * (size // 256 + 1)
    request = request[:size]

    def serve(connection: ssl.SSLSocket) -> None:
        if size > 10_000_000:
            assert client.was_full.wait(10)
        received = bytearray()
        while len(received) < size:
            received += connection.recv(65_536)
        connection.sendall(hashlib.sha256(received).digest())

    with tls_server(certificates, serve, version=version) as port, connected(port, tls) as client:
        client.send(request)
        assert client.receive(32) == hashlib.sha256(request).digest()


@pytest.mark.parametrize(
    "tls",
    [Tls("localhost"), Tls("elsewhere.test", authorities="ours"), Tls("127.0.0.2", authorities="ours")],
    ids=["unknown authority", "other name", "other address"],
)
def test_a_certificate_that_proves_nothing_is_an_error_of_tls(certificates: Certificates, tls: Tls) -> None:
    if tls.authorities is not None:
        tls = Tls(tls.server_name, authorities=certificates.authority)
    with (
        tls_server(certificates, answering(b"answer")) as port,
        connected(port, tls) as client,
        pytest.raises(TLS_ERRORS, match="certificate verify failed"),
    ):
        client.ask()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_certificate_proves_a_name_or_an_address(certificates: Certificates, name: str) -> None:
    tls = Tls(name, authorities=certificates.authority)
    with tls_server(certificates, answering(b"answer")) as port, connected(port, tls) as client:
        client.send(REQUEST)
        assert client.receive(6) == b"answer"


@pytest.mark.parametrize("name", ["elsewhere.test", "127.0.0.2", "bücher.test"])
def test_nothing_is_proven_where_the_certificate_is_not_checked(
    certificates: Certificates, name: str
) -> None:
    with (
        tls_server(certificates, answering(b"answer")) as port,
        connected(port, Tls(name, checked=False)) as client,
    ):
        client.send(REQUEST)
        assert client.receive(6) == b"answer"


def test_the_server_is_told_the_name_it_has_to_prove(certificates: Certificates) -> None:
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    context.sni_callback = lambda connection, name, context: named.append(name)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            answering(b"answer")(wrapped)

    with (
        listening(serve) as port,
        connected(port, Tls("bücher.test", checked=False)) as client,
    ):
        client.send(REQUEST)
        assert client.receive(6) == b"answer"
    assert named == ["xn--bcher-kva.test"]


def test_authorities_that_are_no_certificates_are_an_error() -> None:
    with pytest.raises(TLS_ERRORS):
        context_for(Tls("localhost", authorities="no certificate"))


def answer_in_plain_text(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.recv(65_536)


@pytest.mark.parametrize("serve", [answer_in_plain_text, hang_up])
def test_a_server_that_does_not_speak_tls_is_an_error_of_tls(
    serve: Callable[[socket.socket], None], tls: Tls
) -> None:
    with (
        listening(serve) as port,
        connected(port, tls) as client,
        pytest.raises(TLS_ERRORS),
    ):
        client.ask()


def close_with_notice(connection: ssl.SSLSocket) -> None:
    connection.recv(65_536)
    connection.sendall(b"answer")
    connection.unwrap()


def close_without_notice(connection: ssl.SSLSocket) -> None:
    connection.recv(65_536)
    connection.sendall(b"answer")


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("serve", [close_with_notice, close_without_notice])
def test_the_end_of_the_connection_is_an_empty_read_after_the_last_byte(
    certificates: Certificates, tls: Tls, serve: Serve, version: ssl.TLSVersion
) -> None:
    with tls_server(certificates, serve, version=version) as port, connected(port, tls) as client:
        client.send(REQUEST)
        assert client.receive(100) == b"answer"
        assert client.stream.recv(RECORD_BYTES) == b""


def test_a_connection_that_is_reset_is_an_error_of_the_socket(certificates: Certificates, tls: Tls) -> None:
    def reset(connection: ssl.SSLSocket) -> None:
        connection.recv(65_536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with (
        tls_server(certificates, reset) as port,
        connected(port, tls) as client,
        pytest.raises(ConnectionResetError),
    ):
        client.ask()


@pytest.mark.parametrize("serve", [close_with_notice, close_without_notice])
def test_sending_to_a_server_that_has_gone_is_an_error_of_the_connection(
    certificates: Certificates, tls: Tls, serve: Serve
) -> None:
    with tls_server(certificates, serve) as port, connected(port, tls) as client:
        client.send(REQUEST)
        client.receive(100)
        with pytest.raises(ConnectionError):
            client.send(REQUEST * 1_000_000)


def test_a_socket_that_is_still_connecting_takes_nothing_yet(tls: Tls) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    # The one place in line is taken: the server's kernel says nothing to whoever comes next.
    with (
        listener,
        socket.create_connection(listener.getsockname()),
        connected(listener.getsockname()[1], tls) as client,
        pytest.raises(BlockingIOError),
    ):
        client.stream.send(REQUEST)


def test_a_closed_stream_leaves_nothing_to_a_garbage_collection(certificates: Certificates, tls: Tls) -> None:
    with tls_server(certificates, answering(b"answer")) as port, connected(port, tls) as client:
        client.send(REQUEST)
        client.receive(6)
        gc.collect()
        gc.disable()
        try:
            client.stream.close()
            del client.stream
            assert gc.collect() == 0
        finally:
            gc.enable()
            client.stream = TlsStream(raw_socket(), context_for(tls), tls)


SCRIPT = """
import select, sys
from pathlib import Path
import locust
from gevent.monkey import is_module_patched
from _socket import AF_INET, SOCK_NONBLOCK, SOCK_STREAM, socket
from bench.load.target import Tls
from bench.load.tls import TlsStream, context_for
assert is_module_patched("ssl") and is_module_patched("socket")
for tls in (Tls("localhost", authorities=Path(sys.argv[2]).read_text()), Tls("x", checked=False), Tls("x")):
    context_for(tls)
tls = Tls("localhost", authorities=Path(sys.argv[2]).read_text())
fresh = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK)
fresh.connect_ex(("127.0.0.1", int(sys.argv[1])))
stream = TlsStream(fresh, context_for(tls), tls)
assert stream.send(b"request") == 7
while True:
    try:
        print(stream.recv(16384).decode())
        break
    except BlockingIOError:
        pass
stream.close()
"""


def test_it_works_after_gevent_has_patched_what_locust_needs(
    certificates: Certificates, tls: Tls, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(certificates.authority)
    with tls_server(certificates, answering(b"answer")) as port:
        arguments = [sys.executable, "-c", SCRIPT, str(port), str(authority)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("answer\n", "", 0)
