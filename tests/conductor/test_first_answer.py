import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.conductor.single_load.address import Address, address_of
from bench.conductor.single_load.first_answer import TRIES, find_target
from bench.conductor.single_load.question import Question
from bench.errors import InputError, ServerFailed
from bench.load.expectations import Expected
from tests.cli.loaded_server import Answer, serving

TIMEOUT_NS = 5 * 10**9


def question(*, status: int = 200, same_body: bool = True, contains: bytes | None = None) -> Question:
    expected = Expected(status, None, contains=() if contains is None else (contains,))
    return Question("GET", (), b"", expected, same_body)


@contextmanager
def saying(data: bytes) -> Iterator[str]:
    """A server that says this to whoever connects, whatever is asked, and hangs up; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_first_right_answer_is_what_every_other_must_equal() -> None:
    with serving() as server:
        found = find_target(question(), address_of(server.url), None, TIMEOUT_NS)
        assert server.count == 1
    (request,) = found.target.requests
    assert found.wrong is None
    assert (found.target.host, found.target.port) == ("127.0.0.1", server.port)
    assert request.expected == Expected(200, b"good\n")
    assert request.data.startswith(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n".encode())


def test_where_any_body_is_right_none_is_kept() -> None:
    with serving() as server:
        found = find_target(
            question(same_body=False, contains=b"oo"), address_of(server.url), None, TIMEOUT_NS
        )
    assert found.target.requests[0].expected == Expected(200, None, contains=(b"oo",))


def test_a_wrong_answer_now_and_then_is_passed_over() -> None:
    with serving(lambda number: Answer(b"oh", 500) if number == 1 else Answer()) as server:
        found = find_target(question(), address_of(server.url), None, TIMEOUT_NS)
        assert server.count == 2
    assert found.wrong is None
    assert found.target.requests[0].expected.body == b"good\n"


def test_a_target_that_is_always_wrong_is_loaded_all_the_same_and_no_body_is_right() -> None:
    with serving(lambda number: Answer(b"oh", 500)) as server:
        found = find_target(question(), address_of(server.url), None, TIMEOUT_NS)
        assert server.count == TRIES
    assert found.wrong == "the status is 500, not 200"
    assert found.target.requests[0].expected.body is None


def test_a_redirect_is_refused_with_the_place_it_leads_to() -> None:
    with serving(lambda number: Answer(status=301, headers={"Location": "/there"})) as server:
        with pytest.raises(InputError, match="redirects to /there") as caught:
            find_target(question(), address_of(server.url), None, TIMEOUT_NS)
        found = find_target(question(status=301), address_of(server.url), None, TIMEOUT_NS)
    assert "--expect-status 301" in caught.value.remedy
    assert found.wrong is None


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "cut"),
        (b"", "cut"),
    ],
)
def test_what_is_no_whole_http_answer_is_no_target(data: bytes, error: str) -> None:
    with saying(data) as url, pytest.raises(ServerFailed, match=f"no whole HTTP answer \\({error}\\)"):
        find_target(question(), address_of(url), None, TIMEOUT_NS)


def test_the_first_address_of_a_name_at_which_somebody_listens_is_taken() -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with serving(ipv6=True) as server:
        address = Address(("127.0.0.1", "::1"), server.port, "localhost", "/", speaks_tls=False)
        found = find_target(question(), address, None, TIMEOUT_NS)
    assert found.target.host == "::1"
    assert f"Host: localhost:{server.port}\r\n".encode() in found.target.requests[0].data
