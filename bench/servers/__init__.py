"""The servers there are, each in a module of its own that describes how to launch it."""

from bench.servers.blueprint import Blueprint, Process, Server, Settings
from bench.servers.flask_dev import FlaskDevelopmentServer
from bench.servers.gunicorn import GTHREAD, SYNC
from bench.servers.uwsgi import Uwsgi
from bench.servers.waitress import Waitress

__all__ = ["SERVERS", "Blueprint", "Process", "Server", "Settings", "server_names"]

_BUILT_IN: tuple[Server, ...] = (FlaskDevelopmentServer(), GTHREAD, SYNC, Uwsgi(), Waitress())
SERVERS: dict[str, Server] = {server.name: server for server in _BUILT_IN}


def server_names() -> tuple[str, ...]:
    """The names a scenario may use."""
    return tuple(SERVERS)
