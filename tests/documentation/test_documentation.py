"""The documentation says what the program does: its examples are run through the program itself."""

import inspect
import re
from pathlib import Path

import pytest

import bench.errors
from bench.cli.main import bench as bench_command
from bench.errors import BenchError
from bench.results.model import Slice
from bench.scenario.part import Part
from bench.scenario.reading import load_scenario
from bench.servers import server_names

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def blocks(language: str) -> list[tuple[str, str]]:
    """Every fenced block in this language, with the name of its page."""
    fence = re.compile(rf"^( *)```{language}\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    found = []
    for path in PAGES:
        for indent, text in fence.findall(path.read_text()):
            found.append((path.name, "\n".join(line.removeprefix(indent) for line in text.splitlines())))
    return found


def test_there_are_examples_to_check() -> None:
    assert len(blocks("yaml")) >= 4


@pytest.mark.parametrize(("name", "text"), blocks("yaml"))
def test_every_scenario_shown_is_a_right_one(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    folder = tmp_path / "scenarios"
    folder.mkdir()
    file = folder / "bench.yaml"
    file.write_text(text)
    load_scenario(file, server_names())


def parts() -> list[type[Part]]:
    """Every kind of mapping that a scenario may hold."""
    return sorted(Part.__subclasses__(), key=lambda part: part.__name__)


@pytest.mark.parametrize("part", parts())
def test_the_scenario_page_names_every_key(part: type[Part]) -> None:
    for name, field in part.model_fields.items():
        assert f"`{field.alias or name}`" in page("scenario.md")


def test_the_scenario_page_names_no_key_that_is_not_there() -> None:
    known = {field.alias or name for part in parts() for name, field in part.model_fields.items()}
    assert set(re.findall(r"^\| `(\w+)`", page("scenario.md"), re.MULTILINE)) == known


def test_the_servers_page_lists_the_servers() -> None:
    assert tuple(re.findall(r"^\| `([\w-]+)`", page("servers.md"), re.MULTILINE)) == server_names()


def test_the_commands_page_lists_the_commands() -> None:
    assert re.findall(r"^\| `bench (\w+)", page("commands.md"), re.MULTILINE) == list(bench_command.commands)


def test_the_commands_page_lists_the_exit_codes() -> None:
    codes = {
        error.exit_code
        for _, error in inspect.getmembers(bench.errors, inspect.isclass)
        if issubclass(error, BenchError)
    }
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", page("commands.md"), re.MULTILINE)}
    assert shown == codes | {bench.errors.OK}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_shown_is_one(path: Path) -> None:
    shown = re.findall(r"(?:^|`|\$\()(?:\.venv/bin/)?bench ([a-z]+)", path.read_text(), re.MULTILINE)
    assert set(shown) <= set(bench_command.commands)


def test_the_result_page_names_what_a_slice_holds() -> None:
    for name in Slice.model_fields.keys() - {"cell"}:
        assert f"`{name}`" in page("result-format.md")
