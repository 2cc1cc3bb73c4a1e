"""`bench load`: the whole command against real servers, in good weather and bad."""

import json
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bench.__main__ import main
from tests.cli.bench_process import BENCH, Ended, assert_told_once, bench, bench_here, ended, marked, started
from tests.cli.loaded_server import Answer, serving

pytestmark = pytest.mark.integration

SHORT = ("--connections", "4", "--duration", "300ms", "--ramp", "50ms")
LONG = ("--connections", "4", "--duration", "10m")
NOISE = {"sent-late", "generator-bound", "overloaded"}  # what a busy machine may do to a number


def load(url: str, folder: Path, *arguments: str) -> tuple[Ended, dict[str, Any]]:
    """Put a short load on it; returns how that ended, and the JSON."""
    told = bench("load", url, *SHORT, "--json", "-", *arguments, cwd=folder)
    assert told.left == []
    assert "Traceback" not in told.stderr
    assert told.stdout, told.stderr
    return told, json.loads(told.stdout)


def refused(url: str, folder: Path, *arguments: str) -> Ended:
    """Ask for a load that does not come to be."""
    before = sorted(path.name for path in folder.iterdir())
    told = bench_here("load", url, *SHORT, *arguments, cwd=folder)
    assert told.stdout == ""
    assert_told_once(told)
    assert sorted(path.name for path in folder.iterdir()) == before
    return told


def codes(document: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in document["reasons"]}


def refuses_connections() -> str:
    """A URL at which nobody listens: the port was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@dataclass(frozen=True)
class ClosedLoop:
    """A load in good weather: how it ended, its JSON, what the server counted, and where its log is."""

    told: Ended
    document: dict[str, Any]
    count: int
    log: Path


@pytest.fixture(scope="module")
def closed_loop(tmp_path_factory: pytest.TempPathFactory) -> ClosedLoop:
    folder = tmp_path_factory.mktemp("closed-loop")
    with serving() as server:
        told, document = load(f"{server.url}/json?a=1", folder, "--hlog", "load.hlog")
    return ClosedLoop(told, document, server.count, folder / "load.hlog")


def test_a_closed_loop_counts_every_answer(closed_loop: ClosedLoop) -> None:
    document = closed_loop.document
    assert codes(document) <= NOISE
    assert closed_loop.told.exit_code == (3 if codes(document) else 0)
    assert document["ok"] == document["requests"] > 0
    assert document["errors"] == {}
    assert document["answered"] + 1 == closed_loop.count  # the one before the load
    assert document["goodput"] == pytest.approx(document["ok"] / document["duration_s"])
    assert document["duration_s"] == 0.3
    assert document["connections_opened"] == 4
    times = document["service_time_ms"]
    assert 0 < times["p50"] <= times["p90"] <= times["p99"] <= times["p99_9"]
    assert document["load"] == {"connections": 4}


def test_an_open_loop_sends_what_is_due(tmp_path: Path) -> None:
    with serving() as server:
        told, document = load(f"{server.url}/", tmp_path, "--rate", "200/s", "--poisson", "--seed", "3")
    assert codes(document) <= NOISE
    assert told.exit_code == (3 if codes(document) else 0)
    assert document["due"] == document["ok"] + document["unsent"]
    assert document["answered"] + 1 == server.count
    assert document["send_late_us"].keys() == {"p50", "p99", "max"}
    assert document["latency_ms"]["p50"] > 0
    assert document["load"] == {"connections": 4, "rate_per_s": 200.0, "poisson": True}


def test_two_processes_share_the_connections(tmp_path: Path) -> None:
    with serving() as server:
        _, document = load(f"{server.url}/", tmp_path, "--processes", "2")
    assert document["processes"] == 2
    assert document["connections_opened"] == 4
    assert document["answered"] + 1 == server.count


def test_the_request_is_sent_as_it_was_written(tmp_path: Path) -> None:
    with serving() as server:
        _, document = load(
            f"{server.url}/orders", tmp_path, "-X", "put", "-H", "X-Shop: lantern", "-H", "X-Shop: paper",
            "-H", "User-Agent: ours", "--json-body", '{"item": 7}',
        )  # fmt: skip
    assert document["errors"] == {}
    assert server.first is not None
    assert (server.first.method, server.first.path) == ("PUT", "/orders")
    assert server.first.body == b'{"item": 7}'
    assert sorted(server.first.headers) == sorted([
        ("Host", f"127.0.0.1:{server.port}"),
        ("User-Agent", "ours"),
        ("Accept", "*/*"),
        ("X-Shop", "lantern"),
        ("X-Shop", "paper"),
        ("Content-Type", "application/json"),
        ("Content-Length", "11"),
    ])  # fmt: skip


def test_data_is_sent_as_curl_would(tmp_path: Path) -> None:
    (tmp_path / "form").write_bytes(b"a=1&b=\xff")
    with serving() as server:
        load(f"{server.url}/", tmp_path, "--data", "@form")
    assert server.first is not None
    assert server.first.method == "POST"
    assert server.first.body == b"a=1&b=\xff"
    assert ("Content-Type", "application/x-www-form-urlencoded") in server.first.headers


def test_only_the_head_is_asked_for_with_head(tmp_path: Path) -> None:
    with serving() as server:
        _, document = load(f"{server.url}/", tmp_path, "-X", "HEAD")
    assert document["errors"] == {}
    assert document["ok"] > 0


def test_a_target_on_ipv6_is_loaded_also_by_its_name(tmp_path: Path) -> None:
    if not socket.has_dualstack_ipv6() and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with serving(ipv6=True) as server:
        _, document = load(f"{server.url}/", tmp_path)
    assert document["errors"] == {}
    assert document["answered"] + 1 == server.count


def test_a_target_that_closes_every_connection_is_loaded(tmp_path: Path) -> None:
    with serving(lambda number: Answer(headers={"Connection": "close"})) as server:
        _, document = load(f"{server.url}/", tmp_path)
    assert document["errors"] == {}
    assert document["connections_opened"] >= document["answered"] > 0
    assert any("closes its connections" in note for note in document["notes"])


@pytest.mark.parametrize("every", [1, 10])
def test_errors_of_the_target_are_no_goodput_and_make_it_invalid(tmp_path: Path, every: int) -> None:
    def failing(number: int) -> Answer:
        return Answer(status=500) if number % every == 0 else Answer()

    with serving(failing) as server:
        told, document = load(f"{server.url}/", tmp_path)
    assert told.exit_code == 3
    assert "errors" in codes(document)
    assert document["errors"].keys() == {"status 500"}
    assert (document["ok"] == 0) == (every == 1)
    assert "this result is not valid" in told.stderr
    assert "--expect-status" in told.stderr


def test_an_error_can_be_what_is_expected(tmp_path: Path) -> None:
    with serving(lambda number: Answer(status=404)) as server:
        _, document = load(f"{server.url}/", tmp_path, "--expect-status", "404")
    assert document["errors"] == {}
    assert document["ok"] > 0


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ("same", False),
        ("any", True),
        ("contains:page", True),
        ("contains:pages", False),
        (f"sha256:{'0' * 64}", False),
    ],
)
def test_bodies_that_vary_are_right_where_the_rule_says_so(tmp_path: Path, rule: str, right: bool) -> None:
    with serving(lambda number: Answer(f"page {number % 10}".encode())) as server:
        told, document = load(f"{server.url}/", tmp_path, "--expect-body", rule)
    assert ("errors" in codes(document)) != right
    assert set(document["errors"]) == (set() if right else {"body"})
    if not right:
        assert told.exit_code == 3
        assert "--expect-body any" in told.stderr


def test_a_cut_body_is_an_error(tmp_path: Path) -> None:
    def cutting(number: int) -> Answer:
        return Answer(b"go") if number % 5 == 0 else Answer()

    with serving(cutting) as server:
        told, document = load(f"{server.url}/", tmp_path)
    assert told.exit_code == 3
    assert document["errors"].keys() == {"length"}


def test_the_histogram_is_read_by_the_tools_of_the_field(closed_loop: ClosedLoop) -> None:
    document = closed_loop.document
    log = HistogramLogReader(str(closed_loop.log), HdrHistogram(1, 3_600_000_000_000, 3))
    read = log.get_next_interval_histogram()
    log.close()
    assert read.get_total_count() == document["ok"]
    assert read.get_value_at_percentile(50) / 1e6 == document["service_time_ms"]["p50"]


def test_the_result_is_for_people_on_standard_output_and_in_the_file_for_programs(tmp_path: Path) -> None:
    (tmp_path / "load.json").write_text("old")
    with serving() as server:
        told = bench("load", server.url, *SHORT, "--json", "load.json", cwd=tmp_path)
    document = json.loads((tmp_path / "load.json").read_text())
    assert f"{document['ok']:,} right answers in 300 ms" in told.stdout
    assert told.stdout.startswith(f"GET {server.url}/\n4 connections, 300 ms after 50 ms of ramp\n")
    assert [path.name for path in tmp_path.iterdir()] == ["load.json"]


def test_a_terminal_sees_the_time_pass(tmp_path: Path) -> None:
    leading, terminal = os.openpty()
    with serving() as server:
        shown = subprocess.run(
            [*BENCH, "load", server.url, *SHORT],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=terminal, check=False,
        )  # fmt: skip
    os.close(terminal)
    drawn = os.read(leading, 1 << 16).decode()
    os.close(leading)
    assert shown.returncode in (0, 3)
    assert "s to go" in drawn
    assert drawn.count("\x1b[K") >= 2  # it takes its line away again


@pytest.mark.parametrize(
    "url", ["http://example.com/", "http://192.0.2.1:8000/", "http://[2001:db8::1]/", "http://0.0.0.0/"]
)
def test_another_machine_is_refused_before_anything_is_sent(tmp_path: Path, url: str) -> None:
    told = refused(url, tmp_path)
    assert told.exit_code == 2
    assert "nothing was sent" in told.stderr
    assert "--allow-remote" in told.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself, and its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", str(key), "-out", str(made), "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_https_is_loaded_where_the_authority_is_named(
    tmp_path: Path, context: ssl.SSLContext, certificate: Path
) -> None:
    with serving(context=context) as server:
        _, document = load(f"https://localhost:{server.port}/", tmp_path, "--ca", str(certificate))
    assert document["errors"] == {}
    assert document["answered"] + 1 == server.count


def test_https_is_loaded_unchecked_where_that_is_asked_for(tmp_path: Path, context: ssl.SSLContext) -> None:
    with serving(context=context) as server:
        _, document = load(f"{server.url}/", tmp_path, "--insecure")
    assert document["errors"] == {}
    assert document["ok"] > 0


def test_a_certificate_nobody_vouches_for_is_not_trusted(tmp_path: Path, context: ssl.SSLContext) -> None:
    with serving(context=context) as server:
        told = refused(f"https://localhost:{server.port}/", tmp_path)
        assert server.count == 0
    assert told.exit_code == 4
    assert "has no certificate that can be trusted" in told.stderr
    assert "--ca FILE" in told.stderr


def test_a_certificate_for_another_name_is_not_trusted(
    tmp_path: Path, context: ssl.SSLContext, certificate: Path
) -> None:
    with serving(context=context) as server:
        told = refused(f"{server.url}/", tmp_path, "--ca", str(certificate))
        assert server.count == 0
    assert told.exit_code == 4
    assert "has no certificate that can be trusted" in told.stderr


def test_a_target_without_tls_is_told(tmp_path: Path) -> None:
    with serving() as server:
        told = refused(f"https://127.0.0.1:{server.port}/", tmp_path, "--insecure")
    assert told.exit_code == 4
    assert "speaks no TLS" in told.stderr


@pytest.mark.parametrize("location", ["http://example.com/", "/login"])
def test_a_redirect_is_never_followed(tmp_path: Path, location: str) -> None:
    with serving(lambda number: Answer(status=302, headers={"Location": location})) as server:
        told = refused(f"{server.url}/cart", tmp_path)
        assert server.count <= 3
    assert told.exit_code == 2
    assert f"redirects to {location}" in told.stderr


def test_a_redirect_can_be_what_is_expected(tmp_path: Path) -> None:
    answer = Answer(status=302, headers={"Location": "http://example.com/"})
    with serving(lambda number: answer) as server:
        _, document = load(f"{server.url}/", tmp_path, "--expect-status", "302")
    assert document["errors"] == {}
    assert document["ok"] > 0


def test_where_nobody_listens_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    told = refused(refuses_connections(), tmp_path)
    assert told.exit_code == 4
    assert "connection refused" in told.stderr
    assert "start the server first" in told.stderr


def test_a_target_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = refused(f"http://127.0.0.1:{silent.getsockname()[1]}/", tmp_path, "--timeout", "200ms")
    assert told.exit_code == 4
    assert "does not answer within 200 ms" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--duration", "5"), "not a duration"),
        (("--duration", "0s"), "longer than no time"),
        (("--rate", "fast"), "not a rate"),
        (("--rate", "0/s"), "no request is ever sent"),
        (("--poisson",), "--poisson needs a --rate"),
        (("--connections", "0"), "--connections"),
        (("--connections", "1", "--processes", "2"), "need as many --connections"),
        (("-H", "no header"), "not a header"),
        (("-H", "Evil: a\r\nX: b"), "characters that no header may have"),
        (("-H", "Content-Length: 7"), "set by the load generator"),
        (("-X", "GET /"), "not a method"),
        (("--json-body", "{"), "not JSON"),
        (("--json-body", "{}", "--data", "a"), "not both"),
        (("--data", "@nowhere"), "cannot read nowhere"),
        (("--expect-body", "equal"), "not one of same, any"),
        (("--insecure", "--ca", "ca.pem"), "--ca is of no use"),
        (("--json", "-", "--hlog", "-"), "only one of"),
        (("--json", "nowhere/load.json"), "cannot write nowhere/load.json"),
        (("--hlog", "."), "cannot write ."),
        (("--hlog", "/dev/full/x"), "cannot write /dev/full/x"),
    ],
)
def test_what_cannot_be_done_is_told_before_the_target_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as target:
        target.setblocking(False)
        exit_code = main(["load", f"http://127.0.0.1:{target.getsockname()[1]}/", *SHORT, *arguments])
        with pytest.raises(BlockingIOError):
            target.accept()
    shown = capsys.readouterr()
    assert exit_code == 2
    assert said in shown.err
    assert shown.out == ""
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    with serving() as server:
        told = refused(server.url, tmp_path, "--json", "old.json", "--hlog", "nowhere/x.hlog")
    assert told.exit_code == 2
    assert (tmp_path / "old.json").read_text() == "old"


def test_too_few_file_descriptors_are_told_with_the_number_needed(tmp_path: Path) -> None:
    def allow_few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with serving() as server:
        told = bench("load", server.url, *SHORT, cwd=tmp_path, preexec_fn=allow_few)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "4 connections need 68 file descriptors, and 64 are allowed" in told.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("loop", [(), ("--rate", "200/s", "--processes", "2")])
def test_ctrl_c_ends_the_load_and_keeps_what_was_measured(
    tmp_path: Path, number: signal.Signals, loop: tuple[str, ...]
) -> None:
    options = (*LONG, *loop, "--ramp", "0s", "--json", "a.json", "--hlog", "a.hlog")
    with serving() as server, started("load", server.url, *options, cwd=tmp_path) as process:
        assert server.under_load.wait(60)
        process.send_signal(number)
        told = ended(process, tmp_path)
    assert told.exit_code == 130
    assert "interrupted; this is what was measured until then" in told.stderr
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["interrupted"] is True
    assert 0 < document["duration_s"] < 30
    assert document["ok"] > 0
    assert document["errors"] == {}
    assert (tmp_path / "a.hlog").stat().st_size


def test_ctrl_c_before_the_counted_window_leaves_nothing(tmp_path: Path) -> None:
    options = (*LONG, "--ramp", "30s", "--json", "a.json")
    with serving() as server, started("load", server.url, *options, cwd=tmp_path) as process:
        assert server.under_load.wait(60)
        process.send_signal(signal.SIGINT)
        told = ended(process, tmp_path)
    assert told.exit_code == 130
    assert_told_once(told)
    assert "nothing was measured" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_where_it_is_killed(tmp_path: Path) -> None:
    with serving() as server, started("load", server.url, *LONG, cwd=tmp_path) as process:
        assert server.under_load.wait(60)
        process.kill()
        told = ended(process, tmp_path)
    assert told.left == []


def test_a_generator_that_dies_is_an_error_of_its_own(tmp_path: Path) -> None:
    with serving() as server, started("load", server.url, *LONG, cwd=tmp_path) as process:
        assert server.under_load.wait(60)
        (generator,) = [one for one in marked(tmp_path) if "bench.load" in one.cmdline()]
        generator.kill()
        told = ended(process, tmp_path)
    assert told.exit_code == 5
    assert_told_once(told)
    assert "the load generator died" in told.stderr
