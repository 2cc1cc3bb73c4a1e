"""`bench validate` and `bench schema`, as a user or an editor calls them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.__main__ import main
from bench.cli import schema, validate
from bench.scenario.schema import scenario_schema
from bench.servers import server_names


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.yaml"
    path.write_text("app: x:y\n")
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.yaml"
    path.write_text("ap: x:y\nload: {connections: 0}\n")
    return path


def test_a_right_file_is_ok(right: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(right)]) == 0
    assert capsys.readouterr() == (f"{right}: ok\n", "")


def test_every_mistake_of_every_file_is_said(
    right: Path, wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(wrong), str(right), str(wrong.with_name("none.yaml"))]) == 2
    output, said = capsys.readouterr()
    assert output == f"{right}: ok\n"
    assert said.splitlines() == [
        f"{wrong}:1:1: unknown key `ap`",
        "  did you mean `app`?",
        f"{wrong}:2:21: `connections` must be a whole number of at least 1, not `0`",
        f"{wrong.with_name('none.yaml')}:1:1: the file cannot be read: No such file or directory",
        "  check the path",
    ]


def as_json(*files: Path) -> Result:
    return CliRunner().invoke(validate.command, ["--json", *map(str, files)])


def test_mistakes_as_json_have_a_field_for_each_part(wrong: Path) -> None:
    shown = as_json(wrong)
    assert shown.exit_code == 2
    answer = json.loads(shown.stdout)
    assert answer["valid"] is False
    assert answer["problems"][0] == {
        "file": str(wrong),
        "line": 1,
        "column": 1,
        "what": "unknown key `ap`",
        "remedy": "did you mean `app`?",
    }


def test_no_mistakes_as_json_are_an_empty_list(right: Path) -> None:
    shown = as_json(right)
    assert (shown.exit_code, json.loads(shown.stdout)) == (0, {"valid": True, "problems": []})


def test_the_schema_is_printed_for_the_built_in_servers() -> None:
    shown = CliRunner().invoke(schema.command)
    assert json.loads(shown.stdout) == scenario_schema(server_names())
