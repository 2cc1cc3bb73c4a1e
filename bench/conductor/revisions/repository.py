"""The user's git repository: found from a folder, asked, and never written to."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.conductor.revisions.git import GitFailed, git, git_line
from bench.errors import InputError

_NAME_ENDS = re.compile(r"[~^:]|@\{")
_STEP_BACK = re.compile(r"[~^](?!\{)(\d*)")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{4,39}")


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
                f"{folder} is in no git repository that could be used: {failed}", _how_to_use(str(failed))
            ) from failed

    @property
    def head(self) -> str | None:
        """The commit that is checked out; None where there is none yet."""
        return self._looked_up("HEAD")

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
        found = self._looked_up(reference)
        if found is None:
            raise InputError(f"{reference!r} names no commit in {self.top}", self._how_to_get(reference))
        return found

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

    def _looked_up(self, reference: str) -> str | None:
        try:
            found = git_line(self.top, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        except GitFailed:
            return None
        return None if found.startswith("^") else found  # of `^main` git says what is *not* to be had

    def _how_to_get(self, reference: str) -> str:
        if not reference.strip():
            return "name a branch, a tag or a commit; a variable that was to name it may not be set here"
        if self.head is None:
            return "there is no commit here yet: commit what the app is to be compared with"
        if not self.is_shallow:
            return "see `git branch --all` and `git tag`; what only a remote has, `git fetch` brings"
        return (
            f"this clone is shallow: {self._how_to_deepen(reference)}, or let CI clone the whole history "
            "(`fetch-depth: 0`)"
        )

    def _how_to_deepen(self, reference: str) -> str:
        """How a shallow clone gets what the reference names, with as little else as can be."""
        name = _NAME_ENDS.split(reference)[0]
        way = reference.removeprefix(name)
        steps = sum(int(count or 1) for count in _STEP_BACK.findall(way))
        if steps and self._looked_up(name or "HEAD"):
            return f"get its earlier commits first with `git fetch --deepen={steps}`"
        remotes = git(self.top, "remote").decode(errors="replace").split()
        remote, _, branch = name.partition("/")
        remote, branch = (remote, branch) if remote in remotes else (next(iter(remotes), "origin"), name)
        branch = "main" if branch in ("", "@", "HEAD", "FETCH_HEAD") else branch
        whole = ", with all 40 digits of the commit," if _SHORT_COMMIT.fullmatch(branch) else ""
        return (
            f"get it first with `git fetch --depth={steps + 1} {remote} {branch}`{whole} and compare with "
            f"FETCH_HEAD{way}"
        )


def _how_to_use(refusal: str) -> str:
    """What to do about a repository that git refuses."""
    if "safe.directory" in refusal:
        return "it belongs to somebody else: trust it with that command, or run as its owner"
    return "a check compares two versions in one repository; the app has to be in it"
