"""Servers of other packages: what they name in the entry-point group `bench.servers`.

An entry is an object of the `Server` protocol. They are loaded when servers are first asked for, and never
where nothing asks, for looking through what is installed takes time.
"""

from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points

from bench.errors import InputError
from bench.servers.blueprint import Server

GROUP = "bench.servers"
_MEMBERS = (
    "name", "distribution", "summary", "remedy", "programs", "requires", "abilities", "blueprint",
)  # fmt: skip


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


def _loaded(entry: EntryPoint, package: str) -> Server:
    """The object of an entry point."""
    remedy = f"uninstall {package}, or have its author correct the entry point of the group {GROUP}"
    try:
        server = entry.load()
    except (Exception, SystemExit) as error:  # whatever another package's code may raise
        raise InputError(
            f"the server {entry.name} of {package} cannot be loaded: {type(error).__name__}: {error}", remedy
        ) from error
    wrong = _what_is_wrong_with(server)
    if wrong:
        raise InputError(f"{entry.value} of {package} is no server: {wrong}", remedy)
    checked: Server = server
    return checked


def _what_is_wrong_with(server: object) -> str:
    """Why this is no object of the `Server` protocol; empty where it is one."""
    if isinstance(server, type):
        return "it is a class, where an object of it is needed"
    missing = [member for member in _MEMBERS if not hasattr(server, member)]
    if missing:
        return f"it has no {', '.join(missing)}"
    if not isinstance(server.name, str) or not server.name:  # type: ignore[attr-defined]  # just looked for
        return "its name is not a text"
    return "" if callable(server.blueprint) else "its blueprint cannot be called"  # type: ignore[attr-defined]
