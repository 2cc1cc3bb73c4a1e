"""The targets of the benchmarks are what the benchmarks say they are."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.conductor.deployments.exchange import Endpoint, ask
from bench.conductor.machine import describe_machine
from bench.conductor.processes.interruption import Interruption
from bench.errors import ServerFailed
from bench.load.target import Target
from bench.units import NS_PER_MS
from benchmarks.nginx_target import NginxTargets, nginx_targets, served_in
from benchmarks.stage import Stage
from benchmarks.timed_target import timed_target
from benchmarks.tools import installed

pytestmark = pytest.mark.integration
needs_nginx = pytest.mark.skipif(
    not (installed("nginx") and installed("openssl")), reason="needs nginx and openssl"
)

DATA_SEGMENTS_RECEIVED = 152  # where Linux's struct tcp_info has them


def stage_in(folder: Path) -> Stage:
    return Stage(describe_machine(), folder, Interruption(), ExitStack())


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxTargets]:
    with nginx_targets(stage_in(tmp_path_factory.mktemp("stage"))) as targets:
        yield targets


def segments_of_an_answer(target: Target) -> int:
    """How many segments with data the system has received when the answer has come."""
    with socket.create_connection((target.host, target.port)) as connection:
        connection.settimeout(10)
        connection.sendall(target.requests[0].data)
        received = b""
        while not received.endswith(b"ok"):
            received += connection.recv(65_536)
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    segments: int = struct.unpack_from("I", told, DATA_SEGMENTS_RECEIVED)[0]
    return segments


@needs_nginx
def test_nginx_sends_an_answer_in_one_segment_or_in_two(nginx: NginxTargets) -> None:
    assert segments_of_an_answer(nginx.keeping) == 1
    assert segments_of_an_answer(nginx.two_segments) == 2


@needs_nginx
def test_each_answer_is_framed_as_its_target_says(nginx: NginxTargets) -> None:
    headers = {
        target.requests[0].name: ask(target.requests[0].data, "GET", Endpoint(target.port), 10).headers
        for target in (nginx.keeping, nginx.closing, nginx.chunked, nginx.two_segments)
    }
    assert {name for name, of in headers.items() if of.get("transfer-encoding") == "chunked"} == {"chunked"}
    assert {name for name, of in headers.items() if of["connection"] == "close"} == {"closing"}


@needs_nginx
def test_nginx_counts_every_request_and_the_question_for_the_count(nginx: NginxTargets) -> None:
    before = nginx.requests_served()
    ask(nginx.keeping.requests[0].data, "GET", Endpoint(nginx.keeping.port), 10)
    assert nginx.requests_served() == before + 2


def test_a_status_page_without_counts_is_an_error() -> None:
    with pytest.raises(ServerFailed, match="no counts"):
        served_in("<html>404</html>")


def test_an_answer_of_known_latency_never_comes_before_its_time(tmp_path: Path) -> None:
    with timed_target(stage_in(tmp_path), 20 * NS_PER_MS) as timed:
        begin_ns = time.perf_counter_ns()
        answer = ask(timed.target.requests[0].data, "GET", Endpoint(timed.target.port), 10)
        assert time.perf_counter_ns() - begin_ns >= 20 * NS_PER_MS
    assert (answer.status, answer.body) == (200, b"ok")
    late_ns = timed.late_ns()
    assert len(late_ns) == 2  # the first was asked when it was waited for
    assert min(late_ns) >= 0
