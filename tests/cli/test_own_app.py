"""An app as people have them: made by a factory, with state that must be there, behind whatever they use."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bench_process import ROOT, SHORT, bench, scenario, stored
from tests.conductor.launching import needs_nginx

pytestmark = pytest.mark.integration

SETUP = ["cp made.txt state.txt", ["python", "-c", "print('the setup ran in', __import__('os').getcwd())"]]
TEARDOWN = "rm state.txt"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with an app in it, which is not ready before the setup has run."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shutil.copy(ROOT / "tests" / "fixtures" / "factory.py", folder / "shop.py")
    (folder / "made.txt").write_text("ready")
    return folder


def of_shop(folder: Path, **parts: Any) -> Path:
    whole = {"app": "shop:create_app()", "directory": "shop", "setup": SETUP, "teardown": TEARDOWN}
    return scenario(folder, **{**whole, **parts})


@needs_nginx
def test_what_a_factory_makes_is_measured_under_every_server_between_setup_and_teardown(
    tmp_path: Path, shop: Path
) -> None:
    servers = [
        "flask",
        "gunicorn",
        "uwsgi",
        "waitress",
        "granian",
        "cheroot",
        {"gunicorn-sync": {"behind": "nginx"}},
    ]
    told = bench("run", of_shop(tmp_path, servers=servers).name, cwd=tmp_path)
    assert told.exit_code in (0, 3), told.stderr  # on a busy machine so short a run may not be valid
    assert told.left == []
    assert "setup        cp made.txt state.txt" in told.stderr
    assert "teardown     rm state.txt" in told.stderr
    measured = stored(tmp_path)
    (launch,) = measured.launches
    assert [one.failure for one in launch.deployments] == [None] * len(servers)
    assert launch.rejected == {}
    assert not (shop / "state.txt").exists()
    (log,) = (tmp_path / "results").glob("*/logs/setup.log")
    assert log.read_text() == f"the setup ran in {shop}\n"


def test_a_setup_that_fails_is_quoted_and_nothing_is_measured_but_torn_down(
    tmp_path: Path, shop: Path
) -> None:
    failing = ["cp made.txt state.txt", "cp missing.txt elsewhere.txt"]
    told = bench("run", of_shop(tmp_path, setup=failing).name, cwd=tmp_path)
    assert (told.exit_code, told.left) == (2, [])
    assert "the setup failed with exit code 1: cp missing.txt elsewhere.txt" in told.stderr
    assert "cannot stat 'missing.txt'" in told.stderr
    assert "Traceback" not in told.stderr
    assert stored(tmp_path).launches == ()
    assert not (shop / "state.txt").exists()


def test_a_teardown_that_fails_is_told_and_neither_the_rest_of_it_nor_what_was_measured_is_lost(
    tmp_path: Path, shop: Path
) -> None:
    path = of_shop(tmp_path, teardown=["rm missing.txt", "rm state.txt"], measure=SHORT)
    told = bench("run", path.name, cwd=tmp_path)
    assert told.exit_code in (0, 3), told.stderr  # on a busy machine so short a run may not be valid
    assert told.left == []
    assert "the teardown failed with exit code 1: rm missing.txt" in told.stderr
    assert stored(tmp_path).run.status == "complete"
    assert not (shop / "state.txt").exists()
