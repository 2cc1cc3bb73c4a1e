"""What a child writes, and the end of it, fit to be shown: it may be of any size, and hold anything."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO

LINES = 12
_TAIL_BYTES = 64 * 1024
_LONGEST_LINE = 500
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def opened(log: Path) -> IO[bytes]:
    """The log, for a child to write to; where it cannot be written, nowhere: the child runs all the same.

    The disk may be full, or the folder of the run be gone, and some children clear up.
    """
    try:
        return log.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def last_lines(log: Path, most: int = LINES) -> tuple[str, ...]:
    """The last lines that are not empty, without colours and whatever else a terminal would act on."""
    tail = b""
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    lines = (_shown(line) for line in tail.decode(errors="replace").splitlines())
    return tuple(line[:_LONGEST_LINE] for line in lines if line.strip())[-most:]


def _shown(line: str) -> str:
    plain = _COLOURS.sub("", line).expandtabs()
    return "".join(char if char.isprintable() else "\ufffd" for char in plain)
