"""`bench validate`: checks scenario files without running them."""

import json
from pathlib import Path

import click

from bench.errors import InputError, ScenarioError
from bench.scenario.reading import load_scenario
from bench.servers import server_names


@click.command("validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check scenario files without running them.

    Prints one line for each file that is right, and every mistake, with line and column, of each that is not.
    """
    errors = {file: _error_in(file) for file in files}
    if as_json:
        _print_json(errors)
        context.exit(InputError.exit_code if any(errors.values()) else 0)
    for file, error in errors.items():
        if error is None:
            click.echo(f"{click.format_filename(file)}: ok")
    if mistaken := [str(error) for error in errors.values() if error]:
        raise InputError("\n".join(mistaken))


def _error_in(file: Path) -> ScenarioError | None:
    try:
        load_scenario(file, server_names())
    except ScenarioError as error:
        return error
    return None


def _print_json(errors: dict[Path, ScenarioError | None]) -> None:
    problems = [
        {
            "file": str(file),
            "line": problem.line,
            "column": problem.column,
            "what": problem.what,
            "remedy": problem.remedy,
        }
        for file, error in errors.items()
        for problem in (error.problems if error else [])
    ]
    click.echo(json.dumps({"valid": not problems, "problems": problems}, indent=2))
