"""The command `bench`: runs it, and turns whatever it raises into a message and an exit code."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click

from bench.cli.main import Settings, run
from bench.errors import INTERNAL, BenchError, InputError, Interrupted

OUTPUT_CLOSED = 141  # what a shell shows for a program that SIGPIPE ended
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of the process; returns the exit code."""
    settings = Settings()
    try:
        exit_code = run(sys.argv[1:] if arguments is None else arguments, settings)
        if sys.stdout is not None:
            sys.stdout.flush()  # where the output is closed or full, we want to know it here
    except (Exception, KeyboardInterrupt) as error:
        if settings.debug:
            traceback.print_exc()
        return _say(error)
    return exit_code


def _say(error: BaseException) -> int:
    """Tell the user what happened, and return the exit code of it."""
    match error:
        case BrokenPipeError() | OSError(errno=errno.EIO):  # the latter where the terminal was closed
            _discard_output()
            return OUTPUT_CLOSED
        case OSError(errno=number) if number in _NO_ROOM:
            _discard_output()
            return _say(InputError(f"the output cannot be written: {error.strerror}", "make room for it"))
        case KeyboardInterrupt() | click.Abort():
            return _say(Interrupted("interrupted"))
        case click.ClickException():
            with suppress(OSError):
                error.show()
            return InputError.exit_code
        case BenchError():
            _tell(str(error))
            return error.exit_code
    message = " ".join(f"{type(error).__name__}: {error}".split())
    _tell(f"bench: internal error: {message}; please report it with what --debug shows")
    return INTERNAL


def _tell(text: str) -> None:
    """Write a message to standard error; where that cannot be written, the exit code has to say it."""
    with suppress(OSError):
        click.echo(_printable(text), err=True)


def _discard_output() -> None:
    """Keep the interpreter from trying to write once more, and complaining, when it ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printable(text: str) -> str:
    """The text without anything a terminal would act on: it may quote files and servers."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


if __name__ == "__main__":
    sys.exit(main())
