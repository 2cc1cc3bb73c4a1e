"""`bench doctor`: says what this machine can be trusted with."""

from collections import Counter

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.console import OutputConsole
from bench.cli.load_summary import WIDTH_WITHOUT_TERMINAL
from bench.cli.load_values import reading
from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.conductor.doctor.examination import Diagnosis, examine
from bench.export.doctor_json import doctor_json
from bench.units import NS_PER_S, parse_duration_ns

LOAD_NS = 12 * NS_PER_S
_LONGEST_NS = 3600 * NS_PER_S
_STYLES = {"ok": "green", "warning": "bold yellow", "unknown": "dim"}


def _load_ns(text: str) -> int:
    """The nanoseconds of a duration that an A/A run can have."""
    duration_ns = parse_duration_ns(text)
    if not NS_PER_S <= duration_ns <= _LONGEST_NS:
        raise ValueError("from 1s to 1h")
    return duration_ns


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Leave the A/A run out: a few seconds in all.")
@click.option(
    "-d",
    "--duration",
    **reading(_load_ns),
    metavar="DURATION",
    help="Load of the A/A run.  [default: 12s, which takes about 20s]",
)
@click.option("--json", "json_file", metavar="FILE", help="Write JSON; `-` is standard output.")  # fmt: skip
def command(quick: bool, duration: int | None, json_file: str | None) -> None:
    """Say what this machine can be trusted with.

    Looks at its settings, loads a target that does nothing, and measures one server as if it were two. Keep
    the machine as quiet as it will be when you measure. Warnings change no exit code.
    """
    if quick and duration is not None:
        raise click.UsageError("--quick leaves out the A/A run, whose load --duration is")
    if json_file is not None:
        require_writable(json_file)
    diagnosis = examine(None if quick else duration or LOAD_NS, lambda step: click.echo(step, err=True))
    _print(OutputConsole(stderr=json_file == STANDARD_OUTPUT, highlight=False), diagnosis)
    if json_file is not None:
        write_output(json_file, doctor_json(diagnosis))


def _print(console: Console, diagnosis: Diagnosis) -> None:
    """Print each finding, with the remedy below it, and how many there are of each status."""
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    table = Table.grid(padding=(0, 2, 0, 0))
    for one in diagnosis.findings:
        style = _STYLES[one.status]
        table.add_row(Text(one.status, style), Text(one.name, "bold"), Text(_printable(one.what)))
        if one.remedy:
            table.add_row("", "", Text(f"-> {_printable(one.remedy)}", style))
    console.print(table)
    counted = Counter[str](one.status for one in diagnosis.findings)
    console.print(Text(", ".join(f"{counted[status]} {status}" for status in _STYLES)))


def _printable(text: str) -> str:
    """The text without anything a terminal would act on: processes may be called anything."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
