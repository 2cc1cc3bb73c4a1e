"""A commit as files in a folder of ours, its objects borrowed from the user's repository."""

import os
import shutil
from pathlib import Path

from bench.conductor.revisions.git import GitFailed, git, git_line
from bench.conductor.revisions.repository import Repository
from bench.errors import InputError

_PATIENCE_S = 600.0
_LONGEST_NAME = 255


def check_out(repository: Repository, commit: str, folder: Path) -> None:
    """Fill the folder, which is not there yet, with the commit's files and a repository of its own.

    That repository has the tags, so that a version can be derived from them, and no remote: nothing can be
    fetched. Submodules stay empty. Raises InputError where files cannot be had or written.
    """
    try:
        _initialise(repository, folder)
        git(
            folder,
            *(part for name, value in repository.settings() for part in ("-c", _setting(name, value))),
            *("checkout", "--quiet", "--force", "--no-recurse-submodules", "--detach", commit),
            patience_s=_PATIENCE_S,
        )
    except GitFailed as failed:
        raise InputError(
            f"commit {commit[:12]} cannot be checked out: {failed}", _remedy(repository, commit, str(failed))
        ) from failed
    except OSError as error:
        raise InputError(
            f"commit {commit[:12]} cannot be checked out to {folder}: {error.strerror}",
            "make room there, or name another place for temporary files as TMPDIR",
        ) from error


def folder_as_long_as(other: Path, parent: Path, name: str) -> Path:
    """A path below the parent that is as long as the other, in bytes, or as near to it as can be.

    How long a path is moves what lies in memory, and with it what is measured: Mytkowicz et al., Producing
    wrong data without doing anything obviously wrong! (2009).
    """
    lacking = len(os.fsencode(other)) - len(os.fsencode(parent / name))
    return parent / (name + "-" * max(0, min(lacking, _LONGEST_NAME - len(name))))


def _initialise(repository: Repository, folder: Path) -> None:
    """Make a repository without anything of its own that can read every object of the user's."""
    object_format = git_line(repository.top, "rev-parse", "--show-object-format")
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--template=", f"--object-format={object_format}")
    private = folder / ".git"
    information = private / "objects" / "info"
    information.mkdir(exist_ok=True)
    (information / "alternates").write_bytes(_as_alternate(repository.file("objects")))
    if repository.is_shallow:
        shutil.copyfile(repository.file("shallow"), private / "shallow")
    tags = git(repository.top, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
    (private / "packed-refs").write_bytes(tags)


def _as_alternate(objects: Path) -> bytes:
    """The line that names an object store; a path that would not be read as one goes in quotes."""
    path = os.fsencode(objects)
    if b"\n" not in path:
        return path + b"\n"
    return b'"' + b"".join(_octal(byte) if byte in b'"\\\n' else bytes((byte,)) for byte in path) + b'"\n'


def _octal(byte: int) -> bytes:
    return b"\\%03o" % byte


def _setting(name: str, value: str | None) -> str:
    return name if value is None else f"{name}={value}"


def _remedy(repository: Repository, commit: str, said: str) -> str:
    if "filter lfs failed" in said:
        return (
            "Git LFS has not all files of that commit here, and nothing is fetched for you: get them first, "
            f"such as with `git lfs fetch origin {commit}`"
        )
    if repository.is_partial:
        return (
            "this is a partial clone, and nothing is fetched for you: get what is missing first, such as "
            "with `git fetch --refetch --no-filter`, or clone without `--filter`"
        )
    return "see whether `git checkout` of that commit works in a new clone"
