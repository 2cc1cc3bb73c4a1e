"""A child that is attended: when nobody waits for it any more, it is ended with all that it has started."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.conductor.processes import family
from bench.conductor.processes.children import start


@contextmanager
def attended(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    piped: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """A child as `start` starts it, on every core there is, for as long as this is entered.

    Raises ServerFailed where it cannot be run.
    """
    nonce = family.new_nonce()
    process = start(
        command,
        directory=directory,
        environment={**environment, family.NONCE_VARIABLE: nonce},
        cores=sorted(os.sched_getaffinity(0)),
        output=output,
        piped=piped,
    )
    try:
        yield process
    finally:
        family.end(family.members(process, nonce))
        process.wait()
