"""Set-up and the rules of the test session, run as somebody would run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.files import ROOT


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def python_that_is(version: str, folder: Path) -> str:
    """Return the path of a command that answers as an older Python does."""
    command = folder / "python"
    command.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python {version}' && exit\nexit 1\n")
    command.chmod(0o755)
    return str(command)


def test_set_up_takes_the_python_it_is_told() -> None:
    found = run("tools/find-python", PYTHON=sys.executable)
    assert found.stdout.strip() == sys.executable


def test_set_up_names_the_version_of_a_python_that_is_too_old(tmp_path: Path) -> None:
    refused = run("tools/setup", PYTHON=python_that_is("3.9.18", tmp_path))
    assert refused.returncode != 0
    assert "Python 3.11 or newer is needed" in refused.stdout
    assert "is Python 3.9.18" in refused.stdout


def test_set_up_says_that_a_python_is_not_there() -> None:
    refused = run("tools/setup", PYTHON="no-such-python")
    assert refused.returncode != 0
    assert "no-such-python is not there" in refused.stdout


def test_make_alone_prints_every_target() -> None:
    printed = run("make", "--no-print-directory").stdout
    assert [line.split()[0] for line in printed.splitlines()] == [
        *("help", "setup", "servers", "packages", "test", "lint", "format", "demo", "bench", "wheel", "lock"),
        "clean",
    ]


SKIPPING = """
import pytest

def test_that_passes():
    pass

@pytest.mark.skip(reason="no browser here")
def test_that_needs_a_browser():
    pass
"""


@pytest.fixture
def session_with_a_skip(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_example.py").write_text(SKIPPING)
    return tmp_path


def test_a_skipped_test_fails_the_session_in_ci_and_says_why(session_with_a_skip: Path) -> None:
    session = run(sys.executable, "-m", "pytest", cwd=session_with_a_skip, CI="true")
    assert session.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_that_needs_a_browser: Skipped: no browser here" in session.stdout


def test_a_skipped_test_is_allowed_elsewhere(session_with_a_skip: Path) -> None:
    session = run(sys.executable, "-m", "pytest", cwd=session_with_a_skip, CI="")
    assert session.returncode == pytest.ExitCode.OK
