"""Deployments that are up one at a time: in each launch one after the other, on one port, judged together."""

import json
from itertools import groupby
from typing import Any

import pytest

from bench.conductor.processes.ports import free_port
from bench.plan import launch_order
from bench.results.model import Measurements
from tests.cli.bench_process import Ended, assert_told_once, bench, scenario, stored

pytestmark = pytest.mark.integration

NAMES = ("gunicorn", "gunicorn again", "gunicorn-sync", "waitress")
SEED = next(seed for seed in range(1000) if launch_order(NAMES, seed, 1)[0] == "waitress")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Measurements, dict[str, Any], int]:
    """Three servers that must have the same port, and a twin; the one that comes first has another body."""
    folder, port = tmp_path_factory.mktemp("rounds"), free_port(None, ())
    path = scenario(
        folder,
        app="tests.fixtures.wrong:own_opinion",
        servers=[
            {"server": name, "port": port, "processes": 1}
            for name in ("gunicorn", "waitress", "gunicorn-sync")
        ],
        measure={"for": "1s", "launches": 2, "seed": SEED, "interleave": "rounds", "twin": True},
    )
    ended = bench("run", path.name, "--json", "summary.json", cwd=folder)
    assert_told_once(ended)
    assert ended.exit_code in (0, 3), ended.stderr
    return ended, stored(folder), json.loads((folder / "summary.json").read_text()), port


def test_each_launch_has_a_round_of_every_deployment_in_an_order_of_its_own(run: Any) -> None:
    _, measured, _, _ = run
    deployments = {cell.id: cell.deployment for cell in measured.run.cells}
    for launch, blocks in groupby(measured.blocks, key=lambda block: block.launch):
        measured_in_turn = [key for key, _ in groupby(deployments[_only(block)] for block in blocks)]
        order = launch_order(sorted(NAMES), SEED, launch)
        assert measured_in_turn == [key for key in order if launch == 1 or key != "waitress"]
    assert [block.number for block in measured.blocks] == list(range(1, len(measured.blocks) + 1))


def _only(block: Any) -> str:
    (only,) = block.slices
    return str(only.cell)


def test_all_are_started_on_the_port_they_share_and_recorded(run: Any) -> None:
    _, measured, _, port = run
    for launch in measured.launches:
        assert {one.deployment for one in launch.deployments} == set(NAMES)
        assert all(one.failure is None and one.memory_bytes for one in launch.deployments)
        on_the_port = {
            one.deployment for one in launch.deployments if str(port) in " ".join(one.parts[0].command)
        }
        assert on_the_port == {"gunicorn", "gunicorn-sync", "waitress"}


def test_who_differs_from_the_others_is_the_odd_one_though_it_was_asked_first(run: Any) -> None:
    ended, measured, document, _ = run
    for launch in measured.launches:
        assert launch.rejected.keys() == set(launch.unlike) == {"waitress GET / x4"}
    assert "differs from the other deployments' answer" in ended.stderr
    cells = {cell["deployment"]: cell for cell in document["cells"]}
    assert [reason["code"] for reason in cells["waitress"]["reasons"]] == ["answers-differ"]
    assert cells["waitress"]["requests"] == 0
    assert cells["gunicorn"]["requests"] > 0


def test_a_run_in_rounds_says_so(run: Any) -> None:
    ended, _, document, _ = run
    assert document["interleave"] == "rounds"
    assert "note: The deployments were up one at a time, in rounds" in ended.stdout
