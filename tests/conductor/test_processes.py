"""How many processes a deployment has, against what the scenario says; and who of them is left."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from bench.conductor.processes import family
from bench.conductor.processes.children import remedy
from bench.conductor.processes.keeper import Keeper
from bench.results.model import Measurements
from bench.stats import validity
from bench.stats.tally import tallies
from tests.conductor.launching import launched

pytestmark = pytest.mark.integration


def test_fewer_workers_than_configured_are_noticed_before_the_load(tmp_path: Path) -> None:
    servers = [
        {"server": "gunicorn", "processes": 2, "options": ["--workers", "1"]},
        {"server": "waitress", "processes": 2},
    ]
    with launched(tmp_path, app="tests.fixtures.good:app", servers=servers) as (launch, watcher):
        assert watcher.failures == {}
        for pid in launch.running["gunicorn"].pids:  # where memory runs out, they go before us
            assert oom_score_adjustment(pid) > oom_score_adjustment(os.getpid())
        launch.write()
        launch.store.write_run(launch.prepared.run)
        stored: Measurements = launch.store.read()
    reasons = {
        tally.deployment.name: [one.what for one in (validity.processes(tally),) if one]
        for tally in tallies(stored)
    }
    assert reasons == {
        "gunicorn": ["it was 2 processes in launch 1, where the configuration makes 3"],
        "waitress": [],
    }


def oom_score_adjustment(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_a_zombie_is_not_left_of_a_session() -> None:
    """In a container whose first process does not reap, those of a killed `bench` stay zombies for good."""
    with subprocess.Popen(["true"], start_new_session=True) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE
        assert family.left("nobody's", {zombie.pid}) == []


def test_whoever_lives_in_a_session_is_left_of_it() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as alive:
        try:
            assert family.left("nobody's", {alive.pid}) == [psutil.Process(alive.pid)]
        finally:
            alive.kill()


def test_once_a_first_process_was_waited_for_nobody_is_taken_for_it_by_its_pid() -> None:
    with subprocess.Popen(["true"], start_new_session=True) as first:
        first.wait()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        first.pid = stranger.pid  # as the system may give it out again
        try:
            assert family.members(first, "nobody's") == []
            assert family.members(stranger, "nobody's") == [psutil.Process(stranger.pid)]
        finally:
            stranger.kill()


def test_the_keeper_removes_its_folder_though_it_was_told_to_end(tmp_path: Path) -> None:
    """As when a service is stopped, whose processes all get SIGTERM."""
    folder = tmp_path / "folder"
    keeper = Keeper(folder)
    folder.mkdir()
    wait_until_ignored(keeper.pid, signal.SIGTERM)
    os.kill(keeper.pid, signal.SIGTERM)
    assert psutil.Process(keeper.pid).status() != psutil.STATUS_ZOMBIE
    keeper.stop()
    assert not folder.exists()


def wait_until_ignored(pid: int, number: signal.Signals) -> None:
    ignored = 0
    while not ignored >> (number - 1) & 1:
        status = Path(f"/proc/{pid}/status").read_text()
        ignored = int(status.partition("SigIgn:")[2].split()[0], 16)


def test_a_folder_is_removed_though_its_keeper_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    keeper = Keeper(folder)
    folder.mkdir()
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.stop()
    assert not folder.exists()


def test_where_no_process_is_to_be_had_nobody_is_sent_to_look_for_the_command() -> None:
    none_left = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    assert "ulimit -u" in remedy(none_left, {"PATH": "/bin"})
    not_there = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    assert "looked up in /bin" in remedy(not_there, {"PATH": "/bin:/sbin"})
