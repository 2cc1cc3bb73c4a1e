"""Which servers can be started in an environment, in which versions, and what to do about the others."""

import shlex
from dataclasses import dataclass

from bench.conductor.python_environment import OURS, PythonEnvironment
from bench.servers import SERVERS, Server

_OUR_PART = ("wsgi-bench", "locust", "gevent", "httptools", "numpy")
_THE_APPS_PART = ("flask", "werkzeug")


@dataclass(frozen=True)
class Availability:
    """A server, its version where it is installed, and else why not and what would help."""

    server: Server
    version: str | None
    reason: str = ""
    remedy: str = ""


def available_servers(
    environment: PythonEnvironment = OURS, written: str | None = None
) -> dict[str, Availability]:
    """Every server there is, by name, looked up in this environment.

    `written` is how a person would name the environment's Python on a command line, None for `bench`'s own.
    Raises InputError where that Python does not run.
    """
    return {name: _look_up(server, environment, written) for name, server in SERVERS.items()}


def _look_up(server: Server, environment: PythonEnvironment, written: str | None) -> Availability:
    version = installed_version(server.distribution, environment)
    if version is not None:
        return Availability(server, version)
    where = f" for {written}" if written else ""
    return Availability(
        server, None, f"{server.distribution} is not installed{where}", _install(server.remedy, written)
    )


def _install(remedy: str, written: str | None) -> str:
    """The remedy, of which `pip` is that of the environment."""
    if written is None or not remedy.startswith("pip "):
        return remedy
    return f"{shlex.quote(written)} -m {remedy}"


def installed_version(distribution: str, environment: PythonEnvironment = OURS) -> str | None:
    """The version of a distribution in this environment, None where it is not installed."""
    return environment.versions_of([distribution]).get(distribution)


def versions(environment: PythonEnvironment = OURS) -> dict[str, str]:
    """The versions of all that has a part in the numbers: ours, and those of the app's environment."""
    return {
        "python": environment.interpreter,
        **OURS.versions_of(_OUR_PART),
        **environment.versions_of(_THE_APPS_PART),
    }
