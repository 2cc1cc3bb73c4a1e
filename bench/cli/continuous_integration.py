"""What a command leaves behind where GitHub runs it: a job summary, and annotations."""

from collections.abc import Mapping
from pathlib import Path

import click

from bench.export.github import annotations
from bench.export.markdown import STEP_SUMMARY_LIMIT, markdown
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Summary

_ROOM_TO_SAY_SO = 1024  # with less left of the summary, nothing useful can be added


def report_to_github(
    summary: Summary, check: CheckSummary | None, environment: Mapping[str, str], *, err: bool = False
) -> None:
    """Append to the job's summary and print annotations, where the environment is that of a GitHub runner.

    A summary that cannot be written is said and changes nothing: the verdict does not depend on it.
    Annotations go to standard output, or with `err` to standard error: the runner reads both.
    """
    if where := environment.get("GITHUB_STEP_SUMMARY"):
        _append(Path(where), summary, check)
    if environment.get("GITHUB_ACTIONS") == "true":
        click.echo(annotations(summary, check), err=err, nl=False)


def _append(path: Path, summary: Summary, check: CheckSummary | None) -> None:
    """Append the Markdown, within what other commands of the same step have left of the limit."""
    try:
        room = STEP_SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0)
        if room >= _ROOM_TO_SAY_SO:
            with path.open("ab") as file:
                file.write(markdown(summary, check, room))
    except OSError as error:
        click.echo(f"the summary of the job cannot be written to {path}: {error.strerror}", err=True)
