"""The repository's own files, as the tests about it read them."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


def kept_files() -> list[Path]:
    """Return every file that is in git, or would be if it were added now."""
    # The checkout may belong to somebody else than who runs the tests, as it does in containers.
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted({path for path in paths if path.is_file()})


def documents() -> list[Path]:
    """Return every Markdown file of the repository."""
    return [path for path in kept_files() if path.suffix == ".md"]


def prose(text: str) -> str:
    """Return the Markdown text without its code."""
    return _SPAN.sub("", _FENCED.sub("", text))


def code(text: str) -> Iterator[str]:
    """Yield each piece of code of the Markdown text: fenced blocks, then spans."""
    for block in _FENCED.finditer(text):
        yield block.group()
    for span in _SPAN.finditer(_FENCED.sub("", text)):
        yield span.group(1)


def make_targets() -> set[str]:
    """Return the names of the Makefile's targets."""
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
