"""Flask's development server: Werkzeug, one process, a thread for each connection, no keep-alive.

The request log is switched off before Flask's own command runs, as no option does it, because no other
server here logs requests; the reloader is off because its child outlives a killed parent. As it comes, it
logs every request. The floor is served by the `run_simple` that `flask run` itself calls. Before 2.2 there
are variables in place of options, and until 2.2.3 `--no-debug` stands before `run` only.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Ability, Address, Blueprint, Port, Process, Server, Settings

_SILENT = "import logging; logging.getLogger('werkzeug').setLevel('ERROR'); "
_FLASK = "from flask.cli import main; main()"
_FLOOR = (
    "import sys; from werkzeug.serving import run_simple; from werkzeug.utils import import_string; "
    "app, host, port, *certificate = sys.argv[1:]; "
    "run_simple(host, int(port), import_string(app), threaded=True, "
    "ssl_context=tuple(certificate) or None)"
)


@dataclass(frozen=True)
class FlaskDevelopmentServer(Server):
    """What `flask run` starts."""

    name: str = "flask"
    distribution: str | None = "flask"
    summary: str = "Flask's development server: one process, closes every connection"
    remedy: str = "pip install flask"
    abilities: frozenset[Ability] = frozenset({"tls"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start Flask's own command for an app, and what it stands on for the floor."""
        silent = "" if settings.is_shipped else _SILENT
        if settings.framework_app:
            command, variables = _flask_run(settings, silent)
        else:
            command, variables = _floor(settings, silent), {}
        remarks = ["one process, a new thread for every connection, closes each after one answer"]
        if settings.is_shipped:
            remarks.append("logs every request, as it does by default")
        return Blueprint(
            parts=(Process(command, variables, name=self.name, listens=settings.address),),
            processes=1,
            threads=settings.at_once,
            keeps_alive=False,
            remarks=tuple(remarks),
        )


def _flask_run(settings: Settings, silent: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command line, and the variables that say what older versions have no options for."""
    host, port = _host_and_port(settings.address)
    certificate = (
        () if settings.tls is None else ("--cert", settings.tls.certificate, "--key", settings.tls.key)
    )
    flask = ("python", "-c", silent + _FLASK)
    run = (
        "run", "--host", host, "--port", port, "--no-reload", "--with-threads", *certificate,
        *settings.options,
    )  # fmt: skip
    if settings.is_at_least(2, 2):
        return (*flask, "--app", settings.app, "--no-debug", *run), {}
    return (*flask, *run), {"FLASK_APP": settings.app, "FLASK_DEBUG": "0"}


def _floor(settings: Settings, silent: str) -> tuple[str, ...]:
    certificate = () if settings.tls is None else (settings.tls.certificate, settings.tls.key)
    address = _host_and_port(settings.address)
    return ("python", "-c", silent + _FLOOR, settings.app, *address, *certificate)


def _host_and_port(address: Address) -> tuple[str, str]:
    if isinstance(address, Port):
        return address.host, str(address.number)
    raise TypeError("Flask's development server is not asked to listen on a unix socket")
