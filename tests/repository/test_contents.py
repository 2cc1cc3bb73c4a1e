"""What the repository holds: nothing of one machine, every module in its layer, every target explained."""

import re
from pathlib import Path

from tests.repository.files import PROJECT, ROOT, kept_files, make_targets

# Spelt so that this file does not hold what it looks for.
HOME_FOLDER = re.compile(r"(?<![\w.])/(?:home/[a-z]|root/[.\w]|Users/[A-Za-z])")
PACKAGE_INDEX = re.compile(
    r"pypi\.org/simple|files\.pythonhosted\.org|registry\.npmjs|//[^\s/]*(?:artifactory|nexus)"
)


def held_by(pattern: re.Pattern[str]) -> dict[str, str]:
    """Return the first thing found in each file that holds something of the pattern."""
    texts = {path: path.read_text(errors="replace") for path in kept_files()}
    found = {path: pattern.search(text) for path, text in texts.items()}
    return {str(path.relative_to(ROOT)): match[0] for path, match in found.items() if match}


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert held_by(HOME_FOLDER) == {}
    assert held_by(re.compile(re.escape(str(ROOT)) + r"\b")) == {}


def test_no_file_names_a_package_index() -> None:
    assert held_by(PACKAGE_INDEX) == {}


def test_every_module_of_bench_stands_in_exactly_one_layer() -> None:
    assert sorted(placed("imports run downwards only")) == sorted(modules() - {"bench.__main__"})


def test_every_room_of_the_conductor_stands_in_exactly_one_layer() -> None:
    rooms = {path.parent.name for path in (ROOT / "bench" / "conductor").glob("*/__init__.py")}
    layers = placed("the rooms of the conductor stand upon each other")
    assert sorted(layers) == sorted({f"bench.conductor.{room}" for room in (*rooms, "conduct")})


def placed(contract: str) -> list[str]:
    """The modules that the layers of this contract name."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["name"] == contract]
    return [name.strip() for layer in layers for name in layer.split("|")]


def modules() -> set[str]:
    found = (ROOT / "bench").iterdir()
    return {f"bench.{path.stem}" for path in found if is_module(path) and path.name != "__init__.py"}


def is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    explained = set(re.findall(r"^([a-z]+):[^#\n]* ## \S", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    assert make_targets() == explained == set(phony[1].split())
