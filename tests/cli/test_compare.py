"""`bench compare` as a person calls it, on results as they are stored."""

import json
from pathlib import Path

import pytest

from bench.results.model import Measurements
from bench.results.store import Store
from tests.cli.bench_process import Ended, bench_here
from tests.stats.synthetic import Part, measurements, with_run

FLOOR = Part("gunicorn", 5000, "floor")


def keep(found: Measurements, results: Path, name: str) -> None:
    store = Store.create(results, name)
    store.write_run(with_run(found, id=name).run)
    for launch in found.launches:
        store.write_launch(launch)
    for block in found.blocks:
        store.write_block(block)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    keep(measurements([Part("gunicorn"), FLOOR], 3, 3), folder / "results", "monday")
    keep(measurements([Part("gunicorn", 1500), FLOOR], 3, 3, seed=2), folder / "results", "tuesday")
    keep(measurements([Part("uwsgi")], 3, 3), folder / "elsewhere", "other")
    return folder


def compared(folder: Path, *arguments: str) -> Ended:
    found = bench_here("compare", *arguments, cwd=folder)
    assert "Traceback" not in found.stderr
    return found


def test_two_runs_are_shown_with_what_they_differ_in_and_a_verdict(folder: Path) -> None:
    ended = compared(folder, "monday", "results/tuesday")
    assert ended.exit_code == 0
    assert "how fast the machine was cancels" in ended.stdout
    assert "seed" in ended.stdout
    (goodput, _) = [line for line in ended.stdout.splitlines() if line.startswith("goodput")]
    assert goodput.rstrip().endswith("worse")
    assert ended.stderr == ""


def test_every_output_is_written_and_standard_output_holds_nothing_else(folder: Path) -> None:
    arguments = ("monday", "tuesday", "--markdown", "it.md", "--html", "it.html", "--json", "-")
    ended = compared(folder, *arguments)
    assert json.loads(ended.stdout)["a"]["id"] == "monday"
    assert (folder / "it.md").read_text().startswith("## Two runs compared")
    assert (folder / "it.html").read_text().startswith("<!doctype html>")
    assert "goodput" in ended.stderr


def test_runs_without_a_cell_in_common_are_told_apart_and_nothing_is_decided(folder: Path) -> None:
    ended = compared(folder, "monday", "elsewhere/other")
    assert ended.exit_code == 3
    assert "no cell in common" in ended.stderr
    assert "only in B: uwsgi" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("monday", "never"), "is not the folder of a run"),
        (("monday", "tuesday", "--json", "-", "--markdown", "-"), "only one output"),
        (("monday", "tuesday", "--html", "no/such/folder.html"), "cannot write no/such/folder.html"),
        (("monday",), "Missing argument 'B'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_printed(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = compared(folder, *arguments)
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert ended.stdout == ""
