import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.load.locustfiles.process import ROOT, LocustfileProcess, request_errors
from tests.load.locustfiles.shop import Shop

OUTSIDE = "192.0.2.1"  # TEST-NET-1 is nobody's

ATTEMPTS = {
    "connect": f"tcp().connect(('{OUTSIDE}', 9))",
    "connect_ex": f"tcp().connect_ex(('{OUTSIDE}', 9))",
    "connect without waiting": f"unblocked(tcp()).connect(('{OUTSIDE}', 9))",
    "connect to any address": "tcp().connect(('0.0.0.0', 9))",
    "connect with IPv6": "tcp6().connect(('2001:db8::1', 9))",
    "connect with IPv4 in IPv6": f"tcp6().connect(('::ffff:{OUTSIDE}', 9))",
    "connect to a neighbour": "tcp6().connect(('fe80::1', 9, 0, 1))",
    "connect of datagrams": f"udp().connect(('{OUTSIDE}', 9))",
    "sendto": f"udp().sendto(b'fox', ('{OUTSIDE}', 9))",
    "sendto with flags": f"udp().sendto(b'fox', 0, ('{OUTSIDE}', 9))",
    "sendto everybody": "udp().sendto(b'fox', ('<broadcast>', 9))",
    "sendmsg": f"udp().sendmsg([b'fox'], [], 0, ('{OUTSIDE}', 9))",
    "create_connection": f"socket.create_connection(('{OUTSIDE}', 9))",
    "getaddrinfo": "socket.getaddrinfo('outside.example', 80)",
    "getaddrinfo of bytes": "socket.getaddrinfo(b'outside.example', 80)",
    "getaddrinfo of a short address": "socket.getaddrinfo('192.2', 80)",
    "gethostbyname": "socket.gethostbyname('outside.example')",
    "gethostbyname_ex": "socket.gethostbyname_ex('outside.example')",
    "gethostbyaddr": f"socket.gethostbyaddr('{OUTSIDE}')",
    "getnameinfo": f"socket.getnameinfo(('{OUTSIDE}', 80), 0)",
    "urlopen": f"urllib.request.urlopen('http://{OUTSIDE}:9/')",
}

INSIDE = {
    "connect": "tcp().connect(('127.0.0.1', port))",
    "connect elsewhere on loopback": "tcp().connect(('127.8.9.1', port))",
    "connect to localhost": "tcp().connect(('localhost', port))",
    "connect with IPv4 in IPv6": "tcp6().connect(('::ffff:127.0.0.1', port))",
    "create_connection": "socket.create_connection(('127.0.0.1', port))",
    "sendto": "udp().sendto(b'fox', ('127.0.0.1', port))",
    "sendmsg without an address": "[pair := socket.socketpair(), pair[0].sendmsg([b'fox'])]",
    "a path": "unix().connect(path)",
    "getaddrinfo of localhost": "socket.getaddrinfo('localhost', 80)",
    "getaddrinfo of an address": f"socket.getaddrinfo('{OUTSIDE}', 80)",
    "getaddrinfo of every address": "socket.getaddrinfo(None, 80)",
}

SCRIPT = """
import json, os, socket, sys, tempfile, urllib.request
if sys.argv[1] == "patched":
    from gevent import monkey
    monkey.patch_all()
from bench.load.loopback import OffLoopback, stay_on_loopback

allowed, attempts = json.loads(sys.argv[2])
path = os.path.join(tempfile.mkdtemp(), "socket")
there = socket.socket(socket.AF_UNIX)
there.bind(path)
there.listen()
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
elsewhere = socket.create_server(("127.8.9.1", port))
made = []

def opened(*kind):
    made.append(socket.socket(*kind))
    made[-1].settimeout(2)
    return made[-1]

def tcp(): return opened()
def tcp6(): return opened(socket.AF_INET6)
def udp(): return opened(socket.AF_INET, socket.SOCK_DGRAM)
def unix(): return opened(socket.AF_UNIX)
def unblocked(of):
    of.setblocking(False)
    return of

stay_on_loopback(frozenset(allowed))
for attempt in attempts:
    made.clear()
    try:
        eval(attempt)
        what = "done"
    except OffLoopback as refused:
        # The kernel gives a socket its port when it is first told where to send to.
        what = "refused" if all(s.getsockname()[1] == 0 for s in made) else "sent, then refused"
        assert str(refused).endswith("was refused: it would leave this machine"), refused
    except OSError as error:
        reason = getattr(error, "reason", None)
        what = "refused" if isinstance(reason, OffLoopback) else repr(error)
    print(json.dumps(what))
"""


def outcomes(attempts: dict[str, str], sockets: str, allowed: tuple[str, ...] = ()) -> dict[str, str]:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, sockets, json.dumps([allowed, list(attempts.values())])],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return dict(zip(attempts, map(json.loads, ran.stdout.splitlines()), strict=True))


@pytest.fixture(params=["plain", "patched"])
def sockets(request: pytest.FixtureRequest) -> str:
    """The standard library's own sockets, and those that gevent puts in their place."""
    kind: str = request.param
    return kind


def test_nothing_leaves_the_machine(sockets: str) -> None:
    assert outcomes(ATTEMPTS, sockets) == dict.fromkeys(ATTEMPTS, "refused")


def test_a_name_is_not_looked_up_by_the_connection_of_a_generator() -> None:
    attempt = {"connect to a name": "tcp().connect(('outside.example', 9))"}
    assert outcomes(attempt, "patched") == {"connect to a name": "refused"}


def test_what_stays_on_the_machine_is_let_through(sockets: str) -> None:
    assert outcomes(INSIDE, sockets) == dict.fromkeys(INSIDE, "done")


def test_an_allowed_host_is_let_through_and_no_other(sockets: str) -> None:
    # A datagram's socket that is connected has sent nothing yet.
    attempts = {
        "allowed": "udp().connect(('192.0.2.7', 9))",
        "its name": "socket.getaddrinfo('192.0.2.7', 80)",
        "another": f"udp().connect(('{OUTSIDE}', 9))",
    }
    found = outcomes(attempts, sockets, allowed=("192.0.2.7",))
    assert found.pop("allowed") in {"done", repr(OSError(101, "Network is unreachable"))}
    assert found == {"its name": "done", "another": "refused"}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[LocustfileProcess]:
    with LocustfileProcess(tmp_path / "log") as process:
        process.order(guard=None)
        yield process


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["HttpUser", "FastHttpUser"])
@pytest.mark.parametrize("url", ["/away", f"http://{OUTSIDE}:9/", "http://outside.example/"])
def test_requests_of_a_locustfile_that_would_leave_are_errors(
    guarded: LocustfileProcess, tmp_path: Path, kind: str, url: str
) -> None:
    path = tmp_path / "flows.py"
    path.write_text(
        dedent(f"""
        from locust import SequentialTaskSet, {kind}, task

        class Wandering(SequentialTaskSet):
            @task
            def leave(self):
                self.client.get({url!r}, name="leave")

            @task
            def stay(self):
                self.client.get("/fox")

        class Visitor({kind}):
            tasks = [Wandering]
        """)
    )
    with Shop() as shop:
        outcome = guarded.slice(path, shop.url)
        assert list(outcome.by_request) == ["GET /fox"]
        assert outcome.errors == {"OffLoopback": request_errors(outcome)}
        redirected = {"GET /away": outcome.errors["OffLoopback"]} if url == "/away" else {}
        assert shop.asked == {"GET /fox": outcome.answered, **redirected}
