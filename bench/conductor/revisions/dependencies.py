"""Which files say what packages an app needs, and an environment made from them."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.conductor.processes.children import child_environment
from bench.conductor.processes.commands import Command, of_scenario, run_to_end

_PATTERNS = (
    "requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in", "constraints*.txt",
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock",
    "pdm.lock", "pylock*.toml", "environment.yml", "environment.yaml",
)  # fmt: skip
_OPTION = re.compile(r"^(--[\w-]+=|-[a-z])")

Setup = Sequence[Sequence[str]]
"""The commands of a scenario's `setup`, each as its arguments."""


def differing(base: Path, head: Path, inside: Path, setup: Setup = ()) -> tuple[str, ...]:
    """The files by which two versions may need different packages, as paths from their tops, sorted.

    They are looked for in the app's folder (`inside`, from the top), and in each one above it up to the top;
    those that the setup names lie anywhere. What head has counts as it lies there, known to git or not.
    """
    folders = (inside, *inside.parents)
    names = {
        path.relative_to(top)
        for top in (base, head)
        for folder in folders
        for pattern in _PATTERNS
        for path in (top / folder).glob(pattern)
    }
    names |= {name for top in (base, head) for name in _named(setup, top, inside)}
    return tuple(sorted(str(name) for name in names if content_of(base / name) != content_of(head / name)))


def _named(setup: Setup, top: Path, inside: Path) -> Iterator[Path]:
    """The files of a version that are named in its setup, alone or in an option: `--requirement=../a.txt`."""
    for word in (word for command in setup for word in command):
        path = Path(os.path.normpath(top / inside / _OPTION.sub("", word)))
        if path.is_relative_to(top) and os.path.isfile(path):  # noqa: PTH113 - takes a name that is too long
            yield path.relative_to(top)


def content_of(path: Path) -> bytes | None:
    """What is in a file; None where it is none that can be read."""
    with suppress(OSError):
        return path.read_bytes()
    return None


def own_environment(
    folder: Path,
    python: PythonEnvironment,
    setup: Setup,
    directory: Path,
    variables: Mapping[str, str],
    tell: Callable[[str], None],
) -> PythonEnvironment:
    """A virtual environment in the folder, made by this Python and filled by the scenario's setup.

    The setup runs in the app's folder (`directory`) with the scenario's variables, and the environment's
    commands first in PATH. Raises InputError with the last lines of what it wrote where it fails; the folder
    is named after the version.
    """
    log = folder.with_name(f"{folder.name}.log")
    make = (str(python.python), "-m", "venv", str(folder))
    plain = child_environment({}, python)
    run_to_end(Command(f"making the environment of {folder.name}", make, folder.parent, plain), log)
    environment = PythonEnvironment(folder / "bin" / "python")
    for command in setup:
        tell(f"running `{shlex.join(command)}` in {directory}")
        what = f"the setup of {folder.name}"
        run_to_end(of_scenario(what, command, environment, directory, variables), log)
    return environment
