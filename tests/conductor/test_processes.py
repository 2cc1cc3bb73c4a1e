"""A server's own options that make it another number of processes than the scenario says."""

from pathlib import Path

import pytest

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
