"""`bench run` from the scenario to the report, and `bench report` of the same run."""

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bench.results.model import Measurements
from tests.cli.bench_process import BENCH, LONGEST_S, SECRET, Ended, bench, bench_here, scenario, stored

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

APP, FLOOR = "tests.fixtures.good:waiting", "tests.fixtures.good:app"
LONG_NAME = "gunicorn-as-it-is-in-production"
SERVERS = [{"server": "gunicorn", "name": LONG_NAME}, "waitress"]
TWIN = f"{LONG_NAME} again"
DEPLOYMENTS = {LONG_NAME, f"{LONG_NAME}/floor", "waitress", "waitress/floor", TWIN}

NUMBER = {"type": ["number", "null"]}
INTERVAL = {
    "type": ["object", "null"],
    "required": ["value", "low", "high"],
    "properties": {"value": NUMBER, "low": NUMBER, "high": NUMBER},
}
LOAD = {"type": "object", "required": ["connections"]}


def _objects(**properties: Any) -> dict[str, Any]:
    item = {"type": "object", "required": sorted(properties), "properties": properties}
    return {"type": "array", "items": item}


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
SUMMARY = {
    "type": "object",
    "required": [
        "format", "run", "status", "cells", "comparisons", "ranking", "split", "skipped", "warnings",
        "noise", "load_share_of_wall",
    ],
    "properties": {
        "format": {"const": 1},
        "run": TEXT,
        "status": {"enum": ["complete", "partial"]},
        "cells": _objects(
            id=TEXT, deployment=TEXT, server=TEXT, app={"enum": ["app", "floor"]}, request=TEXT, load=LOAD,
            keeps_alive={"type": "boolean"}, goodput=INTERVAL,
            service_time_ms={"type": "object", "required": ["p50", "p90", "p99", "p99_9", "max"]},
            cpu_us_per_request=NUMBER, memory_mb=NUMBER, requests=COUNT, errors=COUNT,
            errors_by_kind={"type": "object"}, valid={"type": "boolean"},
            reasons=_objects(code=TEXT, what=TEXT, remedy=TEXT),
        ),
        "comparisons": _objects(
            cell=TEXT, against=TEXT, ratio=INTERVAL, verdict={"enum": ["tie", "slower", "faster"]},
            pairs=COUNT, dropped=COUNT,
        ),
        "ranking": {"type": "array", "items": {"type": "array", "items": TEXT}},
        "split": _objects(
            deployment=TEXT, request=TEXT, load=LOAD, server_us=NUMBER, framework_us=NUMBER,
            goodput_share_server=NUMBER, gain_at_most=NUMBER,
        ),
        "noise": {
            "type": ["object", "null"],
            "required": ["deployment", "request", "load", "of", "ratio", "told_apart", "pairs", "dropped"],
        },
        "skipped": _objects(name=TEXT, server=TEXT, reason=TEXT, remedy=TEXT),
        "warnings": {"type": "array", "items": TEXT},
        "load_share_of_wall": NUMBER,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def run(folder: Path) -> Ended:
    """A run that goes well, of two servers with the floor, in two launches; it measures its own noise."""
    measure = {"for": "3s", "launches": 2, "slice": "60ms", "twin": True}
    path = scenario(folder, app=APP, floor=FLOOR, servers=SERVERS, measure=measure)
    return bench("run", path.name, "--seed", "7", "--json", "-", cwd=folder)


@pytest.fixture(scope="module")
def document(run: Ended) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run.stdout)
    return parsed


@pytest.fixture(scope="module")
def measured(run: Ended, folder: Path) -> Measurements:
    return stored(folder)


def test_a_run_that_goes_well_ends_with_0_and_leaves_no_process(run: Ended) -> None:
    assert (run.exit_code, run.left) == (0, []), run.stderr


def test_standard_output_holds_the_summary_and_nothing_else(document: dict[str, Any]) -> None:
    jsonschema.validate(document, SUMMARY)
    assert document["status"] == "complete"
    assert {cell["deployment"] for cell in document["cells"]} == {LONG_NAME, "waitress"}
    assert {cell["app"] for cell in document["cells"]} == {"app", "floor"}
    assert all(cell["requests"] > 0 and cell["keeps_alive"] for cell in document["cells"])
    assert all(cell["errors"] == 0 for cell in document["cells"])


def test_progress_is_plain_lines_on_standard_error(run: Ended) -> None:
    assert "launch 1/2: starting the deployments" in run.stderr
    assert "launch 2/2: starting the deployments" in run.stderr
    assert re.search(rf"^servers +{LONG_NAME}, waitress, {TWIN} \(app and floor\)$", run.stderr, re.MULTILINE)
    assert "\x1b" not in run.stderr
    assert "\r" not in run.stderr


def test_the_ranking_is_shown_in_full_where_no_terminal_limits_its_width(run: Ended) -> None:
    assert "…" not in run.stderr
    assert re.search(rf"^{LONG_NAME} .*[0-9] us$", run.stderr, re.MULTILINE)


def test_the_run_measures_its_own_noise_by_a_deployment_that_is_in_no_ranking(
    run: Ended, document: dict[str, Any]
) -> None:
    noise = document["noise"]
    assert noise["deployment"] == LONG_NAME
    assert noise["pairs"] >= 5
    assert noise["ratio"]["low"] <= noise["ratio"]["value"] <= noise["ratio"]["high"]
    assert re.search(
        rf"^noise here: the same server twice \({LONG_NAME}, .*\) came out at", run.stderr, re.MULTILINE
    )
    ranked = {cell for group in document["ranking"] for cell in group}
    assert ranked <= {cell["id"] for cell in document["cells"]}
    assert not any("again" in cell["id"] for cell in document["cells"])


def test_the_run_is_stored_as_it_was_planned(measured: Measurements) -> None:
    assert measured.run.status == "complete"
    assert measured.run.seed == 7
    assert measured.run.finished_at is not None
    assert {deployment.id for deployment in measured.run.deployments} == DEPLOYMENTS
    assert [launch.number for launch in measured.launches] == [1, 2]
    for launch in measured.launches:
        assert {launched.deployment for launched in launch.deployments} == DEPLOYMENTS
        for launched in launch.deployments:
            assert launched.failure is None
            assert launched.keeps_alive
            assert launched.start_up_ns
            assert launched.memory_bytes


def test_every_block_holds_every_cell_once_and_the_seed_says_in_which_order(measured: Measurements) -> None:
    from bench.plan import block_order

    cells = sorted(cell.id for cell in measured.run.cells)
    assert [block.number for block in measured.blocks] == list(range(1, len(measured.blocks) + 1))
    assert {block.launch for block in measured.blocks} == {1, 2}
    for block in measured.blocks:
        assert [one.cell for one in block.slices] == block_order(cells, 7, block.number)


def test_every_slice_has_its_answers_and_its_cpu_time(measured: Measurements) -> None:
    for one in (one for block in measured.blocks for one in block.slices):
        assert one.counted_ns == 60_000_000
        assert one.answered >= one.requests
        assert sum(one.per_connection) == one.requests
        assert one.server_cpu_ns is not None
        assert one.server_cpu_ns > 0
        assert one.stolen_ns is not None
        assert one.errors == {}


def test_no_secret_of_ours_is_in_any_file(run: Ended, folder: Path) -> None:
    assert SECRET not in run.stdout + run.stderr
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_nothing_is_written_but_the_results_and_the_report(run: Ended, folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"shop.yaml", "results", "reports"}
    (report,) = (folder / "reports").iterdir()
    (results,) = (folder / "results").iterdir()
    assert report.name == f"{results.name}.html"
    assert {path.name for path in results.iterdir()} == {"run.json", "launches", "blocks", "logs"}


@pytest.fixture
def elsewhere(tmp_path: Path, run: Ended, folder: Path) -> Path:
    """A copy of the results alone."""
    shutil.copytree(folder / "results", tmp_path / "results")
    return tmp_path


@pytest.mark.parametrize("by", ["id", "folder"])
def test_the_report_can_be_made_again_and_is_the_same_to_the_byte(
    run: Ended, folder: Path, elsewhere: Path, by: str
) -> None:
    (results,) = (elsewhere / "results").iterdir()
    named = results.name if by == "id" else str(results)
    again = bench_here("report", named, "--json", "-", cwd=elsewhere)
    assert (again.exit_code, again.stdout) == (0, run.stdout)
    report = f"reports/{results.name}.html"
    assert (elsewhere / report).read_bytes() == (folder / report).read_bytes()


def test_a_report_of_no_run_is_refused(tmp_path: Path) -> None:
    refused = bench_here("report", "nowhere", cwd=tmp_path)
    assert refused.exit_code == 2
    assert "results/nowhere is not the folder of a run" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_of_corrupt_results_is_refused_by_file(elsewhere: Path) -> None:
    (results,) = (elsewhere / "results").iterdir()
    (results / "blocks" / "00001.json").write_text("{")
    refused = bench_here("report", results.name, cwd=elsewhere)
    assert refused.exit_code == 2
    assert "00001.json" in refused.stderr
    assert not (elsewhere / "reports").exists()


def test_a_special_file_is_written_to_and_not_replaced(elsewhere: Path, run: Ended) -> None:
    (results,) = (elsewhere / "results").iterdir()
    (elsewhere / "stdout").symlink_to("/dev/stdout")
    again = bench("report", results.name, "--json", "stdout", cwd=elsewhere)
    assert again.exit_code == 0
    assert run.stdout in again.stdout
    assert (elsewhere / "stdout").is_symlink()


def test_on_a_terminal_progress_is_drawn_and_taken_away_again(tmp_path: Path) -> None:
    path = scenario(tmp_path, app=APP)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [*BENCH, "run", path.name], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        drawn = b"".join(iter(lambda: _read_terminal(ours), b"")).decode()
        os.close(ours)
        assert process.wait(LONGEST_S) in (0, 3)
    assert "launch 1/1: " in drawn
    assert "of load to go" in drawn
    assert re.search(r"waitress [0-9,]+/s", drawn)
    assert drawn.rindex("\x1b[2K") > drawn.rindex("of load to go")
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1  # the cursor is there again


def _read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux tells that the other side has closed
        return b""


def test_what_a_shell_would_act_on_is_inert_in_names_options_and_variables(tmp_path: Path) -> None:
    evil = "$(touch pwned); touch pwned & `touch pwned` | tee pwned > pwned"
    folder = tmp_path / evil.replace("/", "")
    folder.mkdir()
    path = scenario(
        folder,
        app=FLOOR,
        servers={"server": "gunicorn", "name": "..evil..".strip("."), "options": ["--name", evil]},
        environment={"EVIL": evil},
        requests=["/?$(touch${IFS}pwned);touch|pwned"],
    )
    path = path.rename(folder / f"{evil}.yaml")
    ran = bench("run", path.name, "--results", f"./{evil}", "--reports", "re ports;", cwd=folder)
    assert ran.exit_code in (0, 3), ran.stderr
    assert ran.left == []
    assert {one.name for one in folder.iterdir()} == {path.name, evil, "re ports;"}
    assert {one.name for one in tmp_path.iterdir()} == {folder.name}
    assert list(tmp_path.rglob("pwned")) == []
