"""How many processes a deployment has, against what the scenario says; and who of them is left."""

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from bench.conductor.processes import family
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
