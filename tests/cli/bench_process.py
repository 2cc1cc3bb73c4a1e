"""The command `bench` as a process of its own, with proof that it leaves none behind."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.__main__ import main
from bench.results.model import Measurements
from bench.results.store import Store

ROOT = Path(__file__).parents[2]
BENCH = (sys.executable, "-m", "bench")
LONGEST_S = 200.0
SECRET = "the-secret-nobody-may-see"
SHORT = {"for": "1s", "launches": 1, "slice": "40ms"}


@dataclass(frozen=True)
class Ended:
    """A command that has ended: what it said, and which processes and temporary folders of it are left."""

    exit_code: int
    stdout: str
    stderr: str
    left: list[str]
    seconds: float = 0.0


def scenario(folder: Path, **parts: Any) -> Path:
    """A scenario file in this folder, by default a short one without a twin; JSON is YAML."""
    path = folder / "shop.yaml"
    whole = {"directory": str(ROOT), "servers": "waitress", "load": {"connections": 4}}
    measure = {"twin": False, **parts.pop("measure", SHORT)}
    path.write_text(json.dumps({**whole, **parts, "measure": measure}))
    return path


def bench(*arguments: str | Path, cwd: Path, command: tuple[str, ...] = BENCH, **options: Any) -> Ended:
    """Run `bench` to its end."""
    with started(*arguments, cwd=cwd, command=command, **options) as process:
        return ended(process, cwd)


def bench_here(*arguments: str | Path, cwd: Path) -> Ended:
    """Run `bench` in this process, which is quick: where it starts nothing, or should not."""
    before = psutil.Process().children(recursive=True)
    stdout, stderr = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        chdir(cwd),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        patch.setattr(tempfile, "tempdir", str(cwd))
        exit_code = main([str(argument) for argument in arguments])
    after = psutil.Process().children(recursive=True)
    left = [" ".join(_command_of(one)) for one in after if one not in before]
    return Ended(exit_code, stdout.getvalue(), stderr.getvalue(), left + _folders_in(cwd))


@contextmanager
def started(
    *arguments: str | Path, cwd: Path, command: tuple[str, ...] = BENCH, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A running `bench`, killed at the end if it still runs; TMPDIR marks it and all it starts."""
    environment = {**os.environ, "TMPDIR": str(cwd), "SHOP_SECRET": SECRET}
    with subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], cwd: Path) -> Ended:
    """Wait for the end of `bench`, and for no longer than the five seconds that what is left may take."""
    before = time.monotonic()
    stdout, stderr = process.communicate(timeout=LONGEST_S)
    seconds = time.monotonic() - before
    deadline = time.monotonic() + 5.0
    while (left := marked(cwd)) and time.monotonic() < deadline:
        psutil.wait_procs(left, timeout=0.1)
    commands = [" ".join(_command_of(one)) for one in left]
    return Ended(process.returncode, stdout, stderr, commands + _folders_in(cwd), seconds)


def _folders_in(cwd: Path) -> list[str]:
    return [str(folder) for folder in cwd.glob("bench-*")]


def marked(cwd: Path) -> list[psutil.Process]:
    """The processes that were started, by whomever, from a `bench` that was started in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if _is_marked(process, cwd) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _is_marked(process: psutil.Process, cwd: Path) -> bool:
    """By the variable, or, as nginx writes over its variables, by where its standard error goes."""
    if process.environ().get("TMPDIR") == str(cwd):
        return True
    return Path(f"/proc/{process.pid}/fd/2").readlink().is_relative_to(cwd / "results")


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return ["ended just now"]


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Read what `bench` says on standard error until it says this; returns all of it."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"{text!r} was never said, but:\n{said}")


def wait_for_blocks(folder: Path, count: int) -> None:
    """Wait until so many blocks are on disk."""
    deadline = time.monotonic() + LONGEST_S
    while len(list(folder.glob("results/*/blocks/*.json"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stored(cwd: Path) -> Measurements:
    """What the only run in this folder has measured."""
    (folder,) = (cwd / "results").iterdir()
    return Store(folder).read()


def assert_told_once(ended: Ended) -> None:
    """No traceback and no defect, but a message; and no process is left."""
    assert "Traceback" not in ended.stderr + ended.stdout
    assert "internal error" not in ended.stderr
    assert ended.stderr.strip()
    assert ended.left == []
