"""`bench report`: makes the report of a run again from what is stored, without running anything."""

from pathlib import Path

import click

from bench.cli import options, outcome, shell_values
from bench.cli.check_outcome import CheckOutputs
from bench.results.store import Store
from bench.stats.caveats import is_check


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path), shell_complete=shell_values.runs)
@click.option(
    "--results", type=click.Path(path_type=Path), default="results", show_default=True, metavar="FOLDER",
    help="Where RUN is looked for when it is not a folder itself.",
)  # fmt: skip
@options.reports
@options.json_file
def command(run: Path, results: Path, reports: Path, json_file: str | None) -> None:
    """Make the report of RUN again: the id of a run, or its folder.

    That of a check has its verdicts. The exit code is what the stored results say.
    """
    store = Store(run if run.is_dir() else results / run)
    if is_check(store.read_run()):
        CheckOutputs(reports, {"json": json_file}).show(store, environment={})
    else:
        outcome.show(store, reports, json_file, None, environment={})
