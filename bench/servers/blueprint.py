"""What a server is to the harness: a name, a distribution, and how to launch it for an app.

A server describes processes and never spawns one; starting, proving who answers and stopping belong to the
conductor. A new server is a module with one object of the `Server` protocol, and its line in `__init__`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Settings:
    """What a deployment must be: the app as `module:attribute`, and equal settings for every server.

    `version` is the server's own: older ones do not have every option. `framework_app` says whether the app
    is the user's own; the floor is a bare WSGI callable. `connections` is the largest number of connections
    the load will open; no server may cap it below. `at_once` is the largest number of them that have a
    request out at the same time.
    """

    app: str
    version: str
    framework_app: bool
    port: int
    processes: int
    threads: int
    connections: int
    at_once: int
    options: tuple[str, ...] = ()

    def is_at_least(self, *release: int) -> bool:
        """Whether the server is of this release or newer; an unknown version is taken for an old one."""
        numbers = re.match(r"[0-9]+(\.[0-9]+)*", self.version)
        return numbers is not None and tuple(map(int, numbers[0].split("."))) >= release


@dataclass(frozen=True)
class Process:
    """One process to start: its command line, looked up in the app's environment first, and variables.

    `processes` is how many it becomes, itself, its workers and whatever stands between counted.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1


@dataclass(frozen=True)
class Blueprint:
    """A deployment, described: its processes in the order they start, and what to expect of it.

    `processes` and `threads` are what the configuration asks for, which some servers cannot be: the dev
    server and waitress are one process whatever is wanted, and say so in `remarks`.
    """

    parts: tuple[Process, ...]
    processes: int
    threads: int
    keeps_alive: bool
    remarks: tuple[str, ...] = ()


class Server(Protocol):
    """One way of serving a WSGI app."""

    @property
    def name(self) -> str:
        """What scenarios call it."""

    @property
    def distribution(self) -> str:
        """The Python distribution that brings it, whose version is recorded."""

    @property
    def summary(self) -> str:
        """One line about what it is."""

    @property
    def remedy(self) -> str:
        """What to do where it is missing."""

    def blueprint(self, settings: Settings) -> Blueprint:
        """How to launch it with these settings."""
