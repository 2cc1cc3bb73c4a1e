"""uWSGI behind its own HTTP router, the mode in which it keeps connections without pinning a thread to each.

The router is an extra process and its CPU counts. SIGTERM reloads uWSGI 2.0 unless `--die-on-term`; it does
not start with a listen queue above the system's limit; TCP_NODELAY is off unless asked for, and the router
never sets it for clients. It passes answers on in pieces of its buffer's size, 4 kB unless told otherwise:
the last piece of a larger answer then waits 40 ms for the client's delayed acknowledgement.
"""

from dataclasses import dataclass
from pathlib import Path

from bench.servers.blueprint import Blueprint, Process, Settings

_SOMAXCONN = Path("/proc/sys/net/core/somaxconn")


@dataclass(frozen=True)
class Uwsgi:
    """uWSGI with a master, workers with threads, and the HTTP router in front."""

    name: str = "uwsgi"
    distribution: str = "uwsgi"
    summary: str = "uWSGI behind its HTTP router: processes x threads, keep-alive"
    remedy: str = "pip install uwsgi (needs a C compiler and Python's headers)"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start the master, which starts router and workers."""
        command = (
            "uwsgi", "--master", "--http", f"127.0.0.1:{settings.port}", "--http-keepalive=75",
            "--http-buffer-size", "65536",
            "--module", settings.app, "--pythonpath", ".",
            "--processes", str(settings.processes), "--threads", str(settings.threads),
            "--die-on-term", "--no-orphans", "--need-app", "--single-interpreter", "--disable-logging",
            "--tcp-nodelay", "--listen", str(_listen_queue()), "--worker-reload-mercy", "5",
            *settings.options,
        )  # fmt: skip
        return Blueprint(
            parts=(Process(command, processes=2 + settings.processes),),
            processes=settings.processes,
            threads=settings.threads,
            keeps_alive=True,
            remarks=(
                "its HTTP router is one more process; its CPU time is counted",
                "its HTTP router leaves Nagle's algorithm on: answers above 64 kB, or streamed, may stall",
            ),
        )


def _listen_queue() -> int:
    try:
        return min(1024, int(_SOMAXCONN.read_text()))
    except (OSError, ValueError):
        return 100
