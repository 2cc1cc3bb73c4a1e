"""`bench run`: measures what a scenario says, and writes the report."""

from pathlib import Path

import click

from bench.cli import options, outcome
from bench.cli.console import OutputConsole
from bench.cli.output_file import require_writable
from bench.cli.progress import RunProgress
from bench.conductor.conduct import conduct
from bench.conductor.preparation import prepare
from bench.errors import BenchError, Interrupted
from bench.results.store import Store
from bench.scenario.reading import load_scenario
from bench.servers import server_names


@click.command("run")
@click.argument("scenario", type=click.Path(path_type=Path))
@options.seed
@options.name
@options.results
@options.reports
@options.json_file
def command(
    scenario: Path, seed: int | None, name: str | None, results: Path, reports: Path, json_file: str | None
) -> None:
    """Measure what SCENARIO says.

    Progress goes to standard error. At the end the ranking is printed, and the report's path. Ctrl-C stops
    the run and keeps what was measured; a second one does so at once.
    """
    if json_file is not None:
        require_writable(json_file)
    loaded = load_scenario(scenario, server_names())
    prepared = prepare(loaded, seed=seed, name=name)
    store = Store.create(results, prepared.run.id)
    ending: BenchError | None = None
    progress = RunProgress(OutputConsole(stderr=True, highlight=False))
    try:
        conduct(prepared, store, progress)
    except Interrupted as interrupted:
        ending = interrupted
    finally:
        progress.close()
    outcome.show(store, reports, json_file, ending)
    if ending is not None:
        raise ending
