"""The frame of the command line: `bench` itself, and its commands by name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from click.shell_completion import shell_complete

from bench import __version__
from bench.errors import OK

COMPLETION_VARIABLE = "_BENCH_COMPLETE"


@dataclass
class Settings:
    """What was asked of `bench` itself, whichever command it runs."""

    debug: bool = False


class LazyCommand(click.Command):
    """A command that is imported when it is called, so that `bench --help` need not import any.

    Its module holds the real one as `command`.
    """

    def __init__(self, module: str, short_help: str) -> None:
        super().__init__(module.rpartition(".")[-1], short_help=short_help)
        self.module = module

    def imported(self) -> click.Command:
        """The real command."""
        command: click.Command = import_module(self.module).command
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the real command, which is what Click then invokes, completes and describes."""
        return self.imported().make_context(info_name, args, parent, **extra)


class OrderedGroup(click.Group):
    """A group whose commands stand in the order in which one meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is Click's
        """The names of the commands."""
        return list(self.commands)


COMMANDS = [
    LazyCommand("bench.cli.init", "Write a scenario for APP, with the routes that answer 200."),
    LazyCommand("bench.cli.run", "Measure what SCENARIO says."),
    LazyCommand("bench.cli.check", "Say whether the app, as it is in its folder, got slower."),
    LazyCommand("bench.cli.load", "Put load on URL, which must be on this machine."),
    LazyCommand("bench.cli.report", "Make the report of RUN again: the id of a run, or its folder."),
    LazyCommand("bench.cli.compare", "Say how the results of run B differ from those of run A."),
    LazyCommand("bench.cli.export", "Write RUN in other formats: the id of a run, or its folder."),
    LazyCommand("bench.cli.servers", "List the servers, and which of them can be run here."),
    LazyCommand("bench.cli.doctor", "Say what this machine can be trusted with."),
    LazyCommand("bench.cli.validate", "Check scenario files without running them."),
    LazyCommand("bench.cli.schema", "Print the JSON Schema of a scenario file."),
    LazyCommand("bench.cli.completion", "Print the script that completes commands in a shell."),
]


@click.group(
    cls=OrderedGroup,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 1 regression, 2 bad input or usage, 3 nothing valid or decided, "
    "4 a server failed, 5 the load generator failed, 130 interrupted.",
)
@click.version_option(__version__, prog_name="bench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def bench(settings: Settings, debug: bool) -> None:
    """Measure what the server and what the framework cost a Flask app."""
    settings.debug = debug


def run(arguments: Sequence[str], settings: Settings) -> int:
    """Run the command line and return its exit code; what a command raises comes through as it is.

    This is Click's own `main` without its handling of errors, which would exit with 1, our code for a
    regression, where it exits with 1.
    """
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        return shell_complete(bench, {}, "bench", COMPLETION_VARIABLE, instruction)
    try:
        with bench.make_context("bench", list(arguments), obj=settings) as context:
            bench.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    return OK
