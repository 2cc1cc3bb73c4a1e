"""A file that a command writes its result to: proven to be writable before anything is measured."""

import os
import tempfile
from pathlib import Path

import click

from bench.errors import InputError
from bench.results.store import write_whole

STANDARD_OUTPUT = "-"


def require_writable(where: str) -> None:
    """Raise InputError where this file could not be written now. Whatever is in it stays as it is."""
    if where == STANDARD_OUTPUT:
        return
    path = Path(where)
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if _is_no_file(path):
            if not os.access(path, os.W_OK):
                raise PermissionError(0, "it may not be written to")
        else:
            with tempfile.TemporaryFile(dir=path.parent):
                pass  # there is a folder, and it takes new files: the old one will be replaced by a new one
    except OSError as error:
        raise InputError(
            f"cannot write {where}: {(error.strerror or str(error)).lower()}",
            "name a file that can be written",
        ) from error


def write_output(where: str, data: bytes) -> None:
    """Write the file whole, or to standard output where it is `-`. Raises InputError."""
    if where == STANDARD_OUTPUT:
        click.echo(data.decode().rstrip("\n"))
        return
    path = Path(where)
    try:
        if _is_no_file(path):
            path.write_bytes(data)
        else:
            write_whole(path, data)
    except OSError as error:
        raise InputError(f"cannot write {where}: {error.strerror}") from error


def _is_no_file(path: Path) -> bool:
    """Whether this is /dev/stdout, a pipe or a link: to be written to, and never to be replaced."""
    return path.is_symlink() or (path.exists() and not path.is_file())
