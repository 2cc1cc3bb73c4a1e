"""`bench run`: measures what a scenario says, and writes the report."""

import re
from pathlib import Path

import click
from rich.console import Console

from bench.cli import options, outcome
from bench.cli.progress import RunProgress
from bench.conductor.conduct import conduct
from bench.conductor.preparation import prepare
from bench.errors import BenchError, Interrupted
from bench.results.store import Store
from bench.scenario.reading import load_scenario
from bench.servers import server_names


def _usable_name(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """Refuse what is no plain file name: it becomes the name of a folder and of a file."""
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise click.BadParameter("letters, digits, dots, dashes and underlines only", context, parameter)
    return name


@click.command("run")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Order the slices as an earlier run did.")
@click.option(
    "--name", callback=_usable_name, help="What to call the run; made of scenario and time if not given."
)
@click.option(
    "--results", type=click.Path(path_type=Path), default="results", show_default=True, metavar="FOLDER",
    help="Where the run's folder is made.",
)  # fmt: skip
@options.reports
@options.json_file
def command(
    scenario: Path, seed: int | None, name: str | None, results: Path, reports: Path, json_file: str | None
) -> None:
    """Measure what SCENARIO says.

    Progress goes to standard error. At the end the ranking is printed, and the report's path. Ctrl-C stops
    the run and keeps what was measured; a second one does so at once.
    """
    loaded = load_scenario(scenario, server_names())
    prepared = prepare(loaded, seed=seed, name=name)
    store = Store.create(results, prepared.run.id)
    ending: BenchError | None = None
    progress = RunProgress(Console(stderr=True, highlight=False))
    try:
        conduct(prepared, store, progress)
    except Interrupted as interrupted:
        ending = interrupted
    finally:
        progress.close()
    outcome.show(store, reports, json_file, ending)
    if ending is not None:
        raise ending
