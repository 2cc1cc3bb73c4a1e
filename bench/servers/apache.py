"""Apache with mod_wsgi: the app in daemon processes of its own, or embedded in Apache's own processes.

In daemon mode Apache's processes (one for each core) pass requests on to the app's. In embedded mode they
run the app themselves. Either way a thread of Apache's is taken while a request is answered, and while all
are taken Apache closes connections that were to be kept: there must be more of them than requests at once.

Apache is started in the foreground by a small program of ours in the app's Python, which knows where its
mod_wsgi is, and with a configuration of our own that has no more modules than it needs.
"""

from dataclasses import dataclass

from bench.servers.apache_configuration import CONFIGURATION, SCRIPT, Workers, configuration, script
from bench.servers.apache_start import START
from bench.servers.blueprint import Ability, Blueprint, Process, Program, Server, Settings

APACHE = Program("apache2", ("apache2", "-v"), "apt-get install apache2-bin")

_START = "start_apache.py"
_DEFAULT_DAEMON = (1, 15)  # mod_wsgi's own processes and threads
_DEFAULT_THREADS = 25  # of each of Apache's processes,
_DEFAULT_PROCESSES = 3  # of which it has so many at first,
_MOST_PROCESSES = 16  # so many at most,
_DEFAULT_SPARE = 75  # and enough to have so many threads to spare
_MOST_THREADS = 20_000
_THREADS_BESIDE = 16  # that have answered and are not idle again yet


@dataclass(frozen=True)
class Apache(Server):
    """Apache with mod_wsgi in one of its two modes."""

    name: str = "apache"
    daemon: bool = True
    summary: str = "Apache and mod_wsgi in daemon mode: processes x threads behind Apache, keep-alive"
    distribution: str | None = "mod_wsgi"
    remedy: str = "pip install --no-cache-dir mod_wsgi (needs a C compiler; Debian: apache2-dev, python3-dev)"
    programs: tuple[Program, ...] = (APACHE,)
    abilities: frozenset[Ability] = frozenset({"tls", "static"})

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start Apache's control process, which starts the others. Raises InputError as its configuration."""
        workers = self._workers(settings)
        processes, threads = self._size(settings, workers)
        command = ("python", settings.file(_START), settings.folder, *settings.options)
        every = 1 + workers.processes + (processes if self.daemon else 0)
        return Blueprint(
            parts=(Process(command, processes=every, name=self.name, listens=settings.address),),
            processes=processes,
            threads=threads,
            keeps_alive=True,
            remarks=tuple(self._remarks(settings)),
            files={
                _START: START,
                CONFIGURATION: configuration(settings, workers, daemon=self.daemon),
                SCRIPT: script(settings),
            },
        )

    def _workers(self, settings: Settings) -> Workers:
        """Apache's own processes; as it comes, as many as it would come to have under this load."""
        if settings.is_shipped:
            needed = _rounded_up(settings.at_once + _DEFAULT_SPARE, _DEFAULT_THREADS)
            return Workers(min(max(needed, _DEFAULT_PROCESSES), _MOST_PROCESSES), _DEFAULT_THREADS)
        processes = settings.cores if self.daemon else settings.processes
        # Some processes have more connections than others, and with two all may have gone to one.
        share = _rounded_up(2 * settings.at_once, processes) if self.daemon else settings.at_once
        threads = max(settings.threads, share + _THREADS_BESIDE)
        return Workers(processes, min(threads, _MOST_THREADS))

    def _size(self, settings: Settings, workers: Workers) -> tuple[int, int]:
        """Processes and threads that run the app."""
        if not self.daemon:
            return workers.processes, workers.threads
        return _DEFAULT_DAEMON if settings.is_shipped else (settings.processes, settings.threads)

    def _remarks(self, settings: Settings) -> list[str]:
        remarks = []
        if self.daemon:
            remarks.append("Apache's own processes, which pass requests on, are counted")
        elif not settings.is_shipped:
            remarks.append(
                "a thread for each request at once: with fewer it closes connections that are kept"
            )
        if settings.is_shipped:
            remarks.append("closes connections after 100 requests, as it does by default")
        return remarks


def _rounded_up(number: int, divisor: int) -> int:
    return -(-number // divisor)


DAEMON = Apache()
EMBEDDED = Apache(
    name="apache-embedded",
    daemon=False,
    summary="Apache and mod_wsgi in embedded mode: the app in Apache's own processes, keep-alive",
)
