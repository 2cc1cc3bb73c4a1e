"""Asking git, so that nothing of the repository it is asked about is written, and nothing is fetched."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.conductor.environments.environment_variables import passed_on
from bench.conductor.processes import family
from bench.errors import InputError

_QUICKLY_S = 60.0
_ALSO_PASSED_ON = ("PATH", "XDG_CONFIG_HOME")
_READS_ONLY = {
    "GIT_OPTIONAL_LOCKS": "0",  # `status` would write the index anew
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would fetch what it lacks
    "GIT_ALLOW_PROTOCOL": "none",  # and the same for a git that does not know the variable above
    "GIT_TERMINAL_PROMPT": "0",
}
_WITHOUT_HELPERS = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")


class GitFailed(Exception):
    """Git ended with an error; the text is what it said last."""


def git(folder: Path, *arguments: str, patience_s: float = _QUICKLY_S) -> bytes:
    """What git prints when it is run in the folder, with none of the GIT_* variables we may have been given.

    Raises GitFailed with git's own words, and InputError where it is not installed or does not end.
    """
    try:
        asked = subprocess.run(
            ("git", *_WITHOUT_HELPERS, *arguments),  # noqa: S607 - the one in the user's PATH is meant
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience_s,
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        if not folder.is_dir():
            raise GitFailed(f"{folder} is not a folder") from error
        raise InputError(
            f"git cannot be run: {error.strerror}", "install git, and see that it is in PATH"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"git {_command(arguments)} did not end within {patience_s:.0f} s",
            "see whether the repository's disk answers, and whether a filter in its .gitattributes waits",
        ) from error
    if asked.returncode != 0:
        raise GitFailed(_last_words(asked.stderr) or f"git {_command(arguments)} failed")
    return asked.stdout


def git_line(folder: Path, *arguments: str) -> str:
    """The one line, or path, that git prints; it may hold whatever a path may. Raises what `git` raises."""
    return os.fsdecode(git(folder, *arguments).removesuffix(b"\n"))


def _environment() -> dict[str, str]:
    """With our nonce, so that a git that outlives us is found and ended before its folder is removed."""
    ours = {name: os.environ[name] for name in _ALSO_PASSED_ON if name in os.environ}
    return {**passed_on(), **ours, **_READS_ONLY, family.NONCE_VARIABLE: family.new_nonce()}


def _command(arguments: Sequence[str]) -> str:
    """The name of the command among the arguments; options of git's own come before it in pairs."""
    names = list(arguments)
    while names[:1] == ["-c"]:
        del names[:2]
    return names[0]


def _last_words(stderr: bytes) -> str:
    """The last lines of what it said, fit to be shown."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    text = "; ".join(lines[-3:])
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
