"""Options that more than one command has."""

import re
from pathlib import Path

import click


def _usable_name(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """Refuse what is no plain file name: it becomes the name of a folder and of a file."""
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise click.BadParameter("letters, digits, dots, dashes and underlines only", context, parameter)
    return name


seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="Order the slices as an earlier run did."
)
name = click.option(
    "--name", callback=_usable_name, help="What to call the run; made of scenario and time if not given."
)
results = click.option(
    "--results", type=click.Path(path_type=Path), default="results", show_default=True, metavar="FOLDER",
    help="Where the run's folder is made.",
)  # fmt: skip
reports = click.option(
    "--reports", type=click.Path(path_type=Path), default="reports", show_default=True, metavar="FOLDER",
    help="Where the report is written.",
)  # fmt: skip
json_file = click.option(
    "--json", "json_file", metavar="FILE", help="Write the summary as JSON; `-` is standard output."
)
