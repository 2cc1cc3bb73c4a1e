import os
from pathlib import Path

import psutil
import pytest

from bench.conductor.environments.availability import available_servers, installed_version, versions
from bench.conductor.machine import describe_machine
from bench.conductor.processes.children import child_environment
from bench.servers import SERVERS


def test_the_machine_is_described_as_the_system_knows_it() -> None:
    machine = describe_machine()
    assert machine.cores == len(os.sched_getaffinity(0))
    assert machine.memory_bytes == psutil.virtual_memory().total
    assert machine.kernel == os.uname().release
    assert machine.cpu_model
    assert "PRETTY_NAME" not in machine.distribution


def test_generator_and_servers_share_out_the_cores_we_may_use() -> None:
    before = os.sched_getaffinity(0)
    machine = describe_machine()
    assert len(machine.generator_cores) == 1
    assert set(machine.server_cores) | set(machine.generator_cores) == before
    if len(before) > 1:
        assert not set(machine.server_cores) & set(machine.generator_cores)


@pytest.mark.parametrize(
    ("generators", "for_servers", "for_generators"),
    [(1, (0, 1, 2), (3,)), (2, (0, 1), (2, 3)), (3, (0,), (1, 2, 3)), (9, (0,), (1, 2, 3))],
)
def test_each_process_of_the_generator_gets_a_core_while_one_is_left_for_the_servers(
    monkeypatch: pytest.MonkeyPatch,
    generators: int,
    for_servers: tuple[int, ...],
    for_generators: tuple[int, ...],
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 1, 2, 0})  # a machine of four cores
    machine = describe_machine(generators)
    assert machine.server_cores == for_servers
    assert machine.generator_cores == for_generators


def test_with_one_core_servers_and_generator_share_it() -> None:
    before = os.sched_getaffinity(0)
    only = min(before)
    os.sched_setaffinity(0, {only})
    try:
        machine = describe_machine()
    finally:
        os.sched_setaffinity(0, before)
    assert machine.server_cores == machine.generator_cores == (only,)


def test_the_versions_of_all_that_has_a_part_are_known() -> None:
    found = versions()
    assert {"python", "wsgi-bench", "locust", "gevent", "flask", "werkzeug"} <= found.keys()
    assert all(found.values())


def test_a_server_is_available_where_its_distribution_is_installed() -> None:
    found = available_servers()
    assert found.keys() == SERVERS.keys()
    for availability in found.values():
        distribution = availability.server.distribution
        assert availability.version == (distribution and installed_version(distribution))
        assert availability.is_there is not bool(availability.reason)
        assert bool(availability.reason) is bool(availability.remedy)
        if availability.is_there and distribution is not None:
            assert availability.version
    assert found["gunicorn"].version is not None


def test_a_child_finds_our_own_programs_first_and_knows_little_else_of_us() -> None:
    environment = child_environment({"SHOP": "lantern"})
    assert environment["SHOP"] == "lantern"
    assert (Path(environment["PATH"].partition(os.pathsep)[0]) / "gunicorn").is_file()
    harmless = {"HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "TZ"}
    assert environment.keys() - harmless - {"VIRTUAL_ENV"} == {"SHOP", "PATH", "PYTHONUNBUFFERED"}
