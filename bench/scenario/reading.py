"""From a scenario file to a scenario, or to all that is wrong with the file at once."""

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bench.errors import Problem, ScenarioError
from bench.scenario.mistakes import quoted
from bench.scenario.model import Scenario
from bench.scenario.places import Places, value_at
from bench.scenario.sentences import problems_of
from bench.scenario.texts import FILE_PATH, LOCUSTFILE
from bench.scenario.yaml_nodes import Document, Node, compose

# Reading takes up to 4 us a byte, so that the largest file is still answered in half a second.
MOST_BYTES = 128 * 1024

_LEAST = "write at least `app: package.module:attribute`"
_EMPTY = Problem(1, 1, "the file is empty", _LEAST)


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario with the file it was read from; `directory` is the app's folder as an absolute path."""

    path: Path
    text: str
    scenario: Scenario
    directory: Path

    def beside(self, name: str) -> Path:
        """The absolute path of a file that the scenario names."""
        return (self.path.parent / name).resolve()

    def python_at(self, name: str) -> Path:
        """The absolute path of a Python that the scenario names, itself no link followed."""
        return Path(os.path.abspath(self.path.parent.resolve() / name))  # noqa: PTH100 - Path.absolute keeps `..`


def load_scenario(path: Path, servers: Collection[str]) -> LoadedScenario:
    """The scenario in the file, which may name these servers and no other.

    Raises ScenarioError with every mistake that was found. After a mistake of syntax nothing further is
    read; entries of a list are compared with each other once each of them is right.
    """
    try:
        text = _text_of(path)
    except OSError as error:
        raise ScenarioError(
            str(path), [Problem(1, 1, f"the file cannot be read: {error.strerror}", "check the path")]
        ) from error
    scenario, problems = _validated(compose(text), path.parent, frozenset(servers))
    if scenario is None or problems:
        raise ScenarioError(str(path), problems)
    return LoadedScenario(path, text, scenario, (path.parent / scenario.directory).resolve())


def _text_of(path: Path) -> str:
    """The text of the file, refused before it is read where it is no file or too large."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # reading a pipe may never end
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a file"
        raise ScenarioError(str(path), [Problem(1, 1, f"this is {what}", "name a scenario file")])
    if status.st_size > MOST_BYTES:
        what = f"the file is larger than {MOST_BYTES // 1024} KiB"
        raise ScenarioError(str(path), [Problem(1, 1, what, "a scenario is far smaller than that")])
    with path.open("rb") as file:
        content = file.read(MOST_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[line_start : error.start].decode("utf-8-sig")) + 1
        problem = Problem(line, column, "this is not UTF-8 text", "save the file as UTF-8")
        raise ScenarioError(str(path), [problem]) from error


def _validated(
    document: Document, folder: Path, servers: frozenset[str]
) -> tuple[Scenario | None, list[Problem]]:
    """The scenario in the document, where it is one, and all that is wrong with it."""
    problems, root = list(document.problems), document.root
    if root is None or root.broken:
        return None, problems or [_EMPTY]
    if not isinstance(root.value, dict):
        return None, [*problems, _EMPTY if root.value is None else _no_mapping(root)]
    problems += _problems_of_folders(root, folder) + _problems_of_locustfiles(root, folder)
    problems += _problems_of_pythons(root, folder)
    try:
        return Scenario.model_validate(root.plain(), context=servers, by_alias=True, by_name=False), problems
    except ValidationError as error:
        return None, problems + problems_of(error, root)


def _no_mapping(root: Node) -> Problem:
    return Problem(root.line, root.column, "a scenario must be a mapping of keys to values", _LEAST)


def _problems_of_folders(root: Node, folder: Path) -> list[Problem]:
    """Folders that are not there; that of static files may be made by the scenario's setup."""
    top = _parts(root)
    static = _parts(top["static"]).get("folder") if "static" in top and "setup" not in top else None
    return [
        Problem(
            node.line,
            node.column,
            f"there is no folder {quoted(node.value)} beside the scenario file",
            "write it relative to the scenario file",
        )
        for node in (top.get("directory"), static)
        if node is not None
        and isinstance(node.value, str)
        and "\0" not in node.value
        and not os.path.isdir(folder / node.value)  # noqa: PTH112 - unlike Path.is_dir it takes a name that is too long
    ]


def _parts(node: Node) -> dict[str, Node]:
    """The values of a mapping by their keys; none of anything else."""
    return {key: value for key, (_, value) in node.value.items()} if isinstance(node.value, dict) else {}


def _problems_of_locustfiles(root: Node, folder: Path) -> list[Problem]:
    """Locustfiles that are not there; what is no path of one is told by validation."""
    return [
        Problem(
            node.line,
            node.column,
            f"there is no file {quoted(str(node.value))} beside the scenario file",
            "write its path relative to the scenario file",
        )
        for node in _locustfiles(value_at(root, ("load",)))
        if re.fullmatch(LOCUSTFILE, str(node.value)) and not os.path.isfile(folder / str(node.value))  # noqa: PTH113 - as above
    ]


def _locustfiles(load: Node) -> Iterator[Node]:
    for level in load.value if isinstance(load.value, list) else [load]:
        if isinstance(level.value, dict) and "locustfile" in level.value:
            yield level.value["locustfile"][1]


def _problems_of_pythons(root: Node, folder: Path) -> list[Problem]:
    """Pythons that are not there or cannot be run; what is no path is told by validation."""
    return [
        Problem(node.line, node.column, what, remedy)
        for node in _pythons(root)
        if isinstance(node.value, str) and re.fullmatch(FILE_PATH, node.value)
        for what, remedy in _fault_of_python(node.value, folder)
    ]


def _pythons(root: Node) -> Iterator[Node]:
    """The values of `python` at the top and within each server."""
    places = Places(root)
    named = [choice.settings["python"].at for choice in places.choices if "python" in choice.settings]
    for at in dict.fromkeys([("python",), *named]):
        if (node := places.node(at)) is not root:
            yield node


def _fault_of_python(name: str, folder: Path) -> Iterator[tuple[str, str]]:
    path = folder / name
    if os.path.isfile(path / "bin" / "python"):  # noqa: PTH113 - as below
        yield f"{quoted(name)} is a folder", f"name the Python in it: {name.rstrip('/')}/bin/python"
    elif not os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file it takes a name that is too long
        yield f"there is no file {quoted(name)}", "write its path relative to the scenario file"
    elif not os.access(path, os.X_OK):
        yield f"{quoted(name)} cannot be run", "name a Python, such as `.venv/bin/python`"
