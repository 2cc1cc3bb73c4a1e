"""The configuration file of Apache with mod_wsgi, and how values are written in it."""

from dataclasses import dataclass

from bench.errors import InputError
from bench.servers.blueprint import Settings, StaticFiles
from bench.servers.media_types import MEDIA_TYPES
from bench.servers.socket_path import short_enough

CONFIGURATION = "httpd.conf"
SCRIPT = "application.wsgi"

_MODULES = "/usr/lib/apache2/modules"  # Debian's
_GROUP = "app"
_LONGEST_ENDING = (
    ".4194304.0.1.sock"  # of the daemon processes' socket: Apache's process id, two small numbers
)
_TRUST = ["WSGITrustedProxies 127.0.0.1", "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto"]
_MANY = 1_000_000  # connections that a process takes although it has fewer threads


@dataclass(frozen=True)
class Workers:
    """Apache's own processes, and the threads of each."""

    processes: int
    threads: int


def configuration(settings: Settings, workers: Workers, *, daemon: bool) -> str:
    """The whole file, for a start that defines the variable `dollar` and loads mod_wsgi first.

    Raises InputError where a path has a line break, or that of the daemon processes' socket is too long.
    """
    return "".join(f"{line}\n" for line in [
        f"ServerRoot {quoted(settings.folder)}",
        "ServerName 127.0.0.1",
        f"Listen {settings.address}",
        "PidFile httpd.pid",
        "Mutex pthread default",
        "ErrorLog /dev/stderr",
        "LogLevel warn",
        *_modules(settings),
        *_workers(workers),
        *([] if settings.is_shipped else _equal()),
        '<Directory "/">',
        "    Require all granted",
        "</Directory>",
        *_tls(settings),
        *_static(settings.static),
        *(_TRUST if settings.proxied else []),
        *(_daemon(settings) if daemon else [_script_alias(settings, "%{GLOBAL}")]),
    ])  # fmt: skip


def script(settings: Settings) -> str:
    """The script by which mod_wsgi finds the app, after it has entered the app's folder."""
    module, _, attribute = settings.app.partition(":")
    return (
        f"import os\nimport sys\n\nos.chdir({settings.directory!r})\nsys.path.insert(0, os.getcwd())\n\n"
        f"from {module} import {attribute.partition('.')[0]}\n\napplication = {attribute}\n"
    )


def quoted(value: str) -> str:
    """The value as one word of a directive that means itself. Raises InputError where it has a line break."""
    if "\n" in value or "\r" in value:
        raise InputError(f"Apache reads no line break in the path of a file: {value!r}", "rename the folder")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}")
    return f'"{escaped}"'


def _modules(settings: Settings) -> list[str]:
    names = ["mpm_event", "authz_core"]
    names += ["ssl"] if settings.tls else []
    names += ["alias", "mime"] if settings.static else []
    return [f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in names]


def _workers(workers: Workers) -> list[str]:
    """Always as many processes, each with its threads: none that ends, and none that comes later."""
    every = workers.processes * workers.threads
    return [
        f"ThreadLimit {workers.threads}",
        f"ThreadsPerChild {workers.threads}",
        f"ServerLimit {workers.processes}",
        f"StartServers {workers.processes}",
        f"MaxRequestWorkers {every}",
        "MinSpareThreads 1",
        f"MaxSpareThreads {every}",
    ]


def _equal() -> list[str]:
    """Connections that are kept, and none that is refused; no look at the script for each request."""
    return [
        "KeepAlive On",
        "KeepAliveTimeout 75",
        "MaxKeepAliveRequests 0",
        "ListenBacklog 2048",
        "MaxConnectionsPerChild 0",
        f"AsyncRequestWorkerFactor {_MANY}",
        "EnableSendfile On",
        "WSGIScriptReloading Off",
    ]


def _tls(settings: Settings) -> list[str]:
    if settings.tls is None:
        return []
    return [
        "SSLEngine on",
        "SSLSessionCache none",  # tickets do without one
        f"SSLCertificateFile {quoted(settings.tls.certificate)}",
        f"SSLCertificateKeyFile {quoted(settings.tls.key)}",
    ]


def _static(static: StaticFiles | None) -> list[str]:
    if static is None:
        return []
    return [
        f"Alias {quoted(static.prefix.rstrip('/') + '/')} {quoted(static.folder.rstrip('/') + '/')}",
        "TypesConfig /dev/null",
        *(f"AddType {media_type} {endings}" for media_type, endings in MEDIA_TYPES.items()),
    ]


def _daemon(settings: Settings) -> list[str]:
    home = f"home={quoted(settings.directory)}"  # otherwise the user's, and it must be there
    short_enough(settings.file("wsgi" + _LONGEST_ENDING))
    size = f"processes={settings.processes} threads={settings.threads} listen-backlog=2048"
    return [
        "WSGIRestrictEmbedded On",
        f"WSGISocketPrefix {quoted(settings.file('wsgi'))}",
        f"WSGIDaemonProcess {_GROUP} {home}{'' if settings.is_shipped else ' ' + size}",
        _script_alias(settings, _GROUP),
    ]


def _script_alias(settings: Settings, group: str) -> str:
    """Where process and interpreter are named, the app is imported at the start and not by a request."""
    path = quoted(settings.file(SCRIPT))
    return f"WSGIScriptAlias / {path} process-group={group} application-group=%{{GLOBAL}}"
