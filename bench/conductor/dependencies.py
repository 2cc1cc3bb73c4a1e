"""Which files say what packages an app needs, and an environment made from them."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bench.conductor import family
from bench.conductor.children import child_environment, start
from bench.conductor.log import last_lines
from bench.conductor.python_environment import PythonEnvironment
from bench.errors import InputError, ServerFailed

_PATTERNS = (
    "requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in", "constraints*.txt",
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock",
    "pdm.lock", "pylock*.toml", "environment.yml", "environment.yaml",
)  # fmt: skip

_FOR_INSTALLERS = ("PIP_", "UV_")
_FOR_NETWORKS = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
)  # fmt: skip
_WOULD_INSTALL_ELSEWHERE = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON",
     "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_WORKING_DIRECTORY"}
)  # fmt: skip


def differing(base: Path, head: Path, inside: Path) -> tuple[str, ...]:
    """The files by which two versions may need different packages, as paths from their tops, sorted.

    They are looked for in the app's folder (`inside`, from the top), and in each one above it up to the top.
    What head has counts as it lies there, known to git or not.
    """
    folders = (inside, *inside.parents)
    names = {
        path.relative_to(top)
        for top in (base, head)
        for folder in folders
        for pattern in _PATTERNS
        for path in (top / folder).glob(pattern)
    }
    return tuple(sorted(str(name) for name in names if content_of(base / name) != content_of(head / name)))


def content_of(path: Path) -> bytes | None:
    """What is in a file; None where it is none that can be read."""
    with suppress(OSError):
        return path.read_bytes()
    return None


def own_environment(
    folder: Path,
    python: PythonEnvironment,
    setup: Sequence[str],
    directory: Path,
    tell: Callable[[str], None],
) -> PythonEnvironment:
    """A virtual environment in the folder, made by this Python and filled by the scenario's setup.

    The setup runs in the app's folder (`directory`) with the environment's commands first in PATH. Raises
    InputError with the last lines of what it wrote where it fails.
    """
    log = folder.with_name(f"{folder.name}.log")
    make = (str(python.python), "-m", "venv", str(folder))
    _run(make, child_environment({}, python), directory=folder.parent, log=log)
    environment = PythonEnvironment(folder / "bin" / "python")
    tell(f"running `{' '.join(setup)}` in {directory}")
    _run(environment.command(setup), _setup_variables(environment), directory=directory, log=log)
    return environment


def _setup_variables(environment: PythonEnvironment) -> dict[str, str]:
    """What a setup is given: above what any child gets, all that is needed to reach a package index."""
    settings = {name: value for name, value in os.environ.items() if _is_for_setup(name)}
    uv = {"UV_PROJECT_ENVIRONMENT": str(environment.scripts.parent)}  # or it would fill the app's own .venv
    return child_environment({**settings, **uv}, environment)


def _is_for_setup(name: str) -> bool:
    if name.startswith(_FOR_INSTALLERS):
        return name not in _WOULD_INSTALL_ELSEWHERE
    return name in _FOR_NETWORKS or name.lower() in _FOR_NETWORKS


def _run(command: Sequence[str], variables: dict[str, str], *, directory: Path, log: Path) -> None:
    """Run it to its end, whatever it writes going to the log; what it has started is ended with it."""
    nonce = family.new_nonce()
    shown = " ".join(command)
    try:
        with log.open("ab") as output:
            process = start(
                command,
                directory=directory,
                environment={**variables, family.NONCE_VARIABLE: nonce},
                cores=tuple(os.sched_getaffinity(0)),
                output=output,
            )
    except ServerFailed as failed:
        raise InputError(f"setup: {failed.what}", failed.remedy) from failed
    try:
        code = process.wait()
    finally:
        family.end(family.members(process.pid, nonce))
        process.wait()
    if code != 0:
        said = "\n  ".join(last_lines(log)) or "it said nothing"
        raise InputError(f"the setup failed with exit code {code}: {shown}", said)
