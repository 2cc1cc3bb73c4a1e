"""Waitress: one process whatever is wanted, so it gets as many threads as the others have in all.

Its default limit of 100 connections lets the next ones hang; `poll` lifts the limit of `select`. Its own
command warns of every request that has to wait, a line each: no other server here logs requests, and no
option does it, so that log is switched off before the command runs.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Blueprint, Process, Settings

_SILENT = "import logging; logging.getLogger('waitress.queue').setLevel('ERROR')"
_WAITRESS = f"{_SILENT}; from waitress.runner import run; run()"


@dataclass(frozen=True)
class Waitress:
    """Waitress, from its own command."""

    name: str = "waitress"
    distribution: str = "waitress"
    summary: str = "waitress: one process with threads, keep-alive"
    remedy: str = "pip install waitress"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start its one process."""
        threads = settings.processes * settings.threads
        command = (
            "python", "-c", _WAITRESS, f"--listen=127.0.0.1:{settings.port}", f"--threads={threads}",
            f"--connection-limit={max(100, 2 * settings.connections)}", "--channel-timeout=75",
            "--asyncore-use-poll", *settings.options, settings.app,
        )  # fmt: skip
        return Blueprint(
            parts=(Process(command),),
            processes=1,
            threads=threads,
            keeps_alive=True,
            remarks=("always one process",),
        )
