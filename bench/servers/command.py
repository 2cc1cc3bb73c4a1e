"""Any other server that takes a port: the command line that the scenario gives.

`{host}`, `{port}` and `{folder}` stand for where it must listen and for a folder of its own; other braces
are left as they are. Nothing is known of it that the scenario does not say.
"""

from dataclasses import dataclass

from bench.servers.blueprint import Blueprint, Process, Server, Settings


@dataclass(frozen=True)
class Command(Server):
    """A server by its command line."""

    name: str = "command"
    distribution: str | None = None
    summary: str = "anything else that takes a port, by its command line"
    remedy: str = "name a program of the app's environment, or one that is on the PATH"

    def blueprint(self, settings: Settings) -> Blueprint:
        """Start the command, with the words filled in."""
        command = tuple(_filled_in(word, settings) for word in settings.command)
        part = Process(
            (*command, *settings.options), processes=None, name=self.name, listens=settings.address
        )
        return Blueprint(parts=(part,), processes=None, threads=None, keeps_alive=None)


def _filled_in(word: str, settings: Settings) -> str:
    """One word of the command line. Raises TypeError where the address is a unix socket."""
    host = str(settings.address).removesuffix(f":{settings.port}")
    values = {"{host}": host, "{port}": str(settings.port), "{folder}": settings.folder}
    for placeholder, value in values.items():
        word = word.replace(placeholder, value)
    return word
