"""`docs/export.md` says what there is: formats, files, measures, inputs; and its commands work."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.export.figures import followed_cells
from bench.export.formats import FORMATS
from tests.export.test_action import ACTION
from tests.report.synthetic import CLOSED, OPEN, complete

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "export.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the table that begins so, each with the code in its entries."""
    rows = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [re.findall(r"`([^`]+)`", row) for row in rows]


def test_the_page_lists_the_formats_and_their_files() -> None:
    for row, (name, each) in zip(table("format"), FORMATS.items(), strict=True):
        assert row[: 1 + len(each.files)] == [name, *each.files]


def test_the_page_lists_the_measures() -> None:
    shown = {name for row in table("measure") for name in row}
    cells = followed_cells(complete(loads=(CLOSED, OPEN))[0])
    assert shown == {figure.name for cell in cells for figure in cell.figures}


def test_the_page_lists_the_inputs_of_the_action_with_their_defaults() -> None:
    rows = {row[0]: row for row in table("input")}
    assert list(rows) == list(ACTION["inputs"])
    for name, each in ACTION["inputs"].items():
        if each["default"]:
            assert rows[name][1] == each["default"]


@pytest.mark.parametrize(
    "command", re.findall(r"^bench (export .+)$", PAGE, re.MULTILINE), ids=lambda command: command.split()[-1]
)
def test_every_command_shown_works(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "results" / "example", tmp_path / "results" / "example")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)) == 0
    said = capsys.readouterr()
    assert all(Path(name).is_file() for name in said.err.splitlines())
    assert bool(said.out) is ("--output" not in command)
