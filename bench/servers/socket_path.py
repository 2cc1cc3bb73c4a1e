"""The paths of unix sockets, which the system keeps short."""

from bench.errors import InputError

LONGEST = 107  # bytes of sun_path, less the zero that ends it


def short_enough(path: str, remedy: str = "") -> str:
    """The path. Raises InputError where it is too long; the remedy may be another than a shorter one."""
    if len(path.encode()) > LONGEST:
        shorter = "have the folder of temporary files at a shorter path, such as TMPDIR=/tmp"
        raise InputError(
            f"the path of a unix socket would have more than {LONGEST} bytes: {path}",
            f"{remedy}, or {shorter}" if remedy else shorter,
        )
    return path
