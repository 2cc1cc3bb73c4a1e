"""Which servers can be started here, in which versions, and what to do about the others."""

import importlib.metadata
import platform
from dataclasses import dataclass

from bench.servers import SERVERS, Server

_RECORDED = ("wsgi-bench", "locust", "gevent", "flask", "werkzeug", "httptools", "numpy")


@dataclass(frozen=True)
class Availability:
    """A server, its version where it is installed, and else why not and what would help."""

    server: Server
    version: str | None
    reason: str = ""


def available_servers() -> dict[str, Availability]:
    """Every server there is, by name, looked up in the environment that `bench` runs in."""
    return {name: _look_up(server) for name, server in SERVERS.items()}


def _look_up(server: Server) -> Availability:
    version = installed_version(server.distribution)
    reason = "" if version else f"{server.distribution} is not installed"
    return Availability(server, version, reason)


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution, None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """The versions of all that has a part in the numbers."""
    found = {name: version for name in _RECORDED if (version := installed_version(name))}
    return {"python": f"{platform.python_implementation()} {platform.python_version()}", **found}
