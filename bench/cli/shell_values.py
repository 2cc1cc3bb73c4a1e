"""What a shell is offered where only this machine knows the values: runs that are stored, references of git.

Nobody waits for a completion, and nobody reads what it has to say: whatever goes wrong, nothing is offered.
"""

import os
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from bench.conductor.revisions.git import GitFailed, git
from bench.errors import BenchError
from bench.results.store import RUN_FILE

_PATIENCE_S = 1.0
_LIST_REFERENCES = (
    "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags", "refs/remotes",
)  # fmt: skip


def runs(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the runs in the folder of results, the last one first; else any folder."""
    results = Path(context.params.get("results") or "results")
    found: list[Path] = []
    with suppress(OSError):
        found = [one for one in results.iterdir() if (one / RUN_FILE).is_file()]
    found.sort(key=lambda one: (_begun(one), one.name), reverse=True)
    ids = [CompletionItem(one.name) for one in found if one.name.startswith(incomplete)]
    return ids or [CompletionItem(incomplete, type="dir")]


def references(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The branches, tags and remote branches of the repository that the scenario is in."""
    # Click leaves arguments unnamed where an option lacks its value, as the one that is completed does.
    scenario = context.params.get("scenario") or next(iter(context.args), "")
    folder = Path(scenario).parent
    names: list[str] = []
    with suppress(GitFailed, BenchError, OSError):
        names = os.fsdecode(git(folder, *_LIST_REFERENCES, patience_s=_PATIENCE_S)).splitlines()
    return [CompletionItem(name) for name in ("HEAD", *names) if name.startswith(incomplete)]


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Any file."""
    return [CompletionItem(incomplete, type="file")]


def _begun(run: Path) -> float:
    """When a run began, by its folder; 0 where that is gone meanwhile."""
    with suppress(OSError):
        return (run / RUN_FILE).stat().st_mtime
    return 0.0
