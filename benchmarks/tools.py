"""Programs of others that benchmarks run: found or asked for, started on their cores, ended in any case."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.conductor.processes.children import child_environment, start
from bench.conductor.processes.log import last_lines
from bench.errors import GeneratorFailed, InputError
from benchmarks.stage import Stage

_BEYOND_PATH = "/usr/local/sbin:/usr/sbin:/sbin"  # where Debian puts nginx, and users' PATH does not look
_STOP_PATIENCE_S = 10.0
_NOTHING: Mapping[str, str] = MappingProxyType({})


def installed(tool: str) -> str | None:
    """The path of a tool; None where it is not installed."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', os.defpath)}:{_BEYOND_PATH}")


def find(tool: str) -> str:
    """The path of a tool of Debian's. Raises InputError where it is not installed."""
    found = installed(tool)
    if found is None:
        raise InputError(f"{tool} is not installed", "apt-get install wrk nginx-light openssl")
    return found


def version_of(tool: str) -> str:
    """The version of wrk, wrk2 or nginx, as it says itself."""
    said = subprocess.run((find(tool), "-v"), capture_output=True, text=True, check=False, timeout=10)
    found = re.search(r"\d+\.\d+(?:\.\d+)?", said.stdout + said.stderr)
    return found[0] if found else "of unknown version"


@contextmanager
def running(
    stage: Stage,
    command: Sequence[str],
    *,
    cores: Sequence[int],
    log: Path,
    directory: Path | None = None,
    environment: Mapping[str, str] = _NOTHING,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that writes to the log; it is asked to end at the end, and killed where it does not."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with stage.interruption.held(), log.open("wb") as output:
            process = start(
                command,
                directory=directory or stage.folder,
                environment=child_environment(environment),
                cores=cores,
                output=output,
            )
        yield process
    finally:
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Ended:
    """A command that came to its end: its exit code, and what it printed."""

    code: int
    printed: str


def end_of(
    stage: Stage,
    command: Sequence[str],
    *,
    timeout_s: float,
    ends_with: Collection[int] = (0,),
    cores: Sequence[int] | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] = _NOTHING,
) -> Ended:
    """Run a command to its end, on the generator's core unless others are named.

    Raises GeneratorFailed where it does not end in time, or not with one of these exit codes.
    """
    log = stage.folder / "printed.txt"
    cores = cores or stage.machine.generator_cores
    with running(
        stage, command, cores=cores, log=log, directory=directory, environment=environment
    ) as process:
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise _failed(command, f"did not end within {timeout_s:.0f} s", log) from None
    if code not in ends_with:
        raise _failed(command, f"ended with exit code {code}", log)
    return Ended(code, log.read_text(errors="replace"))


def _failed(command: Sequence[str], what: str, log: Path) -> GeneratorFailed:
    return GeneratorFailed(f"{Path(command[0]).name} {what}", "\n  ".join(last_lines(log)))
