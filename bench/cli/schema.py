"""`bench schema`: prints the JSON Schema of a scenario file."""

import json

import click

from bench.scenario.schema import scenario_schema
from bench.servers import server_names


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of a scenario file.

    An editor that knows it completes and checks scenarios as they are written.
    """
    click.echo(json.dumps(scenario_schema(server_names()), indent=2))
