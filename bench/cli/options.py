"""Options that more than one command has."""

from pathlib import Path

import click

reports = click.option(
    "--reports", type=click.Path(path_type=Path), default="reports", show_default=True, metavar="FOLDER",
    help="Where the report is written.",
)  # fmt: skip
json_file = click.option(
    "--json", "json_file", metavar="FILE", help="Write the summary as JSON; `-` is standard output."
)
