"""Which servers can be started in an environment, in which versions, and what to do about the others."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bench.conductor.environments.programs import version_of
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.servers import SERVERS, Program, Server

_OUR_PART = ("wsgi-bench", "locust", "gevent", "httptools", "numpy")
_THE_APPS_PART = ("flask", "werkzeug")


@dataclass(frozen=True)
class Availability:
    """A server and its version where it can be run, and else the reason why not and what would help.

    `version` is None where no distribution brings it; `programs` are the versions of the programs of the
    system that it needs, by name.
    """

    server: Server
    version: str | None
    programs: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    remedy: str = ""

    @property
    def is_there(self) -> bool:
        """Whether it can be run."""
        return not self.reason

    def with_programs(self, needed: Iterable[Program]) -> "Availability":
        """The same for who needs these programs, too."""
        if not self.is_there:
            return self
        found = {program: version_of(program) for program in needed}
        for program, version in found.items():
            if version is None:
                return replace(self, reason=f"{program.name} is not installed", remedy=program.remedy)
        versions = {program.name: version for program, version in found.items() if version is not None}
        return replace(self, programs={**self.programs, **versions})


def available_servers(
    environment: PythonEnvironment = OURS, written: str | None = None
) -> dict[str, Availability]:
    """Every server there is, by name, looked up in this environment.

    `written` is how a person would name the environment's Python on a command line, None for `bench`'s own.
    Raises InputError where that Python does not run.
    """
    return {name: _look_up(server, environment, written) for name, server in SERVERS.items()}


def _look_up(server: Server, environment: PythonEnvironment, written: str | None) -> Availability:
    needed = [name for name in (server.distribution, *server.requires) if name is not None]
    found = environment.versions_of(needed)
    version = found.get(server.distribution or "")
    missing = [name for name in needed if name not in found]
    if missing:
        where = f" for {written}" if written else ""
        reason = f"{missing[0]} is not installed{where}"
        return Availability(
            server, version, reason=reason, remedy=_install(server.remedy, environment, written)
        )
    return Availability(server, version).with_programs(server.programs)


def _install(remedy: str, environment: PythonEnvironment, written: str | None) -> str:
    """The remedy, of which `pip` is that of the environment; where it has none, what made it, or another."""
    if written is None or not remedy.startswith("pip "):
        return remedy
    python = shlex.quote(written)
    if environment.versions_of(["pip"]):
        return f"{python} -m {remedy}"
    if environment.is_made_by_uv:
        return f"uv {remedy.replace('install', f'install --python {python}', 1)}"
    return f"pip --python {python} {remedy.removeprefix('pip ')}"


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
