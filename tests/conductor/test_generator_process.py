import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from bench.conductor import generator_process
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.machine import describe_machine
from bench.conductor.processes.children import child_environment
from bench.errors import GeneratorFailed
from bench.load.messages import SliceOrder
from bench.units import NS_PER_S
from tests.load.checked_generator import CheckedGenerator, arrivals_of
from tests.load.scripted_server import ScriptedServer
from tests.load.test_generator import REQUEST, always, answer, target_of
from tests.load.test_open_loop import nobody, target_at

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]

# Python imports it before anything else: whoever asks for the time is told another hour each 0.2 s.
JUMPING_CLOCK = """
import time
begin, right = time.monotonic(), time.time
def jumping():
    jumps = int((time.monotonic() - begin) / 0.2)
    return right() + (3600 if jumps % 2 else -3600 * (jumps % 4))
time.time = jumping
time.time_ns = lambda: int(jumping() * 1e9)
print("the clock jumps", file=__import__("sys").stderr, flush=True)
"""

# Sixteen connections in a network with eight ports to connect from.
FEW_PORTS = """
import json
import subprocess
import sys
from pathlib import Path
from tests.load.checked_generator import CheckedGenerator
from tests.load.scripted_server import ScriptedServer
from tests.load.test_generator import REQUEST, always, answer, target_of
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with ScriptedServer(always(answer()), REQUEST) as server:
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("61000 61007")
    generator = CheckedGenerator(Path(sys.argv[1]), polls=False)
    try:
        generator.wait_until_ready()
        generator.set_targets(fox=target_of(server))
        outcomes = [generator.slice("fox", connections=16, rate_per_s=rate) for rate in (None, 5000)]
    finally:
        generator.stop()
    counts = [[one.errors, one.per_connection, one.answered] for one in outcomes]
    print(json.dumps([*counts, server.requests]))
"""


@pytest.fixture
def generator(tmp_path: Path) -> Iterator[GeneratorProcess]:
    generator = GeneratorProcess(describe_machine().generator_cores, tmp_path / "generator.log")
    yield generator
    generator.stop()


def process_of(generator: GeneratorProcess) -> psutil.Process:
    return psutil.Process(generator._process.pid)


def test_it_answers_orders_and_ends_when_it_is_stopped(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process = process_of(generator)
    assert generator.statistics() == {"requests": 0, "failures": 0}
    generator.stop()
    assert not process.is_running()


def test_it_is_killed_where_it_does_not_end_when_asked(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process = process_of(generator)
    process.suspend()
    generator.stop()
    assert not process.is_running()


def test_a_generator_that_died_is_an_error_that_says_so(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process_of(generator).kill()
    with pytest.raises(GeneratorFailed, match="the load generator died"):
        generator.statistics()


def test_a_defect_of_the_generator_is_told_with_what_it_wrote_last(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    with pytest.raises(GeneratorFailed, match="the load generator died") as caught:
        generator.slice(
            SliceOrder(
                target="unknown",
                connections=1,
                ramp_ns=0,
                counted_ns=10**6,
                response_timeout_ns=10**9,
                polls=False,
            )
        )
    assert "KeyError: 'unknown'" in caught.value.remedy


def test_a_slice_is_broken_off_though_nobody_listens_to_more_than_it_can_send(
    generator: GeneratorProcess,
) -> None:
    order = SliceOrder(
        target="nobody",
        connections=1,
        ramp_ns=0,
        counted_ns=60 * NS_PER_S,
        response_timeout_ns=NS_PER_S,
        polls=False,
        rate_per_s=1_000_000,
    )
    generator.wait_until_ready()
    with nobody() as port:
        generator.set_targets({"nobody": target_at(port)})
        stdin = generator._process.stdin
        assert stdin is not None
        idle_s = process_of(generator).cpu_times().user
        stdin.write(json.dumps({"slice": order.to_message()}).encode() + b"\n")
        stdin.flush()
        while process_of(generator).cpu_times().user < idle_s + 0.3:  # until the slice is under way
            time.sleep(0.01)
        outcome = generator.break_off()
    assert set(outcome.errors) == {"connect"}
    assert outcome.counted_ns < order.counted_ns


@pytest.mark.parametrize("processes", [1, 2])
def test_a_wall_clock_that_jumps_by_hours_changes_nothing(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(JUMPING_CLOCK)

    def environment(extra: Mapping[str, str]) -> dict[str, str]:
        return child_environment({**extra, "PYTHONPATH": str(tmp_path)})

    monkeypatch.setattr(generator_process, "child_environment", environment)
    log = tmp_path / "generator.log"
    generator = CheckedGenerator(log, polls=False, processes=processes)
    try:
        generator.wait_until_ready()
        with ScriptedServer(always(answer()), REQUEST) as server:
            generator.set_targets(fox=target_of(server))
            outcomes = [
                generator.slice("fox", connections=count, milliseconds=300, ramp_ms=0, rate_per_s=rate)
                for count, rate in ((2, None), (4, 200), (6, None), (64, 200), (65, 200))
            ]
            assert all(outcome.errors == {} for outcome in outcomes)
            assert sum(outcome.answered for outcome in outcomes) == server.requests
            for outcome in outcomes:
                assert 0 <= outcome.duration_sum_ns < 600 * NS_PER_S
                assert outcome.longest_ns < 60 * NS_PER_S
                assert outcome.generator_wall_ns < 60 * NS_PER_S
            assert arrivals_of(outcomes[-1]).due == 60
    finally:
        generator.stop()
    assert log.read_text().count("the clock jumps") == (1 if processes == 1 else 3)


def may_have_a_network(unshare: list[str]) -> bool:
    tried = subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return tried.returncode == 0


def test_too_few_ports_are_told_from_a_slow_server(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("unshare or ip is not installed")
    unshare = next(filter(may_have_a_network, (["unshare", "--net"], ["unshare", "-r", "--net"])), None)
    if unshare is None:
        pytest.skip("no network of one's own is allowed here")
    driver = subprocess.run(
        (*unshare, sys.executable, "-c", FEW_PORTS, str(tmp_path / "generator.log")),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert driver.returncode == 0, driver.stderr
    (closed_errors, closed_connections, closed), (open_errors, _, opened), requests = json.loads(
        driver.stdout
    )
    assert set(closed_errors) == {"out of ports"}
    assert sum(count > 0 for count in closed_connections) == 8
    assert set(open_errors) <= {"out of ports"}
    assert closed + opened == requests
