import os
from pathlib import Path

import pytest

from bench.conductor.machine import describe_machine
from bench.conductor.steal import stolen_ns, stolen_since

STEP_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
STAT = """\
cpu  1188536 14234 377555 1818116 5605 0 101061 300 0 0
cpu0 544807 7438 166179 979649 1961 0 53127 100 0 0
cpu1 643728 6795 211376 838467 3643 0 47934 200 0 0
cpu10 643728 6795 211376 838467 3643 0 47934 900 0 0
intr 28173373 0 0
"""


@pytest.mark.parametrize(("cores", "steps"), [((0,), 100), ((1,), 200), ((0, 1), 150), ((10,), 900)])
def test_it_is_the_mean_of_the_cores_that_count(tmp_path: Path, cores: tuple[int, ...], steps: int) -> None:
    stat = tmp_path / "stat"
    stat.write_text(STAT)
    assert stolen_ns(cores, stat) == steps * STEP_NS


@pytest.mark.parametrize("cores", [(), (2,), (0, 2)])
def test_a_core_the_system_does_not_tell_of_makes_it_unknown(tmp_path: Path, cores: tuple[int, ...]) -> None:
    stat = tmp_path / "stat"
    stat.write_text(STAT)
    assert stolen_ns(cores, stat) is None


def test_a_system_that_does_not_count_it_makes_it_unknown(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu0 544807 7438 166179 979649\n")
    assert stolen_ns((0,), tmp_path / "stat") is None
    assert stolen_ns((0,), tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("before", "since"), [(90 * STEP_NS, 10 * STEP_NS), (100 * STEP_NS, 0), (101 * STEP_NS, 0), (None, None)]
)
def test_what_was_stolen_meanwhile_is_never_less_than_nothing(
    tmp_path: Path, before: int | None, since: int | None
) -> None:
    (tmp_path / "stat").write_text(STAT)
    assert stolen_since(before, (0,), tmp_path / "stat") == since
    assert stolen_since(before, (2,), tmp_path / "stat") is None


@pytest.mark.parametrize(
    ("servers", "generator", "used"),
    [((0,), (1,), (0, 1)), ((0,), (0,), (0,)), ((0, 1, 2), (3,), (0, 1, 2, 3))],
)
def test_the_cores_in_use_are_those_of_servers_and_generator_each_once(
    servers: tuple[int, ...], generator: tuple[int, ...], used: tuple[int, ...]
) -> None:
    update = {"server_cores": servers, "generator_cores": generator}
    assert describe_machine().model_copy(update=update).cores_in_use == used


def test_this_machine_tells_and_never_takes_back() -> None:
    cores = os.sched_getaffinity(0)
    before, after = stolen_ns(cores), stolen_ns(cores)
    assert before is not None
    assert after is not None
    assert after >= before >= 0
