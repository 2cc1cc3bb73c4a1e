"""What a server is to the harness: a name, a distribution, and how to launch it for an app.

A server describes processes and never spawns one; starting, proving who answers and stopping belong to the
conductor. A new server is a module with one object of the `Server` protocol, and its line in `__init__`;
that of another package is named in its entry points (`bench.servers`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, Protocol

Profile = Literal["equal", "shipped"]
"""Equal settings for every server, or what each has by default."""

Ability = Literal["unix", "uwsgi", "tls", "static"]
"""What not every server can: listen on a unix socket, speak uwsgi's protocol, speak TLS, serve files."""


@dataclass(frozen=True)
class Port:
    """A TCP port of an address of loopback."""

    host: str
    number: int

    def __str__(self) -> str:
        return f"{self.host}:{self.number}"


@dataclass(frozen=True)
class UnixSocket:
    """A unix socket, by its path."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = Port | UnixSocket


@dataclass(frozen=True)
class Certificate:
    """What a server proves by who it is: the paths of its certificate and of the key to it (PEM)."""

    certificate: str
    key: str


@dataclass(frozen=True)
class StaticFiles:
    """A folder of files, by its path, and the prefix of the URLs they are served under: `/static/`."""

    prefix: str
    folder: str


@dataclass(frozen=True)
class Settings:
    """What a deployment must be: the app as `module:attribute`, and equal settings for every server.

    `version` is the server's own: older ones do not have every option. `framework_app` says whether the app
    is the user's own; the floor is a bare WSGI callable. `address` is where it listens; `folder` is a
    folder of its own for sockets and generated files, `directory` the one the app is imported from, and
    `python` the Python that has the server's and the app's packages. `connections` is the largest number of
    connections the load will open; no server may cap it below. `at_once` is the largest number of them that
    have a request out at the same time. `cores` is how many cores the servers may use. `proxied` says that a
    proxy stands in front, which tells in `X-Forwarded-For` and `X-Forwarded-Proto` who asks, and how.

    With the profile `shipped` a server gets only what it cannot do without: the app, the address, TLS, and
    whatever keeps it on loopback and under our control.
    """

    app: str
    version: str
    framework_app: bool
    address: Address
    folder: str
    directory: str
    python: str
    processes: int
    threads: int
    connections: int
    at_once: int
    cores: int
    profile: Profile = "equal"
    protocol: Literal["http", "uwsgi"] = "http"
    proxied: bool = False
    tls: Certificate | None = None
    static: StaticFiles | None = None
    command: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def port(self) -> int:
        """The port of the address. Raises TypeError where that is a unix socket."""
        if isinstance(self.address, Port):
            return self.address.number
        raise TypeError(f"{self.address} has no port")

    @property
    def is_shipped(self) -> bool:
        """Whether the server is to be as it comes."""
        return self.profile == "shipped"

    def file(self, name: str) -> str:
        """The path of a generated file, or of a socket, of this name."""
        return str(PurePosixPath(self.folder, name))

    def is_at_least(self, *release: int) -> bool:
        """Whether the server is of this release or newer; an unknown version is taken for an old one."""
        numbers = re.match(r"[0-9]+(\.[0-9]+)*", self.version)
        return numbers is not None and tuple(map(int, numbers[0].split("."))) >= release


@dataclass(frozen=True)
class Process:
    """One process to start: its command line, looked up in the app's environment first, and variables.

    A first word `python` is the Python of that environment. `processes` is how many it becomes, itself, its
    workers and whatever stands between counted; None where that is not known. `name` tells the parts of a
    deployment apart; a deployment of one process needs none. `listens` is where it must take connections
    before the deployment is asked anything, for those that others stand in front of.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    processes: int | None = 1
    name: str = ""
    listens: Address | None = None


@dataclass(frozen=True)
class Blueprint:
    """A deployment, described: its processes and generated files, and what to expect of it.

    `parts` are started together, those behind others first. `files` are the contents of files by their path
    within the deployment's folder. `processes` and `threads` are what the configuration asks for, which some
    servers cannot be: the dev server and waitress are one process whatever is wanted, and say so in
    `remarks`. `keeps_alive` is what the configuration promises, None where that is not known.
    """

    parts: tuple[Process, ...]
    processes: int | None
    threads: int | None
    keeps_alive: bool | None
    remarks: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A program of the system that a server needs: its name, how to have it say its version, how to get it.

    The version is the first thing in what it says that looks like one.
    """

    name: str
    ask: tuple[str, ...]
    remedy: str


class Server(Protocol):
    """One way of serving a WSGI app. A class that names it as its base gets what has a default."""

    @property
    def name(self) -> str:
        """What scenarios call it."""

    @property
    def distribution(self) -> str | None:
        """The Python distribution that brings it, whose version is recorded; None where none does."""

    @property
    def summary(self) -> str:
        """One line about what it is."""

    @property
    def remedy(self) -> str:
        """What to do where the distribution is missing."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs of the system that it needs."""
        return ()

    @property
    def requires(self) -> tuple[str, ...]:
        """Further Python distributions without which it does not run, such as gevent."""
        return ()

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can that not every server can."""
        return frozenset()

    def blueprint(self, settings: Settings) -> Blueprint:
        """How to launch it with these settings."""
