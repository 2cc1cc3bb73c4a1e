"""What answers at an address before any load is put on it: whether anything does, and with what body."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bench.conductor.single_load.address import Address
from bench.conductor.single_load.question import Question
from bench.errors import InputError, ServerFailed
from bench.load.expectations import mismatch
from bench.load.response import ResponseParser
from bench.load.target import Target, Tls
from bench.load.tls import context_for
from bench.units import NS_PER_S, format_duration

TRIES = 3  # a target that answers wrongly now and then is to be loaded, and counted
_START_FIRST = "start the server first, or correct the URL"


@dataclass(frozen=True)
class Found:
    """A target that answers; `wrong` says what is wrong with its answer, where it was never right."""

    target: Target
    wrong: str | None


def find_target(question: Question, address: Address, tls: Tls | None, timeout_ns: int) -> Found:
    """Ask until an answer is right, a few times at most, and make a target of what answers.

    Raises ServerFailed where nothing there gives a whole HTTP answer, and InputError where it redirects.
    """
    asker = _Asker(question, address, tls, timeout_ns)
    for _ in range(TRIES):
        answer = asker.ask()
        wrong = answer.error or _wrong(answer, question)
        if not wrong:
            body = answer.body if question.same_body else None
            return Found(question.target(address, asker.host, tls, body), None)
    if answer.error is not None:
        raise ServerFailed(
            f"{address.url} gives no whole HTTP answer ({answer.error})",
            "is it a web server, and is http:// or https:// right?",
        )
    if location := _location(answer):
        raise InputError(
            f"{address.url} redirects to {location}",
            "redirects are never followed: name the URL that answers itself, "
            f"or say --expect-status {answer.status}",
        )
    return Found(question.target(address, asker.host, tls, None), wrong)


def _wrong(answer: ResponseParser, question: Question) -> str | None:
    """What is wrong with a whole answer, as a sentence."""
    found = mismatch(question.expected, answer.status, answer.headers, answer.body)
    return found and found[1]


def _location(answer: ResponseParser) -> str | None:
    """Where an answer sends the client, if anywhere."""
    found = (value for name, value in answer.headers if name.lower() == b"location")
    return next(found, b"").decode("latin-1") if 300 <= answer.status < 400 else None


class _Asker:
    """Asks at the first of the hosts that takes a connection, which is `host` from then on."""

    def __init__(self, question: Question, address: Address, tls: Tls | None, timeout_ns: int) -> None:
        self.host = ""
        self._hosts = address.hosts
        self._address = address
        self._method = question.method
        self._data = question.data(address)
        self._tls = tls
        self._timeout_ns = timeout_ns

    def ask(self) -> ResponseParser:
        """One answer, right or wrong, whole or not. Raises ServerFailed where nobody is there to give one."""
        answer = ResponseParser(self._method)
        deadline = time.monotonic() + self._timeout_ns / NS_PER_S
        with self._named_errors(), self._connected() as connection:
            try:
                self._exchange(connection, answer, deadline)
            except ConnectionError:
                answer.error = "reset"
        return answer

    def _exchange(self, connection: socket.socket, answer: ResponseParser, deadline: float) -> None:
        connection.sendall(self._data)
        while not answer.complete and answer.error is None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            if piece := connection.recv(1 << 16):
                answer.feed(piece)
            else:
                answer.end_of_connection()

    def _connected(self) -> socket.socket:
        plain = self._connected_to_any()
        if self._tls is None:
            return plain
        try:
            return context_for(self._tls).wrap_socket(plain, server_hostname=self._tls.server_name)
        except BaseException:
            plain.close()
            raise

    def _connected_to_any(self) -> socket.socket:
        *others, last = self._hosts
        for host in others:
            with suppress(ConnectionRefusedError):
                return self._connected_to(host)
        return self._connected_to(last)

    def _connected_to(self, host: str) -> socket.socket:
        connection = socket.create_connection((host, self._address.port), self._timeout_ns / NS_PER_S)
        self.host, self._hosts = host, (host,)
        return connection

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Say what each error of the system means for whoever gave the URL."""
        try:
            yield
        except TimeoutError as error:
            what = f"does not answer within {format_duration(self._timeout_ns)}"
            raise self._silent(what, "look what it is doing, or raise --timeout") from error
        except ssl.SSLCertVerificationError as error:
            raise self._silent(
                f"has no certificate that can be trusted: {error.verify_message}",
                "name the authority that signed it with --ca FILE, or leave it unchecked with --insecure",
            ) from error
        except ssl.SSLError as error:
            raise self._silent(f"speaks no TLS: {error.reason}", "is it http:// instead?") from error
        except OSError as error:
            raise self._silent(
                f"does not answer: {(error.strerror or str(error)).lower()}", _START_FIRST
            ) from error

    def _silent(self, what: str, remedy: str) -> ServerFailed:
        return ServerFailed(f"{self._address.url} {what}", remedy)
