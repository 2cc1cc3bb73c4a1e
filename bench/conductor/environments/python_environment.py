"""A Python with its packages: our own, or the one that an app and its servers have to themselves."""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.conductor.environments.environment_variables import passed_on
from bench.errors import InputError

OLDEST = (3, 8)  # the first that can name its packages by itself
PATIENCE_S = 30.0
_SERVERS_OF_THE_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_REMEDY = "name a Python that runs here, such as that of a virtual environment: `python: .venv/bin/python`"

# Runs in whatever Python there is: an older one must read it to its end to say how old it is.
_ASK = """
import json, platform, sys
packages = {}
if sys.version_info >= (3, 8):
    from importlib.metadata import distributions
    for one in distributions():
        about = one.metadata or {}
        packages.setdefault(about.get("Name") or "", about.get("Version"))
name = platform.python_implementation() + " " + platform.python_version()
print(json.dumps([list(sys.version_info[:2]), name, packages]))
"""


@dataclass(frozen=True)
class PythonEnvironment:
    """The environment that a Python belongs to, told by the absolute path of that Python.

    Links in the path are not followed: the Python of a virtual environment is one, and knows by the name it
    is called by where its packages are. What is found out about it is remembered for as long as we run.
    """

    python: Path

    @property
    def scripts(self) -> Path:
        """The folder of its commands."""
        return self.python.parent

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual environment, so that the folder of its commands holds nothing else."""
        return (self.scripts.parent / "pyvenv.cfg").is_file()

    @property
    def is_made_by_uv(self) -> bool:
        """Whether uv has made it, which puts no pip into it."""
        try:
            about = (self.scripts.parent / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return re.search(r"^uv *=", about, re.MULTILINE) is not None

    @property
    def interpreter(self) -> str:
        """The interpreter and its version, such as `CPython 3.11.9`; raises InputError as below."""
        return _name_here() if self == OURS else _look_into(self.python)[0]

    def versions_of(self, distributions: Iterable[str]) -> dict[str, str]:
        """The versions of those distributions that are installed in it.

        Raises InputError where the Python does not run, or is older than what servers need.
        """
        if self == OURS:
            return {name: version for name in distributions if (version := _version_here(name)) is not None}
        packages = _look_into(self.python)[1]
        found = {name: packages.get(_normalised(name)) for name in distributions}
        return {name: version for name, version in found.items() if version is not None}

    def variables(self) -> dict[str, str]:
        """The variables by which a child finds its commands before all others, and never ours by mistake."""
        inherited = search_path().split(os.pathsep)
        others = [folder for folder in inherited if self == OURS or not _is_ours(folder)]
        virtual = {"VIRTUAL_ENV": str(self.scripts.parent)} if self.is_virtual else {}
        return {"PATH": os.pathsep.join((str(self.scripts), *others)), **virtual}

    def command(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command line with this Python where it says `python`: not all have a link of that name."""
        program, *arguments = command
        return (str(self.python) if program == "python" else program, *arguments)


OURS = PythonEnvironment(Path(sys.executable))


def search_path() -> str:
    """PATH, and after it where Debian keeps servers, which is not in everybody's PATH."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys((*folders, *_SERVERS_OF_THE_SYSTEM)))


def _is_ours(folder: str) -> bool:
    """Whether a folder of PATH has our own commands; without a virtual environment they are everybody's."""
    return OURS.is_virtual and os.path.realpath(folder) == os.path.realpath(OURS.scripts)


def _name_here() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _version_here(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


@cache
def _look_into(python: Path) -> tuple[str, dict[str, str]]:
    """The interpreter with its version, and the versions of its packages by their normalised names."""
    try:
        release, interpreter, packages = json.loads(_answer_of(python).splitlines()[-1])
    except (ValueError, TypeError, IndexError) as error:
        raise InputError(f"{python} is not a Python: it does not run Python's code", _REMEDY) from error
    if tuple(release) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InputError(f"{python} is {interpreter}, and servers need {oldest} or newer", _REMEDY)
    return interpreter, {_normalised(name): version for name, version in packages.items()}


def _answer_of(python: Path) -> str:
    """What it prints when asked about itself, with as little of ours around it as a server has."""
    try:
        asked = subprocess.run(
            (python, "-c", _ASK),
            cwd="/",  # what lies in our folder is not installed
            env=passed_on(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except OSError as error:
        raise InputError(f"{python} cannot be run: {error.strerror}", _REMEDY) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{python} did not answer within {PATIENCE_S:.0f} s", _REMEDY) from error
    if asked.returncode != 0:
        last = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        raise InputError(f"{python} does not run: {last}", _REMEDY)
    return asked.stdout


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
