"""`bench servers`: the servers there are, and which of them can be run here."""

import json

import click

from bench.conductor.environments.availability import Availability, available_servers


@click.command("servers")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """List the servers, and which of them can be run here."""
    found = available_servers()
    if as_json:
        click.echo(json.dumps([_facts(availability) for availability in found.values()], indent=2))
        return
    width = max(len(name) for name in found)
    for name, availability in found.items():
        click.echo(f"{name:<{width}}  {_version(availability):<10}  {availability.server.summary}")
        if not availability.is_there:
            click.echo(f"{'':<{width}}  {availability.reason}; {availability.remedy}")


def _version(availability: Availability) -> str:
    """Its version where it can be run; that of a program of the system where nothing else has one."""
    if not availability.is_there:
        return "-"
    return availability.version or next(iter(availability.programs.values()), "")


def _facts(availability: Availability) -> dict[str, str | None]:
    return {
        "server": availability.server.name,
        "version": availability.version if availability.is_there else None,
        "summary": availability.server.summary,
        "reason": availability.reason or None,
        "remedy": availability.remedy or None,
    }
