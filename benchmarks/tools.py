"""Programs of others that benchmarks run: found or asked for, started on their cores, ended in any case."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from bench.conductor.children import child_environment, start
from bench.conductor.log import last_lines
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


def end_of(
    stage: Stage,
    command: Sequence[str],
    *,
    timeout_s: float,
    cores: Sequence[int] | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] = _NOTHING,
) -> tuple[int, str]:
    """Run a command to its end, on the generator's core unless others are named: its exit code, its output.

    Raises GeneratorFailed where it does not end in time.
    """
    printed = stage.folder / "printed.txt"
    cores = cores or stage.machine.generator_cores
    with running(
        stage, command, cores=cores, log=printed, directory=directory, environment=environment
    ) as process:
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            what = f"{Path(command[0]).name} did not end within {timeout_s:.0f} s"
            raise GeneratorFailed(what, "\n  ".join(last_lines(printed))) from None
    return code, printed.read_text(errors="replace")


def output_of(
    stage: Stage,
    command: Sequence[str],
    *,
    timeout_s: float,
    cores: Sequence[int] | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] = _NOTHING,
) -> str:
    """What a command printed that ended well, run as by `end_of`.

    Raises GeneratorFailed where it ends badly, or not in time.
    """
    code, printed = end_of(
        stage, command, timeout_s=timeout_s, cores=cores, directory=directory, environment=environment
    )
    if code != 0:
        last = last_lines(stage.folder / "printed.txt")
        raise GeneratorFailed(f"{Path(command[0]).name} ended with exit code {code}", "\n  ".join(last))
    return printed
