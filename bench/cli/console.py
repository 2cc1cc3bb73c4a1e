"""The console that the commands print on."""

import errno
import os

from rich.console import Console


class OutputConsole(Console):
    """A console that raises BrokenPipeError where whoever reads has gone.

    Rich itself would have the program exit with 1, our code for a regression, and would close standard output
    for what follows, also where it is standard error that nobody reads.
    """

    def on_broken_pipe(self) -> None:
        """Called by rich in place of the error."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
