"""`bench run` where something goes wrong: the exit code, what is said, what is kept, and nothing left."""

import json
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import OUTPUT_CLOSED
from tests.cli.bench_process import (
    BENCH,
    Ended,
    assert_told_once,
    bench,
    bench_here,
    ended,
    marked,
    scenario,
    started,
    stored,
    wait_for_blocks,
)

pytestmark = pytest.mark.integration

GOOD = "tests.fixtures.good:app"
WAITING = "tests.fixtures.good:waiting"


def summary(folder: Path) -> dict[str, dict[str, Any]]:
    """The cells of the summary that a run has written, by the deployment's name and app."""
    document = json.loads((folder / "summary.json").read_text())
    return {f"{cell['deployment']} {cell['app']}": cell for cell in document["cells"]}


def run(folder: Path, **parts: Any) -> Ended:
    path = scenario(folder, **parts)
    return bench("run", path.name, "--json", "summary.json", cwd=folder)


def codes(cell: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in cell["reasons"]]


def test_a_port_that_is_taken_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        foreign.setblocking(False)
        port = foreign.getsockname()[1]
        path = scenario(tmp_path, app=GOOD, servers={"server": "waitress", "port": port})
        told = bench_here("run", path.name, "--json", "summary.json", cwd=tmp_path)
        with pytest.raises(BlockingIOError):
            foreign.accept()  # nobody has asked it anything
    assert told.exit_code == 4
    assert_told_once(told)
    assert f"port {port} on 127.0.0.1 is taken" in told.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"shop.yaml"}


def test_an_app_that_cannot_be_imported_is_quoted_and_the_others_go_on(tmp_path: Path) -> None:
    told = run(tmp_path, app="tests.fixtures.unimportable:app", floor=WAITING,
               servers=["waitress", "gunicorn"])  # fmt: skip
    assert told.exit_code == 4
    assert_told_once(told)
    assert told.stderr.count("RuntimeError: the paper lantern is out") == 2
    assert "2 of 4 deployments failed: " in told.stderr
    cells = summary(tmp_path)
    for name in ("waitress", "gunicorn"):
        assert codes(cells[f"{name} app"]) == ["failed"]
        assert cells[f"{name} app"]["goodput"] is None
        assert cells[f"{name} floor"]["requests"] > 0
        assert "failed" not in codes(cells[f"{name} floor"])
    assert stored(tmp_path).run.status == "complete"


def test_where_every_deployment_is_broken_nothing_is_measured_and_no_launch_follows(tmp_path: Path) -> None:
    measure = {"for": "1s", "launches": 3, "start_timeout": "1s"}
    told = run(tmp_path, app="tests.fixtures.wrong:refusing", floor="tests.fixtures.silent:app",
               measure=measure)  # fmt: skip
    assert told.exit_code == 4
    assert_told_once(told)
    assert "waitress failed: waitress answers 500 instead of 200 to GET /" in told.stderr
    assert "waitress/floor failed: waitress/floor gave no answer to GET / within 1 s" in told.stderr
    measured = stored(tmp_path)
    assert [launch.number for launch in measured.launches] == [1]
    assert measured.blocks == ()
    assert all(not cell["valid"] for cell in summary(tmp_path).values())


def test_a_server_or_worker_killed_in_mid_run_has_no_number(tmp_path: Path) -> None:
    told = run(tmp_path, app="tests.fixtures.dying:worker", floor="tests.fixtures.dying:first",
               servers=[{"server": "gunicorn", "processes": 1}, "waitress"])  # fmt: skip
    assert told.exit_code == 4
    assert_told_once(told)
    cells = summary(tmp_path)
    assert codes(cells["gunicorn app"])[0] == "worker"
    assert codes(cells["gunicorn floor"])[0] == "died"
    assert codes(cells["waitress app"])[0] == "died"
    assert codes(cells["waitress floor"])[0] == "died"
    for cell in cells.values():
        assert not cell["valid"]
    assert json.loads((tmp_path / "summary.json").read_text())["ranking"] == []
    assert "gunicorn failed: 1 of its processes ended and " in told.stderr


def test_a_server_killed_under_load_has_no_number_and_the_other_goes_on(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING, floor=GOOD, measure={"for": "6s", "launches": 2, "slice": "40ms"})
    with started("run", path.name, "--json", "summary.json", cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 3)
        (server,) = [one for one in marked(tmp_path) if WAITING in one.cmdline()]
        server.kill()
        told = ended(process, tmp_path)
    assert told.exit_code == 4
    assert_told_once(told)
    assert "waitress failed: ended with exit code -9 under load" in told.stderr
    cells = summary(tmp_path)
    assert "died" in codes(cells["waitress app"])
    assert cells["waitress app"]["goodput"] is None
    assert "died" not in codes(cells["waitress floor"])
    assert cells["waitress floor"]["goodput"]["value"] > 0
    measured = stored(tmp_path)
    cells_of_block = [{one.cell for one in block.slices} for block in measured.blocks]
    assert len(cells_of_block[0]) == 2
    assert all(cells == {"waitress/floor GET / x4"} for cells in cells_of_block[len(cells_of_block) // 2 :])
    assert [len(launch.deployments) for launch in measured.launches] == [2, 1]


def test_a_cell_rejected_in_one_launch_may_be_measured_in_the_next(tmp_path: Path) -> None:
    told = run(
        tmp_path,
        app="tests.fixtures.wrong:fickle_at_first",
        floor=GOOD,
        environment={"NOTEBOOK": str(tmp_path / "notebook")},
        measure={"for": "2s", "launches": 2, "slice": "40ms"},
    )
    assert told.exit_code in (0, 3), told.stderr
    assert_told_once(told)
    assert "waitress GET / x4 is not measured: answers GET / differently each time" in told.stderr
    assert "answers-differ" in codes(summary(tmp_path)["waitress app"])
    measured = stored(tmp_path)
    assert measured.launches[0].rejected.keys() == {"waitress GET / x4"}
    assert measured.launches[1].rejected == {}
    assert {block.launch: len(block.slices) for block in measured.blocks} == {1: 1, 2: 2}


def test_errors_are_not_goodput_and_leave_nothing_valid(tmp_path: Path) -> None:
    told = run(tmp_path, app="tests.fixtures.wrong:sometimes")
    assert told.exit_code == 3
    assert_told_once(told)
    (cell,) = summary(tmp_path).values()
    assert "errors" in codes(cell)
    assert set(cell["errors_by_kind"]) == {"status 500"}
    assert cell["requests"] > cell["errors"] > 0
    assert "no cell of this run is valid" in told.stderr


def test_a_redirect_to_another_host_ends_the_run(tmp_path: Path) -> None:
    told = run(tmp_path, app="tests.fixtures.wrong:redirecting")
    assert told.exit_code == 2
    assert_told_once(told)
    assert "is redirected to the host example.com" in told.stderr
    assert stored(tmp_path).run.status == "partial"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("app: [", "shop.yaml:1:"),
        ("", "the file is empty"),
        ("app: x:y\nservres: [gunicorn]\n", "servers"),
        ("app: x:y\nrequests: [http://example.com/]\n", "only deployments on loopback are asked"),
        ("app: x:y\nmeasure: {for: 1:30}\n", "30s"),
        ("app: !!python/object/apply:os.system ['touch pwned']\n", "shop.yaml:1:"),
    ],
)
def test_a_scenario_with_mistakes_starts_nothing(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "shop.yaml").write_text(text)
    told = bench_here("run", "shop.yaml", cwd=tmp_path)
    assert told.exit_code == 2
    assert_told_once(told)
    assert said in told.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"shop.yaml"}


def test_results_that_cannot_be_written_start_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = scenario(tmp_path, app=GOOD)
    told = bench_here("run", path.name, "--results", "file", cwd=tmp_path)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "cannot write results to file" in told.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"shop.yaml", "file"}


def test_a_report_that_cannot_be_written_keeps_the_results(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("not a folder")
    told = run(tmp_path, app=WAITING)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "the results are kept" in told.stderr
    measured = stored(tmp_path)
    assert measured.run.status == "complete"
    assert measured.blocks


@pytest.mark.parametrize(
    ("limit", "file"), [(1_000, "results/monday/run.json"), (8_000, "reports/monday.html")]
)
def test_a_full_disk_ends_the_run_and_leaves_earlier_results_as_they_were(
    tmp_path: Path, limit: int, file: str
) -> None:
    """No file may grow beyond a limit, which the system tells as it tells that the disk is full."""
    earlier = tmp_path / "results" / "earlier"
    earlier.mkdir(parents=True)
    (earlier / "run.json").write_bytes(b"earlier")
    path = scenario(tmp_path, app=GOOD)
    told = bench(
        "run", path.name, "--name", "monday", cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert told.exit_code == 2
    assert_told_once(told)
    assert f"{file}: File too large" in told.stderr
    assert not (tmp_path / file).exists()
    assert (earlier / "run.json").read_bytes() == b"earlier"
    assert list(tmp_path.rglob("*.tmp")) == []


UNINSTALLED = """
import sys
from bench.conductor.environments.python_environment import PythonEnvironment

versions_of = PythonEnvironment.versions_of
PythonEnvironment.versions_of = lambda self, names: versions_of(self, {*names} - {"uwsgi"})

from bench.__main__ import main
sys.exit(main())
"""
WITHOUT_UWSGI = (sys.executable, "-c", UNINSTALLED)


def test_a_server_that_is_not_installed_is_skipped_and_the_run_goes_on(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING, floor=GOOD, servers=["uwsgi", "waitress"],
                    measure={"for": "1s", "launches": 1})  # fmt: skip
    ran = bench("run", path.name, "--json", "summary.json", cwd=tmp_path, command=WITHOUT_UWSGI)
    assert (ran.exit_code, ran.left) == (0, []), ran.stderr
    assert "skipped      uwsgi: uwsgi is not installed; pip install uwsgi" in ran.stderr
    (skipped,) = json.loads((tmp_path / "summary.json").read_text())["skipped"]
    assert skipped["name"] == "uwsgi"
    assert "pip install uwsgi" in skipped["remedy"]
    assert {deployment.server for deployment in stored(tmp_path).run.deployments} == {"waitress"}


def test_where_no_server_is_installed_the_run_fails_with_what_to_do(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=GOOD, servers="uwsgi")
    told = bench("run", path.name, cwd=tmp_path, command=WITHOUT_UWSGI)
    assert told.exit_code == 4
    assert_told_once(told)
    assert "uwsgi is not installed; pip install uwsgi" in told.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"shop.yaml"}


def test_a_generator_that_dies_ends_the_run_and_blocks_are_kept(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING, measure={"for": "60s", "launches": 1, "slice": "40ms"})
    with started("run", path.name, cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 2)
        (generator,) = [one for one in marked(tmp_path) if "bench.load" in one.cmdline()]
        generator.kill()
        told = ended(process, tmp_path)
    assert told.exit_code == 5
    assert_told_once(told)
    assert "the load generator died" in told.stderr
    measured = stored(tmp_path)
    assert measured.run.status == "partial"
    assert len(measured.blocks) >= 2


def test_results_that_can_no_longer_be_written_end_the_run_and_blocks_are_kept(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING, measure={"for": "60s", "launches": 1, "slice": "40ms"})
    with started("run", path.name, "--name", "monday", cwd=tmp_path) as process:
        wait_for_blocks(tmp_path, 2)
        blocks = tmp_path / "results" / "monday" / "blocks"
        blocks.rename(tmp_path / "blocks")
        blocks.write_text("not a folder")
        told = ended(process, tmp_path)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "cannot write results/monday/blocks/" in told.stderr
    blocks.unlink()
    (tmp_path / "blocks").rename(blocks)
    measured = stored(tmp_path)
    assert measured.run.status == "partial"
    assert len(measured.blocks) >= 2


def test_a_run_that_nobody_reads_is_measured_and_reported_all_the_same(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=WAITING)
    unread, output = os.pipe()
    os.close(unread)
    command = (*BENCH, "run", path.name, "--name", "monday")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, cwd=tmp_path, env=environment, stdout=output, stderr=full, check=False)
    os.close(output)
    assert ran.returncode == OUTPUT_CLOSED
    assert stored(tmp_path).run.status == "complete"
    assert (tmp_path / "reports" / "monday.html").exists()
    assert marked(tmp_path) == []


def test_a_name_is_used_once(tmp_path: Path) -> None:
    (tmp_path / "results" / "monday").mkdir(parents=True)
    path = scenario(tmp_path, app=GOOD)
    told = bench_here("run", path.name, "--name", "monday", cwd=tmp_path)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "choose another --name" in told.stderr
    assert list((tmp_path / "results" / "monday").iterdir()) == []
