"""Cheroot, the server of CherryPy: one process, so it gets as many threads as the others have in all.

It keeps no more than ten connections that wait for a request and closes the others, and lets five wait to be
accepted; the first of the two has no option, so it is set before its own command runs. That command knows no
TLS. As it comes it has ten threads, and closes a connection after 10 s without a request.

A `cheroot.py` of the app's folder would be found before it, so the folder is off the path until it is there.
Its command takes plain attributes of modules only, so an app that is made by a call is made before, and put
where the command looks for it.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Ability, Blueprint, Process, Server, Settings, UnixSocket
from bench.servers.loading import PATH_WITH_THE_APP, PATH_WITHOUT_THE_APP, load_app

_CHEROOT = f"{PATH_WITHOUT_THE_APP}from cheroot import cli, server; {PATH_WITH_THE_APP}"
_KEEP_ALL = "server.HTTPServer.keep_alive_conn_limit = None; "
_RUN = f"{load_app('sys.argv[-1]')}setattr(module, name, app); cli.main()"
_THREADS = 10
_KEPT = 10


@dataclass(frozen=True)
class Cheroot(Server):
    """Cheroot, from its own command."""

    name: str = "cheroot"
    distribution: str | None = "cheroot"
    summary: str = "cheroot, the server of CherryPy: one process with threads, keep-alive"
    remedy: str = "pip install cheroot"
    abilities: frozenset[Ability] = frozenset({"unix"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start its one process."""
        threads = _THREADS if settings.is_shipped else settings.processes * settings.threads
        keep_all, chosen = ("", ()) if settings.is_shipped else (_KEEP_ALL, _equal(threads))
        bind = settings.address.path if isinstance(settings.address, UnixSocket) else str(settings.address)
        command = (
            "python", "-c", _CHEROOT + keep_all + _RUN, "--bind", bind, *chosen, *settings.options,
            settings.app,
        )  # fmt: skip
        return Blueprint(
            parts=(Process(command, name=self.name, listens=settings.address),),
            processes=1,
            threads=threads,
            keeps_alive=_keeps_alive(settings),
            remarks=_remarks(settings),
        )


def _equal(threads: int) -> tuple[str, ...]:
    return (
        "--threads", str(threads), "--max-threads", str(threads), "--timeout", "75",
        "--request-queue-size", "1024", "--shutdown-timeout", "5",
    )  # fmt: skip


def _keeps_alive(settings: Settings) -> bool | None:
    """As it comes it keeps some and closes others, where there are many."""
    return True if not settings.is_shipped or settings.connections <= _KEPT else None


def _remarks(settings: Settings) -> tuple[str, ...]:
    if not settings.is_shipped:
        return ("always one process",)
    return (
        "always one process",
        f"keeps {_KEPT} connections and closes the others after one answer, as it does by default",
        "lets 5 connections wait to be accepted, as it does by default: more at once may be a second late",
    )
