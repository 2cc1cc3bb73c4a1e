"""`bench export`: the example run of the repository in every format, and where the files go."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.__main__ import main
from bench.cli.export import command
from bench.cli.exports import Export
from bench.errors import InputError
from bench.export.formats import FORMATS
from bench.results.store import Store
from bench.stats.summarise import summarise
from bench.stats.summary import Summary

RUN = Path(__file__).parents[2] / "results" / "example"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarise(Store(RUN).read())


def export(*arguments: str) -> Result:
    return CliRunner().invoke(command, [str(RUN), *arguments], catch_exceptions=False)


def test_every_format_goes_into_a_folder_that_is_made(summary: Summary) -> None:
    written = export(*(part for name in FORMATS for part in ("--format", name)), "--output", "a/b")
    assert written.exit_code == 0
    assert written.stdout == ""
    expected = {name: render for each in FORMATS.values() for name, render in each.files.items()}
    assert {path.name for path in Path("a/b").iterdir()} == set(expected)
    assert written.stderr.splitlines() == [f"a/b/{name}" for name in expected]
    for name, render in expected.items():
        assert Path("a/b", name).read_bytes() == render(summary, None)


def test_one_format_of_one_file_goes_to_standard_output() -> None:
    assert "uwsgi, GET /json, 16 connections" in json.loads(export("-f", "bencher").stdout)


def test_one_format_of_one_file_goes_to_the_file_that_is_named_and_replaces_it() -> None:
    Path("report.xml").write_text("old")
    assert export("-f", "junit", "-o", "report.xml").exit_code == 0
    assert Path("report.xml").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("where", ["there", "there/", "new/"])
def test_in_a_folder_a_file_has_the_name_of_its_own(where: str) -> None:
    Path("there").mkdir()
    assert export("-f", "csv", "-o", where).exit_code == 0
    assert [path.name for path in Path(where).iterdir()] == ["cells.csv"]


def test_a_run_is_found_by_its_id_too(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "results" / "mine")
    assert main(["export", "mine", "-f", "csv", "-o", "cells.csv"]) == 0
    assert Path("cells.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "github-action-benchmark"], "github-action-benchmark is 2 files"),
        (["-f", "csv", "-f", "junit"], "several formats need a folder"),
        (["-f", "csv", "-o", "no/such/file"], "cannot write no/such/file"),
        (["-f", "csv", "-f", "junit", "-o", "file"], "cannot make the folder file"),
        (["-f", "tables"], "'tables' is not one of"),
        ([], "Missing option '-f' / '--format'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_read(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("kept")
    assert main(["export", "no-such-run", *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert Path("file").read_text() == "kept"


def test_a_run_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "no-such-run", "-f", "csv"]) == 2
    assert "no-such-run" in capsys.readouterr().err


def test_room_for_an_export_is_made_before_anything_is_measured() -> None:
    Export("github-action-benchmark", "a/b").make_room()
    assert Path("a/b").is_dir()
    with pytest.raises(InputError, match="cannot write no/file"):
        Export("junit", "no/file").make_room()
