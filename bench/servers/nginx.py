"""nginx as a proxy: in front of one or several backends, over unix sockets or TCP on loopback.

It speaks HTTP/1.1 to backends that keep connections and keeps as many as there are clients, and uWSGI's own
protocol to those that know it, which has no keep-alive. Backends are taken in turn, the turn shared by its
workers, and none is ever left out because it failed. As it comes (`shipped`) it speaks HTTP/1.0 upstream,
connects anew for each request, and has as many workers as the machine has cores.

Its configuration names sockets by their absolute paths, for those are relative to nowhere; all its other
files are relative to the deployment's folder, its prefix. Started by root its workers stay root: as another
user they could not enter the folder. Needs nginx 1.19.5 or newer, the first to know `-e`.
"""

from dataclasses import replace
from typing import Literal

from bench.errors import InputError
from bench.servers.blueprint import (
    Address,
    Blueprint,
    Port,
    Process,
    Program,
    Server,
    Settings,
    UnixSocket,
)
from bench.servers.nginx_configuration import Upstream, configuration
from bench.servers.socket_path import short_enough

NGINX = Program("nginx", ("nginx", "-v"), "apt-get install nginx-light")

_CONFIGURATION = "nginx.conf"
_FIRST_BACKEND = 2  # 127.0.0.1 is the proxy's


def behind_nginx(
    backend: Server, settings: Settings, over: Literal["unix", "tcp"], backends: int
) -> Blueprint:
    """Put the server behind nginx, which listens where the settings say, ends TLS and serves the files.

    Each of the `backends` has the processes and threads of the settings. Raises InputError where the server
    cannot listen on a unix socket or is several parts itself, or where the path of a socket is too long.
    """
    uwsgi = "uwsgi" in backend.abilities
    if over == "unix" and not uwsgi and "unix" not in backend.abilities:
        raise InputError(f"{backend.name} cannot listen on a unix socket", "write `over: tcp`")
    names = [backend.name] if backends == 1 else [f"{backend.name}-{i + 1}" for i in range(backends)]
    addresses = _addresses(settings, over, backends)
    behind = [
        _backend(backend, name, replace(settings, address=address, protocol="uwsgi" if uwsgi else "http"))
        for name, address in zip(names, addresses, strict=True)
    ]
    keeps = not uwsgi and behind[0].keeps_alive is not False
    nginx, text = _nginx(settings), configuration(settings, Upstream(addresses, uwsgi, keeps))
    return Blueprint(
        parts=(*(part for one in behind for part in one.parts), nginx),
        processes=_total([one.processes for one in behind]),
        threads=behind[0].threads,
        keeps_alive=True,
        remarks=tuple(f"{backend.name} behind nginx: {remark}" for remark in behind[0].remarks),
        files={**{name: text for one in behind for name, text in one.files.items()}, _CONFIGURATION: text},
    )


def _nginx(settings: Settings) -> Process:
    # How many workers `auto` makes is the machine's number of cores, which nobody asks here.
    processes = None if settings.is_shipped else 1 + settings.cores
    command = ("nginx", "-p", settings.folder, "-c", _CONFIGURATION, "-e", "stderr")
    return Process(command, processes=processes, name="nginx")


def _addresses(settings: Settings, over: Literal["unix", "tcp"], backends: int) -> tuple[Address, ...]:
    """Where the backends listen: sockets in the folder, or the port's number at addresses of their own."""
    if over == "tcp":
        return tuple(Port(f"127.0.0.{i + _FIRST_BACKEND}", settings.port) for i in range(backends))
    paths = [settings.file(f"backend-{i + 1}.sock") for i in range(backends)]
    return tuple(UnixSocket(short_enough(path, "write `over: tcp`")) for path in paths)


def _backend(backend: Server, name: str, settings: Settings) -> Blueprint:
    """One backend, its part named and told where it listens; for files it has a folder of its own.

    Raises InputError where it is several parts already.
    """
    alone = replace(settings, tls=None, static=None, proxied=True)
    blueprint = backend.blueprint(replace(alone, folder=settings.file(name)))
    files = {f"{name}/{file}": text for file, text in blueprint.files.items()}
    if not files:
        blueprint = backend.blueprint(alone)
    if len(blueprint.parts) > 1:
        what = f"{backend.name} is made of several parts, and only one can stand behind nginx"
        raise InputError(what, "leave `behind` out")
    (part,) = blueprint.parts
    return replace(blueprint, parts=(replace(part, name=name, listens=settings.address),), files=files)


def _total(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
