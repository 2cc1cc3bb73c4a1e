"""A temporary folder for what a run needs beside the app: gone in the end, in whatever way that comes."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.keeper import Keeper


def new_folder() -> Path:
    """The path of a folder that is not there yet; short, for there will be sockets in it."""
    return Path(tempfile.gettempdir()).resolve() / f"bench-{secrets.token_hex(4)}"


@contextmanager
def temporary_folder(interruption: Interruption) -> Iterator[Path]:
    """A folder for us alone. Its keeper is there before it, and removes it in whatever way we end."""
    folder = new_folder()
    keeper = Keeper(folder)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        interruption.shield()
        keeper.stop()
