"""Gunicorn, with threads and keep-alive (`gthread`) or one request at a time (`sync`).

`sync` never keeps a connection; its one thread a worker is all it has. The control socket, on by default
since 25.1 at one path a user, would make two gunicorns collide.

It is started through Python, as the command of that name does: where an environment sees the system's
packages, that command may be the system's, and would run in the system's Python. `python -m` would find a
`gunicorn.py` of the app's folder first, so the folder is off the path until gunicorn itself puts it there.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Blueprint, Process, Settings

_GUNICORN = (
    "import sys; sys.path[:] = filter(None, sys.path); sys.argv[0] = 'gunicorn'; "
    "from gunicorn.app.wsgiapp import run; run()"
)


@dataclass(frozen=True)
class Gunicorn:
    """Gunicorn with one of its worker classes."""

    name: str
    worker_class: str
    summary: str
    threaded: bool
    keeps_alive: bool
    distribution: str = "gunicorn"
    remedy: str = "pip install gunicorn"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start a master and its workers."""
        threads = settings.threads if self.threaded else 1
        command = [
            "python", "-c", _GUNICORN, settings.app, "--bind", f"127.0.0.1:{settings.port}",
            "--worker-class", self.worker_class, "--workers", str(settings.processes),
            "--backlog", "2048", "--worker-tmp-dir", "/dev/shm",  # noqa: S108  (gunicorn's own advice)
            "--graceful-timeout", "5",
        ]  # fmt: skip
        if settings.is_at_least(25, 1):
            command += ["--no-control-socket"]
        if self.threaded:
            command += [
                "--threads", str(threads), "--keep-alive", "75",
                "--worker-connections", str(max(1000, settings.connections + threads)),
            ]  # fmt: skip
        return Blueprint(
            parts=(Process((*command, *settings.options), processes=1 + settings.processes),),
            processes=settings.processes,
            threads=threads,
            keeps_alive=self.keeps_alive,
            remarks=() if self.keeps_alive else ("closes each connection after one answer",),
        )


GTHREAD = Gunicorn(
    name="gunicorn",
    worker_class="gthread",
    summary="gunicorn with gthread workers: processes x threads, keep-alive",
    threaded=True,
    keeps_alive=True,
)
SYNC = Gunicorn(
    name="gunicorn-sync",
    worker_class="sync",
    summary="gunicorn with sync workers: one request a process, closes every connection",
    threaded=False,
    keeps_alive=False,
)
