"""Python's own WSGI server: one process, one thread, closes every connection."""

from bench.servers import Blueprint, Process, Server, Settings

_SERVE = (
    "import sys; from pkgutil import resolve_name; from wsgiref.simple_server import make_server; "
    "app, host, port = sys.argv[1:4]; make_server(host, int(port), resolve_name(app)).serve_forever()"
)


class Wsgiref(Server):
    """The server of `wsgiref.simple_server`."""

    name = "wsgiref"
    distribution = None
    summary = "Python's wsgiref: one process, one thread, closes every connection"
    remedy = "it comes with Python"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start its one process."""
        host, _, port = str(settings.address).partition(":")
        command = ("python", "-c", _SERVE, settings.app, host, port, *settings.options)
        return Blueprint((Process(command),), processes=1, threads=1, keeps_alive=False)


WSGIREF = Wsgiref()
