"""Writes the lock files from pyproject.toml: every package with its version and the hashes of its files.

Resolved for the oldest Python we support, from the package index alone: extra indexes and local folders
of the machine it runs on are left out, for their files have hashes nobody else can match.
"""

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

PIP_TOOLS = "pip-tools==7.6.2"
OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".setup" / "lock"
BUILT_FROM_SOURCE = ("uwsgi", "bjoern", "apache")
HEADER = "# Made by `make lock` from pyproject.toml, for Python 3.11 to 3.13. Do not edit.\n"
NOT_OURS_TO_PASS_ON = {"PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST"}


def main() -> None:
    """Write the lock files next to pyproject.toml."""
    if sys.version_info[:2] != OLDEST_PYTHON:
        sys.exit("The lock is made with Python 3.11, the oldest supported: make lock PYTHON=python3.11")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    venv.create(ENVIRONMENT, clear=True, with_pip=True)
    run("-m", "pip", "install", "--quiet", PIP_TOOLS)
    lock("requirements.lock", everything_installed_as_wheels(project))
    for name in BUILT_FROM_SOURCE:
        lock(f"requirements-{name}.lock", project["project"]["optional-dependencies"][name])


def everything_installed_as_wheels(project: dict[str, Any]) -> list[str]:
    """Return what the project needs to run and to be worked on, servers included, and all builds' needs."""
    groups, ours = project["dependency-groups"], project["project"]
    servers = ours["optional-dependencies"]["servers"]
    return [*ours["dependencies"], *servers, *groups["dev"], *groups["build"]]


def lock(name: str, requirements: list[str]) -> None:
    """Resolve the requirements and write the lock file of that name."""
    options = [
        "--upgrade",
        "--generate-hashes",
        "--allow-unsafe",
        "--strip-extras",
        "--no-config",
        "--no-header",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-trusted-host",
        "--no-emit-options",
        "--quiet",
    ]
    path = ROOT / name
    run("-m", "piptools", "compile", *options, "--output-file", name, "-", given="\n".join(requirements))
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.strip() and "considered to be unsafe" not in line]
    path.write_text(HEADER + "".join(kept).replace("via -r -", "via pyproject.toml"))


def run(*arguments: str, given: str = "") -> None:
    """Run the lock environment's Python with pip's own settings out of the way."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS_TO_PASS_ON}
    environment["PIP_CONFIG_FILE"] = os.devnull
    python = ENVIRONMENT / "bin" / "python"
    subprocess.run([python, *arguments], input=given, text=True, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
