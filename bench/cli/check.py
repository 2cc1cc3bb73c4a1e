"""`bench check`: says whether a change made the app slower."""

from pathlib import Path

import click

from bench.cli import options, shell_values
from bench.cli.baseline import measured_against, measured_to_save
from bench.cli.check_outcome import CheckOutputs
from bench.cli.console import OutputConsole
from bench.cli.measured import measured
from bench.cli.output_file import STANDARD_OUTPUT, require_writable
from bench.cli.progress import RunProgress
from bench.cli.saved_baseline import save
from bench.conductor.check import prepare_check
from bench.conductor.processes.interruption import Interruption
from bench.conductor.revisions.compared import revisions
from bench.errors import Interrupted
from bench.results.store import Store
from bench.scenario.reading import LoadedScenario, load_scenario
from bench.servers import server_names


@click.command("check")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--against", metavar="REF", shell_complete=shell_values.references,
    help="The git reference to compare with: a branch, a tag, a commit, such as origin/main or HEAD~1.",
)  # fmt: skip
@click.option(
    "--baseline", metavar="FILE", shell_complete=shell_values.files,
    help="The baseline to compare with, where the old version cannot be measured in the same run.",
)  # fmt: skip
@click.option(
    "--save-baseline", metavar="FILE", shell_complete=shell_values.files,
    help="Compare with nothing, and save how fast the app is as a baseline.",
)  # fmt: skip
@options.seed
@options.name
@options.results
@options.reports
@options.json_file
@click.option("--junit", metavar="FILE", help="Write JUnit XML: a test case for each figure that decides.")
@click.option("--markdown", metavar="FILE", help="Write Markdown, such as for a pull request's comment.")
def command(  # noqa: PLR0913  (click's form: one for each option)
    *,
    scenario: Path,
    against: str | None,
    baseline: str | None,
    save_baseline: str | None,
    seed: int | None,
    name: str | None,
    results: Path,
    reports: Path,
    json_file: str | None,
    junit: str | None,
    markdown: str | None,
) -> None:
    """Say whether the app, as it is in its folder, got slower.

    With --against it is measured side by side with what it was at REF, in one run; the repository is only
    read. With --baseline it is held against an earlier run that --save-baseline saved. Exit code 0 where
    nothing got slower, 1 where something did, 3 where that cannot be told.
    """
    _require_one(against, baseline, save_baseline)
    outputs = CheckOutputs(reports, {"json": json_file, "junit": junit, "markdown": markdown})
    outputs.require_writable()
    if save_baseline is not None:
        require_writable(save_baseline)
    loaded = load_scenario(scenario, server_names())
    if save_baseline is not None:
        store, ending = measured_to_save(loaded, results, seed=seed, name=name)
        save(store, save_baseline, outputs, ending)
    elif baseline is not None:
        outputs.show(*measured_against(loaded, baseline, results, seed=seed, name=name))
    else:
        outputs.show(*_side_by_side(loaded, against or "", results, seed, name))


def _require_one(against: str | None, baseline: str | None, save_baseline: str | None) -> None:
    if sum(one is not None for one in (against, baseline, save_baseline)) != 1:
        raise click.UsageError("give one of: --against REF, --baseline FILE, --save-baseline FILE")
    if save_baseline == STANDARD_OUTPUT:
        raise click.UsageError("a baseline is saved to a file, and not to standard output")


def _side_by_side(
    loaded: LoadedScenario, against: str, results: Path, seed: int | None, name: str | None
) -> tuple[Store, Interrupted | None]:
    """The stored measurements of base and head, and how they ended if they were interrupted."""
    progress = RunProgress(OutputConsole(stderr=True, highlight=False))
    with Interruption() as interruption, revisions(loaded, against, interruption, progress.tell) as compared:
        return measured(prepare_check(loaded, compared, seed=seed, name=name), results, progress)
