"""`bench export`: writes a stored run in the formats that other tools read."""

from pathlib import Path

import click

from bench.cli import shell_values
from bench.cli.exports import Export
from bench.cli.output_file import STANDARD_OUTPUT
from bench.export.formats import FORMATS
from bench.results.store import Store
from bench.stats.caveats import is_check
from bench.stats.checks.check import check_of
from bench.stats.checks.summary import CheckSummary
from bench.stats.summarise import summarise
from bench.stats.summary import Summary

_LISTED = "\n\n".join(f"{name}: {each.what} ({', '.join(each.files)})." for name, each in FORMATS.items())


@click.command("export", epilog=_LISTED)
@click.argument("run", type=click.Path(path_type=Path), shell_complete=shell_values.runs)
@click.option(
    "-f", "--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, required=True,
    help="The format; may be given several times.",
)  # fmt: skip
@click.option(
    "-o", "--output", default=STANDARD_OUTPUT, metavar="FILE",
    help="Where to write; a folder, made if need be, where there are several files.  "
    "[default: standard output]",
)  # fmt: skip
@click.option(
    "--results", type=click.Path(path_type=Path), default="results", show_default=True, metavar="FOLDER",
    help="Where RUN is looked for when it is not a folder itself.",
)  # fmt: skip
def command(run: Path, formats: tuple[str, ...], output: str, results: Path) -> None:
    """Write RUN in other formats: the id of a run, or its folder.

    Nothing is run, and a check that found a regression is exported as any other: the exit code says whether
    the files were written.
    """
    several = len(set(formats)) > 1
    if several and output == STANDARD_OUTPUT:
        raise click.UsageError("several formats need a folder; name one with --output, such as `exports/`")
    where = f"{output}/" if several else output
    wanted = [Export(name, where) for name in dict.fromkeys(formats)]
    for export in wanted:
        export.make_room()
    summary, check = _found(Store(run if run.is_dir() else results / run))
    for export in wanted:
        export.write(summary, check)
        if output != STANDARD_OUTPUT:
            click.echo("\n".join(export.files().values()), err=True)


def _found(store: Store) -> tuple[Summary, CheckSummary | None]:
    """The summary of a stored run, and what it found as a check where it is one."""
    measurements = store.read()
    if not is_check(measurements.run):
        return summarise(measurements), None
    check = check_of(measurements)
    return check.summary, check
