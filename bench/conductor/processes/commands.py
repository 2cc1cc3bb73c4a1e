"""Commands of the scenario, run to their end: what makes an app ready, and what clears up after it."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.processes.attended import attended
from bench.conductor.processes.children import child_environment
from bench.conductor.processes.log import last_lines, opened
from bench.errors import InputError, ServerFailed

_POLL_S = 0.02
_FOR_INSTALLERS = ("PIP_", "UV_", "POETRY_")
_FOR_NETWORKS = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
)  # fmt: skip
_WOULD_INSTALL_ELSEWHERE = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON",
     "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIRECTORY"}
)  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command to run: `what` it is, as a message names it, and where and with which variables it runs."""

    what: str
    arguments: tuple[str, ...]
    directory: Path
    variables: Mapping[str, str]


def of_scenario(
    what: str,
    arguments: Sequence[str],
    environment: PythonEnvironment,
    directory: Path,
    variables: Mapping[str, str],
) -> Command:
    """A command of the scenario: run in the app's folder, the commands of its environment first in PATH."""
    given = {**_variables(environment), **variables}
    return Command(what, environment.command(arguments), directory, given)


def run_to_end(command: Command, log: Path, hurried: Callable[[], bool] = lambda: False) -> None:
    """Run it to its end, whatever it writes going to the log; what it has started is ended with it.

    It is ended as soon as somebody is in a hurry. Raises InputError with the last lines of what it wrote
    where it fails.
    """
    try:
        with (
            opened(log) as output,
            attended(
                command.arguments,
                directory=command.directory,
                environment=command.variables,
                output=output,
            ) as process,
        ):
            code = _wait(process, hurried)
    except ServerFailed as failed:
        raise InputError(f"{command.what}: {failed.what}", failed.remedy) from failed
    if code != 0:
        said = "\n  ".join(last_lines(log)) or "it said nothing"
        ended = "was cut short" if code is None else f"failed with exit code {code}"
        raise InputError(f"{command.what} {ended}: {shlex.join(command.arguments)}", said)


def _wait(process: "subprocess.Popen[bytes]", hurried: Callable[[], bool]) -> int | None:
    while process.poll() is None and not hurried():
        time.sleep(_POLL_S)
    return process.poll()


def _variables(environment: PythonEnvironment) -> dict[str, str]:
    """What a command is given: above what any child gets, all that is needed to reach a package index.

    uv would fill the app's own `.venv`, and is told which environment it is instead. Not so where that is
    ours: it takes out what the app does not need, such as `bench`.
    """
    settings = {name: value for name, value in os.environ.items() if _is_for_setup(name)}
    uv = {} if environment == OURS else {"UV_PROJECT_ENVIRONMENT": str(environment.scripts.parent)}
    return child_environment({**settings, **uv}, environment)


def _is_for_setup(name: str) -> bool:
    if name.startswith(_FOR_INSTALLERS):
        return name not in _WOULD_INSTALL_ELSEWHERE
    return name in _FOR_NETWORKS or name.lower() in _FOR_NETWORKS
