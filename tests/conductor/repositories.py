"""Small real git repositories for tests, and a digest of all there is in one."""

import hashlib
import os
import subprocess
from pathlib import Path

_ALONE = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *arguments: str) -> str:
    """What git prints, run in the folder with nobody's settings."""
    command = ("git", "-c", "protocol.file.allow=always", *arguments)
    asked = subprocess.run(command, cwd=folder, env=_ALONE, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr.decode(errors="replace")
    return os.fsdecode(asked.stdout).strip()


def commit(folder: Path, files: dict[str, str | None], message: str = "change") -> str:
    """Commit these contents (None removes a file); returns the commit."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def new_repository(folder: Path, files: dict[str, str | None]) -> str:
    """A repository with one commit on main; returns that."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return commit(folder, files, "first")


def digest(*folders: Path) -> str:
    """Of every name, kind, permission, time of change and content below the folders, themselves included."""
    total = hashlib.sha256()
    for folder in folders:
        for path in [folder, *sorted(folder.rglob("*"))]:
            status = path.lstat()
            total.update(os.fsencode(path) + b"\0%d %d\0" % (status.st_mode, status.st_mtime_ns))
            if path.is_symlink():
                total.update(os.fsencode(path.readlink()))
            elif path.is_file():
                total.update(path.read_bytes())
    return total.hexdigest()
