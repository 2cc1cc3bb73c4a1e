"""The programs of the system that some servers need: whether they are there, and in which version."""

import re
import shutil
import subprocess
from functools import cache

from bench.conductor.environments.environment_variables import passed_on
from bench.conductor.environments.python_environment import search_path
from bench.servers import Program

PATIENCE_S = 10.0
_VERSION = re.compile(rb"[0-9]+(\.[0-9]+)+")


@cache
def version_of(program: Program) -> str | None:
    """The version that it says it is; empty where it says none, and None where it is not there."""
    path = search_path()
    found = shutil.which(program.name, path=path)
    if found is None:
        return None
    try:
        said = subprocess.run(
            (found, *program.ask[1:]),
            env={**passed_on(), "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(said)
    return version[0].decode("ascii") if version else ""
