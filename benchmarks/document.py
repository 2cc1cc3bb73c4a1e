"""The document that keeps the results: one marked block for each benchmark, replaced as a whole."""

import platform
from datetime import UTC, datetime
from pathlib import Path

from bench.errors import InputError
from bench.results.model import Machine
from bench.results.store import write_whole

_END = "<!-- end -->"


def write_block(document: Path, benchmark: str, text: str) -> None:
    """Replace the benchmark's block. Raises InputError where the document has none or cannot be written."""
    try:
        before = document.read_text(encoding="utf-8")
        write_whole(document, with_block(before, benchmark, text).encode())
    except OSError as error:
        raise InputError(f"cannot write {document}: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise InputError(
            f"{document}: {error}", f"add `{_begin(benchmark)}` and `{_END}`, a line each"
        ) from error


def with_block(document: str, benchmark: str, text: str) -> str:
    """The document with this text in the benchmark's block. Raises ValueError where it has no such block."""
    head, begin, rest = document.partition(_begin(benchmark))
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"there is no block for the results of {benchmark}")
    return f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}"


def _begin(benchmark: str) -> str:
    return f"<!-- results: {benchmark} -->"


def machine_line(machine: Machine, day: datetime | None = None) -> str:
    """The machine in one line: nothing in it names a host or a folder."""
    kind = "virtual machine" if machine.hypervisor else "machine"
    return (
        f"Taken on {(day or datetime.now(UTC)):%Y-%m-%d} on a {kind} with {machine.cores} cores "
        f"({machine.cpu_model}), Linux {machine.kernel}, Python {platform.python_version()}."
    )
