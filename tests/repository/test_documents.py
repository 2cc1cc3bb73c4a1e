"""The documents: what they name is there."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import bench
from tests.repository.files import ROOT, code, documents, make_targets, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def links() -> Iterator[tuple[Path, str]]:
    for document in documents():
        for found in LINK.finditer(prose(document.read_text())):
            if not re.match(r"[a-z]+:", found[1]):
                yield document, found[1]


def anchors(document: Path) -> set[str]:
    headings = HEADING.findall(document.read_text())
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def is_broken(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists():
        return True
    return target.suffix == ".md" and anchor != "" and anchor not in anchors(target)


def test_relative_links_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {link}" for document, link in links() if is_broken(document, link)
    ]
    assert broken == []


def commands(pattern: str) -> set[str]:
    """Return what the pattern's group finds in the code of all documents."""
    return {
        name
        for document in documents()
        for piece in code(document.read_text())
        for name in re.findall(pattern, piece)
    }


def test_documents_name_only_targets_the_makefile_has() -> None:
    assert commands(r"\bmake ([a-z][a-z-]*)") - make_targets() == set()


def test_documents_name_only_commands_of_the_environment_that_are_installed() -> None:
    folder = str(Path(sys.executable).parent)
    named = commands(r"\.venv/bin/([\w.-]+)")
    assert {name for name in named if not shutil.which(name, path=folder)} == set()


def test_documents_name_only_tools_the_repository_has() -> None:
    named = commands(r"(?<![\w/.])((?:tools|\.ci)/[\w.-]+)")
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_contributing_says_how_to_run_the_tests() -> None:
    assert "make test" in (ROOT / "CONTRIBUTING.md").read_text()


def test_changelog_begins_with_the_version_of_the_code() -> None:
    newest = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == bench.__version__
