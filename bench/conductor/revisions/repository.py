"""The user's git repository: found from a folder, asked, and never written to."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.conductor.revisions.git import GitFailed, git, git_line
from bench.errors import InputError


@dataclass(frozen=True)
class Repository:
    """A repository with a working folder; `top` is the absolute path of that, links followed."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> Self:
        """The repository that the folder is in, a linked worktree being as good as any.

        Raises InputError where there is none, or git is missing or refuses it.
        """
        try:
            return cls(Path(git_line(folder, "rev-parse", "--show-toplevel")).resolve())
        except GitFailed as failed:
            raise InputError(
                f"{folder} is in no git repository that could be used: {failed}",
                "a check compares two versions in one repository; the app has to be in it",
            ) from failed

    @property
    def head(self) -> str | None:
        """The commit that is checked out; None where there is none yet."""
        try:
            return git_line(self.top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitFailed:
            return None

    @property
    def is_shallow(self) -> bool:
        """Whether the history ends where somebody's clone was cut off."""
        return self.file("shallow").is_file()

    @property
    def is_partial(self) -> bool:
        """Whether objects are missing that git would fetch when it needs them."""
        try:
            return bool(
                git(self.top, "config", "--get-regexp", r"^remote\..*\.(promisor|partialclonefilter)$")
            )
        except GitFailed:
            return False

    def file(self, name: str) -> Path:
        """The absolute path of a file or folder of git's own, such as `objects`."""
        return (self.top / git_line(self.top, "rev-parse", "--git-path", name)).resolve()

    def commit_of(self, reference: str) -> str:
        """The full name of the commit that a branch, tag or other reference names now.

        Raises InputError where it names none here.
        """
        if reference.startswith("-"):
            raise InputError(
                f"{reference!r} is not a git reference: none begins with a hyphen",
                "name a branch, a tag or a commit, such as main or HEAD~1",
            )
        try:
            return git_line(self.top, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        except GitFailed as failed:
            raise InputError(
                f"{reference!r} names no commit in {self.top}", self._how_to_get(reference)
            ) from failed

    def has_changes(self) -> bool:
        """Whether a tracked file differs from the commit that is checked out.

        Files that git does not know are not counted: what we measured before may be among them.
        """
        try:
            return bool(
                git(self.top, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none")
            )
        except GitFailed as failed:
            raise InputError(
                f"git cannot say what has changed in {self.top}: {failed}", "see what `git status` says there"
            ) from failed

    def inside(self, folder: Path) -> Path:
        """The folder's path from the top. Raises InputError where it is not below it."""
        try:
            return folder.resolve().relative_to(self.top)
        except ValueError as error:
            raise InputError(
                f"{folder} is not in the repository at {self.top}", "name a folder of it as `directory:`"
            ) from error

    def settings(self) -> tuple[tuple[str, str | None], ...]:
        """What decides how a file looks once it is checked out: filters (LFS is one), line ends, links."""
        pattern = r"^(filter\..*|core\.(autocrlf|eol|symlinks|filemode))$"
        try:
            stored = os.fsdecode(git(self.top, "config", "-z", "--get-regexp", pattern))
        except GitFailed:  # there are none
            return ()
        pairs = (entry.partition("\n") for entry in stored.split("\0") if entry)
        return tuple((name, value if separator else None) for name, separator, value in pairs)

    def _how_to_get(self, reference: str) -> str:
        if not self.is_shallow:
            return "see `git branch --all` and `git tag`; what only a remote has, `git fetch` brings"
        named = re.split(r"[~^@:]", reference)[0].removeprefix("origin/")
        named = "main" if named in ("", "HEAD", "FETCH_HEAD") else named
        return (
            f"this clone is shallow: get it first with `git fetch --depth=1 origin {named}` and compare with "
            "FETCH_HEAD, or let CI clone the whole history (`fetch-depth: 0`)"
        )
