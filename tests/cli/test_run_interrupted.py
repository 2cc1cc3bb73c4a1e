"""Ctrl-C and SIGTERM in every phase of `bench run`: 130, what was measured is kept, nothing is left."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.bench_process import (
    Ended,
    assert_told_once,
    bench_here,
    ended,
    marked,
    scenario,
    started,
    stored,
    wait_for,
    wait_for_blocks,
)
from tests.conductor.launching import needs_nginx

pytestmark = pytest.mark.integration

LONG = {"for": "10m", "launches": 1, "slice": "40ms", "start_timeout": "10m"}
WAITING = "tests.fixtures.good:waiting"


def interrupted(process: subprocess.Popen[str], folder: Path, number: signal.Signals) -> Ended:
    process.send_signal(number)
    return ended(process, folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_measuring_keeps_its_blocks_and_is_reported_as_partial(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = scenario(tmp_path, app=WAITING, servers="gunicorn", measure=LONG)
    with started("run", path.name, "--json", "-", cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 7)
        told = interrupted(process, tmp_path, number)
    assert told.exit_code == 130
    assert_told_once(told)
    assert told.seconds < 20  # ten are allowed; this machine may be busy with something else
    assert "interrupted; what was measured until then is kept" in told.stderr
    measured = stored(tmp_path)
    assert measured.run.status == "partial"
    assert len(measured.blocks) >= 7
    document = json.loads(told.stdout)
    assert document["status"] == "partial"
    assert document["cells"][0]["requests"] > 0
    again = bench_here("report", measured.run.id, "--json", "-", "--reports", "again", cwd=tmp_path)
    assert again.stdout == told.stdout
    report = f"{measured.run.id}.html"
    assert (tmp_path / "again" / report).read_bytes() == (tmp_path / "reports" / report).read_bytes()


def test_a_run_interrupted_while_starting_leaves_nothing_running(tmp_path: Path) -> None:
    path = scenario(
        tmp_path, app="tests.fixtures.unready:app", servers=["waitress", "gunicorn"], measure=LONG
    )
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for(process, "launch 1/1: starting the deployments")
        told = interrupted(process, tmp_path, signal.SIGINT)
    assert told.exit_code == 130
    assert_told_once(told)
    measured = stored(tmp_path)
    assert measured.run.status == "partial"
    assert measured.blocks == ()


def test_a_closed_terminal_ends_a_run_like_ctrl_c_also_where_it_has_no_keeper_any_more(
    tmp_path: Path,
) -> None:
    """The daemon that nobody knows ends with it, and the teardown runs though its log cannot be written."""
    path = scenario(
        tmp_path,
        app="tests.fixtures.forsaken:app",
        measure=LONG,
        teardown=[f"touch {tmp_path / 'torn-down'}"],
    )
    with started("run", path.name, "--name", "monday", cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 1)
        assert any(one.cmdline() == ["sleep", "3600"] for one in marked(tmp_path))
        (keeper,) = [one for one in marked(tmp_path) if "bench.conductor.processes.keeper" in one.cmdline()]
        keeper.kill()
        shutil.rmtree(tmp_path / "results" / "monday" / "logs")
        told = interrupted(process, tmp_path, signal.SIGHUP)
    assert told.exit_code == 130
    assert_told_once(told)
    assert (tmp_path / "torn-down").exists()
    assert stored(tmp_path).run.status == "partial"


def test_a_stubborn_server_is_killed_after_ctrl_c_and_so_is_its_daemon(tmp_path: Path) -> None:
    path = scenario(
        tmp_path, app="tests.fixtures.stubborn:app", floor="tests.fixtures.haunted:app", measure=LONG
    )
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 1)
        told = interrupted(process, tmp_path, signal.SIGINT)
    assert told.exit_code == 130
    assert_told_once(told)
    assert told.seconds < 20


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    path = scenario(tmp_path, app="tests.fixtures.stubborn:app", measure=LONG)
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 1)
        process.send_signal(signal.SIGINT)
        wait_until_generator_has_ended(tmp_path)
        told = interrupted(process, tmp_path, signal.SIGINT)
    assert told.exit_code == 130
    assert_told_once(told)
    assert told.seconds < 5  # two are allowed; the patience with a stubborn server alone is five
    assert stored(tmp_path).run.status == "partial"
    assert stored(tmp_path).blocks


def wait_until_generator_has_ended(folder: Path) -> None:
    """It is the first to be stopped."""
    import psutil

    from tests.cli.bench_process import marked

    generators = [one for one in marked(folder) if "bench.load" in one.cmdline()]
    assert psutil.wait_procs(generators, timeout=30)[1] == []


@needs_nginx
def test_a_run_that_is_killed_takes_everything_with_it_and_is_readable(tmp_path: Path) -> None:
    servers = [
        {"gunicorn-sync": {"processes": 2, "behind": {"proxy": "nginx", "backends": 2}}},
        {"uwsgi": {"processes": 2}},
        "waitress",
    ]
    path = scenario(tmp_path, app=WAITING, floor="tests.fixtures.haunted:app", servers=servers, measure=LONG)
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 2)
        told = interrupted(process, tmp_path, signal.SIGKILL)
    assert told.exit_code == -signal.SIGKILL
    assert told.left == []
    measured = stored(tmp_path)
    assert measured.run.status == "running"
    assert len(measured.blocks) >= 2
    reported = bench_here("report", measured.run.id, "--json", "-", cwd=tmp_path)
    assert json.loads(reported.stdout)["status"] == "partial"


def test_many_signals_at_once_are_as_good_as_two(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING, servers=["gunicorn", "uwsgi"], measure=LONG)
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for(process, "launch 1/1: starting the deployments")
        for number in (signal.SIGINT, signal.SIGTERM) * 5:
            process.send_signal(number)
        told = ended(process, tmp_path)
    assert told.exit_code == 130
    assert_told_once(told)
    assert stored(tmp_path).run.status == "partial"
