"""Servers of other packages: what they name in the entry-point group `bench.servers`.

An entry is an object of the `Server` protocol. They are loaded when servers are first asked for, and never
where nothing asks, for looking through what is installed takes time. What they say is checked here, and what
they raise is caught here, so that whatever is wrong is told with the name of the package. What they print
goes to standard error, for standard output may be somebody's JSON.
"""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pydantic import TypeAdapter, ValidationError

from bench.errors import BenchError, InputError
from bench.scenario.texts import Name
from bench.servers.blueprint import Ability, Blueprint, Program, Server, Settings

GROUP = "bench.servers"
_MEMBERS = (
    "name", "distribution", "summary", "remedy", "programs", "requires", "abilities", "blueprint",
)  # fmt: skip


@dataclass(frozen=True)
class _About:
    """What a server says of itself."""

    name: Name
    distribution: str | None
    summary: str
    remedy: str
    programs: tuple[Program, ...]
    requires: tuple[str, ...]
    abilities: frozenset[Ability]


@dataclass(frozen=True)
class ThirdPartyServer(_About):
    """A server of another package, which gets nothing wrong any further."""

    package: str
    original: Server

    def blueprint(self, settings: Settings) -> Blueprint:
        """How that server wants to be launched. Raises InputError where it does not say it as it must."""
        with _blamed(self.package, f"the server {self.name} of {self.package} cannot say how to launch it"):
            found: object = self.original.blueprint(settings)
        if not isinstance(found, Blueprint):
            raise self._no_blueprint(f"it is of the type {type(found).__name__}")
        try:
            checked = _blueprints().validate_python(asdict(found))
        except ValidationError as error:
            raise self._no_blueprint(_first_mistake(error)) from error
        if not checked.parts or not all(part.command for part in checked.parts):
            raise self._no_blueprint("it has no part with a command")
        return checked

    def _no_blueprint(self, wrong: str) -> InputError:
        what = f"what the server {self.name} of {self.package} says of its launch is no Blueprint: {wrong}"
        return InputError(what, _remedy(self.package))


def third_party_servers(taken: Collection[str]) -> dict[str, Server]:
    """The servers of other packages by their names, which must not be among those `taken`.

    Raises InputError, which names the package, where one cannot be loaded, is no server or takes a name
    that is not free.
    """
    found: dict[str, Server] = {}
    packages: dict[str, str] = {}
    for entry in entry_points(group=GROUP):
        package = entry.dist.name if entry.dist is not None else entry.module
        server = _loaded(entry, package)
        owner = "wsgi-bench" if server.name in taken else packages.get(server.name)
        if owner is not None:
            raise InputError(
                f"{package} brings a server named {server.name}, but {owner} has one of that name",
                f"uninstall {package}, or have its author rename the server",
            )
        found[server.name], packages[server.name] = server, package
    return found


def _loaded(entry: EntryPoint, package: str) -> ThirdPartyServer:
    """The object of an entry point, checked."""
    with _blamed(package, f"the server {entry.name} of {package} cannot be loaded"):
        server = entry.load()
    wrong = _what_is_missing(server)
    if not wrong:
        said = {member: getattr(server, member) for member in _MEMBERS if member != "blueprint"}
        try:
            about = TypeAdapter(_About).validate_python(said)
            return ThirdPartyServer(**vars(about), package=package, original=server)
        except ValidationError as error:
            wrong = f"its {_first_mistake(error)}"
    raise InputError(f"{entry.value} of {package} is no server: {wrong}", _remedy(package))


def _what_is_missing(server: object) -> str:
    """What this has not that a server must have; empty where it has all."""
    if isinstance(server, type):
        return "it is a class, where an object of it is needed"
    missing = [member for member in _MEMBERS if not hasattr(server, member)]
    if missing:
        return f"it has no {', '.join(missing)}"
    return "" if callable(server.blueprint) else "its blueprint cannot be called"  # type: ignore[attr-defined]


@contextmanager
def _blamed(package: str, what: str) -> Iterator[None]:
    """Run another package's code: whatever it may raise is an InputError, which begins with `what`.

    Errors of ours say themselves what is wrong: a server raises one where it cannot do what is asked.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{what}: {type(error).__name__}: {error}", _remedy(package)) from error


def _remedy(package: str) -> str:
    return f"uninstall {package}, or have its author correct what it has in the group {GROUP}"


@cache
def _blueprints() -> TypeAdapter[Blueprint]:
    return TypeAdapter(Blueprint)


def _first_mistake(error: ValidationError) -> str:
    """The first of what is wrong: `parts.0.command: Input should be a valid tuple`."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
