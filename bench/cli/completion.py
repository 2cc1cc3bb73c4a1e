"""`bench completion`: prints the script that completes commands in a shell."""

import click
from click.shell_completion import get_completion_class

from bench.cli.main import COMPLETION_VARIABLE


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    In bash and zsh: `eval "$(bench completion bash)"`; in fish: `bench completion fish | source`.
    """
    completer = get_completion_class(shell)
    if completer is not None:
        root = context.find_root().command
        click.echo(completer(root, {}, "bench", COMPLETION_VARIABLE).source(), nl=False)
