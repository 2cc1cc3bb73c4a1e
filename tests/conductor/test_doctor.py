"""What the doctor makes of what the system says and of what was measured."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.doctor import advice, advice_measured
from bench.conductor.doctor.examination import Diagnosis
from bench.conductor.doctor.finding import Finding
from bench.conductor.doctor.noise_floor import NAMES, NoiseFloor, launches_for, noise_of
from bench.conductor.doctor.system_facts import (
    ClientPorts,
    CpuTimes,
    Others,
    cpu_times,
    parse_client_ports,
    parse_core_list,
    parse_cpu_times,
    text_of,
    watch_others,
    write_core_list,
)
from bench.conductor.environments.availability import available_servers
from bench.errors import NothingValid
from bench.export.doctor_json import doctor_document, doctor_json
from bench.results.model import Machine
from bench.stats.summary import Interval
from tests.conductor.single_loads import CLOSED, OPEN, arrivals_of, single_load
from tests.stats.synthetic import Part, measurements

PROC_STAT = """\
cpu  100 0 50 800 20 0 10 20 5 0
cpu0 60 0 30 390 10 0 5 5 0 0
cpu1 40 0 20 410 10 0 5 15 5 0
intr 12345 0 0
"""
MACHINE = Machine(
    cpu_model="a fast one",
    cores=4,
    server_cores=(0, 1, 2),
    generator_cores=(3,),
    memory_bytes=2**33,
    kernel="6.1",
    distribution="Linux",
    hypervisor=None,
    frequency_governor=None,
)
NOISE = NoiseFloor(
    ratio=Interval(1.001, 0.991, 1.011),
    load_ns=12 * 10**9,
    launches=8,
    pairs=96,
    launch_spread=0.01,
    block_spread=0.02,
)
PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """The first table below the heading of this page whose rows begin with names: the last cell by name."""
    table = PAGE.partition(heading)[2]
    found = (re.findall(r"^\| `([\w-]+)` \|(?:.*\|)? (.*) \|$", table, re.MULTILINE)) if table else []
    return dict(found)


def test_the_times_of_cores_are_read_as_the_kernel_writes_them() -> None:
    assert parse_cpu_times(PROC_STAT, [0, 1]) == CpuTimes(total=1000, idle=820, steal=20)
    assert parse_cpu_times(PROC_STAT, [1]) == CpuTimes(total=500, idle=420, steal=15)
    assert parse_cpu_times(PROC_STAT, [7]) is None
    assert parse_cpu_times("cpu0 1 2 3 4\n", [0]) == CpuTimes(total=10, idle=4, steal=0)


@given(*[st.integers(0, 10**12)] * 6)
def test_shares_are_shares_whatever_the_counters_do(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    gone = CpuTimes(a + b + c, a, b).since(CpuTimes(d + e + f, d, e))
    assert gone.total >= 0
    assert gone.busy_share >= 0
    assert gone.steal_share >= 0
    assert CpuTimes(a + b + c, a, b).busy_share <= 1


@given(st.sets(st.integers(0, 300), min_size=1))
def test_a_list_of_cores_is_written_as_it_is_read(cores: set[int]) -> None:
    assert parse_core_list(write_core_list(cores)) == cores


def test_a_list_of_cores_is_short() -> None:
    assert write_core_list([3, 0, 1, 2, 8]) == "0-3,8"


@pytest.mark.parametrize(
    ("reuse", "timestamps", "reused"),
    [("2\n", "1\n", True), ("1", "1", True), ("0", "1", False), ("2", "0", False), (None, None, False)],
)
def test_ports_are_had_again_soon_where_the_kernel_can(
    reuse: str | None, timestamps: str | None, reused: bool
) -> None:
    ports = parse_client_ports("32768\t60999\n", reuse, timestamps)
    assert (ports.first, ports.last, ports.count, ports.reused) == (32768, 60999, 28232, reused)


def test_the_system_tells_the_times_of_our_cores_and_what_others_do() -> None:
    others = watch_others([0], 0.05)
    assert cpu_times([0]) is not None
    assert others is not None
    assert 0 <= others.cores <= 1


def test_what_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    assert text_of(tmp_path / "missing") is None
    (tmp_path / "empty").touch()
    assert text_of(tmp_path / "empty") is None


ALONE = {core: frozenset({core}) for core in range(4)}
TWINS = {0: frozenset({0, 2}), 2: frozenset({0, 2}), 1: frozenset({1, 3}), 3: frozenset({1, 3})}
ONE_CORE = MACHINE.model_copy(update={"cores": 1, "server_cores": (0,), "generator_cores": (0,)})
TWO_THREADS = MACHINE.model_copy(update={"cores": 2, "server_cores": (0,), "generator_cores": (1,)})
TOGETHER = dict.fromkeys((0, 1), frozenset({0, 1}))
PLENTY = ClientPorts(32768, 60999, reused=True)


@pytest.mark.parametrize(
    ("finding", "status", "said"),
    [
        (advice.about_cores(MACHINE, ALONE), "ok", "core 0-2, the load generator alone on 3"),
        (advice.about_cores(ONE_CORE, ALONE), "warning", "there is one core"),
        (advice.about_cores(MACHINE, TWINS), "warning", "taskset -c 0-1 bench"),
        (advice.about_cores(TWO_THREADS, TOGETHER), "warning", "two physical cores"),
        (advice.about_frequency(()), "unknown", "cannot be seen"),
        (advice.about_frequency(("performance",)), "ok", "performance"),
        (advice.about_frequency(("performance", "powersave")), "warning", "cpupower"),
        (advice.about_steal(None, "KVM"), "unknown", "vmstat"),
        (advice.about_steal(CpuTimes(0, 0, 0), "KVM"), "unknown", "vmstat"),
        (advice.about_steal(CpuTimes(1000, 900, 0), None), "ok", "no hypervisor"),
        (advice.about_steal(CpuTimes(1000, 900, 10), "KVM"), "ok", "1 %"),
        (advice.about_steal(CpuTimes(1000, 900, 50), "KVM"), "warning", "another hour"),
        (advice.about_others(None), "unknown", "top"),
        (advice.about_others(Others(0.05, 0.3)), "ok", "0.05 cores"),
        (advice.about_others(Others(1.2, 3.0, (("cc1", 77, 0.9),))), "warning", "cc1 (77) 0.90"),
        (advice.about_descriptors(1024, 4096), "warning", "ulimit -n 10064"),
        (advice.about_descriptors(1024, 524_288), "ok", "raises the soft limit"),
        (advice.about_descriptors(math.inf, math.inf), "ok", "any number of files"),
        (advice.about_listen_queue(None), "unknown", "somaxconn"),
        (advice.about_listen_queue(4096), "ok", "4,096"),
        (advice.about_listen_queue(128), "warning", "sudo sysctl net.core.somaxconn"),
        (advice.about_ports(None), "unknown", "ip_local_port_range"),
        (advice.about_ports(PLENTY), "ok", "28,232 new ones a second"),
        (advice.about_ports(replace(PLENTY, reused=False)), "warning", "tcp_tw_reuse=2"),
        (advice.about_ports(ClientPorts(60000, 60999, reused=True)), "warning", "ip_local_port_range="),
    ],
)
def test_what_is_seen_becomes_a_sentence_and_a_remedy(finding: Finding, status: str, said: str) -> None:
    assert finding.status == status
    assert said in f"{finding.what}\n{finding.remedy}"
    assert bool(finding.remedy) is (status != "ok")
    assert set(finding.values) == named_values(finding.name)


def named_values(name: str) -> set[str]:
    """The names of the values that the page gives a finding."""
    described = rows("| finding | values |")[name]
    return set(re.findall(r"`(\w+)`", described))


def test_a_server_that_is_missing_is_named_with_what_installs_it() -> None:
    servers = list(available_servers().values())
    there = [replace(one, version="1.0", reason="") for one in servers]
    assert advice.about_servers(there).status == "ok"
    missing = [replace(one, version=None) if one.server.name == "uwsgi" else one for one in there]
    finding = advice.about_servers(missing)
    assert finding.status == "warning"
    assert "not installed: uwsgi" in finding.what
    assert "pip install uwsgi" in finding.remedy
    assert finding.values["versions"] == {
        one.server.name: None if one.server.name == "uwsgi" else "1.0" for one in servers
    }


def test_the_ceiling_is_what_the_generator_did_and_cost() -> None:
    outcome = single_load(CLOSED, durations_ns=[100_000] * 250_000, busy=0.5).outcome
    finding = advice_measured.about_ceiling(outcome)
    assert finding.status == "ok"
    assert finding.values["requests_per_s"] == 50_000
    assert finding.values["us_per_request"] == pytest.approx(10)
    assert "null target was the limit" in finding.what
    assert "the generator was the limit" in advice_measured.about_ceiling(
        replace(outcome, generator_busy_ns=outcome.generator_wall_ns)
    ).what  # fmt: skip


def test_a_low_ceiling_is_warned_of_with_what_to_mistrust() -> None:
    finding = advice_measured.about_ceiling(single_load(CLOSED, durations_ns=[10**6] * 60_000).outcome)
    assert finding.status == "warning"
    assert "above 8,000/s" in finding.remedy


def test_lateness_is_judged_by_median_and_tail() -> None:
    good = single_load(OPEN, arrivals=arrivals_of(5000, late_ns=3_000)).outcome
    bad = single_load(OPEN, arrivals=arrivals_of(5000, late_ns=2_000_000)).outcome
    assert advice_measured.about_lateness(good).status == "ok"
    assert advice_measured.about_lateness(good).values["p50_us"] == pytest.approx(3, rel=0.01)
    assert advice_measured.about_lateness(bad).status == "warning"


@pytest.mark.parametrize("of", [advice_measured.about_ceiling, advice_measured.about_lateness])
def test_a_target_that_fails_tells_nothing(of: object) -> None:
    assert callable(of)
    nothing = single_load(OPEN, durations_ns=[], arrivals=arrivals_of(9, waited=9)).outcome
    failing = single_load(OPEN, errors={"reset": 100}).outcome
    for outcome in (nothing, failing):
        finding = of(outcome)
        assert finding.status == "unknown"
        assert finding.remedy
        assert finding.values == {}


def test_noise_that_is_small_is_well() -> None:
    finding = advice_measured.about_noise(NOISE)
    assert finding.status == "ok"
    assert "plus or minus 1 %" in finding.what
    assert set(finding.values) == named_values("noise")


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (replace(NOISE, ratio=Interval(1.0, 0.95, 1.05)), "measure longer"),
        (replace(NOISE, ratio=Interval(1.02, 1.01, 1.03)), "misses 1"),
        (replace(NOISE, reasons=("the generator was busy",)), "the generator was busy"),
    ],
)
def test_noise_that_is_not_well_is_warned_of(noise: NoiseFloor, said: str) -> None:
    finding = advice_measured.about_noise(noise)
    assert finding.status == "warning"
    assert said in finding.remedy


def test_the_spread_of_launches_is_told_from_that_of_blocks() -> None:
    parts = [Part(name) for name in NAMES]
    steady = noise_of(measurements(parts, launches=8, blocks=40, noise=0.02, launch_noise=0.0))
    moody = noise_of(measurements(parts, launches=8, blocks=40, noise=0.02, launch_noise=0.05))
    assert (steady.launches, steady.pairs, steady.reasons) == (8, 320, ())
    assert steady.ratio.low < steady.ratio.value < steady.ratio.high
    for noise in (steady, moody):
        assert noise.block_spread == pytest.approx(0.02 * math.sqrt(2), rel=0.2)
    assert steady.launch_spread is not None
    assert moody.launch_spread is not None
    assert moody.launch_spread > 4 * steady.launch_spread
    assert moody.half_width > 4 * steady.half_width


def test_a_run_in_which_nothing_ran_is_not_valid() -> None:
    measured = measurements([Part(name) for name in NAMES])
    with pytest.raises(NothingValid):
        noise_of(measured.model_copy(update={"blocks": ()}))


def test_a_difference_of_two_half_widths_takes_as_long_as_was_measured() -> None:
    half = math.sqrt(1.05)
    noise = replace(NOISE, ratio=Interval(1.0, 1 / half, half))
    assert noise.ns_to_resolve(0.05) == pytest.approx(NOISE.load_ns)
    finding = advice_measured.about_resolution(noise)
    assert finding.status == "ok"
    assert "5 % about 12 s and 2 % about 1 min 13 s" in finding.what
    assert set(finding.values) == named_values("resolution")


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.3))
def test_half_the_noise_takes_a_quarter_of_the_time(half: float, difference: float) -> None:
    loud, quiet = (
        replace(NOISE, ratio=Interval(1.0, math.exp(-width), math.exp(width))) for width in (half, half / 2)
    )
    assert loud.ns_to_resolve(difference) == pytest.approx(4 * quiet.ns_to_resolve(difference))


def test_what_takes_too_long_is_not_to_be_looked_for() -> None:
    finding = advice_measured.about_resolution(replace(NOISE, ratio=Interval(1.0, 0.9, 1.1)))
    assert finding.status == "warning"
    assert "measure that long" in finding.remedy


@given(st.integers(10**9, 3600 * 10**9))
def test_there_are_always_several_launches(load_ns: int) -> None:
    assert 2 <= launches_for(load_ns) <= 8


def test_the_document_holds_every_finding_and_is_the_same_each_time() -> None:
    findings = (advice.about_listen_queue(128), advice.about_ports(PLENTY))
    diagnosis = Diagnosis(MACHINE, findings, quick=True)
    assert json.loads(doctor_json(diagnosis)) == doctor_document(diagnosis)
    assert doctor_json(diagnosis) == doctor_json(Diagnosis(MACHINE, findings, quick=True))
    first, second = doctor_document(diagnosis)["findings"]
    assert (first["status"], first["values"]) == ("warning", {"somaxconn": 128})
    assert second["remedy"] is None
    assert set(doctor_document(diagnosis)) == set(rows("| key | meaning |")) & set(doctor_document(diagnosis))
