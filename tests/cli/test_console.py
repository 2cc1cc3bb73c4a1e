"""What is printed where nobody reads it."""

import os
from io import FileIO, TextIOWrapper

import pytest

from bench.cli.console import OutputConsole
from bench.cli.progress import RunProgress


def test_a_broken_pipe_is_an_error_and_not_the_exit_code_of_a_regression() -> None:
    unread, written = os.pipe()
    os.close(unread)
    with TextIOWrapper(FileIO(written, "w"), write_through=True) as file:
        console = OutputConsole(file=file)
        with pytest.raises(BrokenPipeError):
            console.print("a ranking")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_that_cannot_be_written_is_left_out(is_terminal: bool) -> None:
    with TextIOWrapper(FileIO("/dev/full", "w"), write_through=True) as full:
        console = OutputConsole(file=full, force_terminal=is_terminal)
        with pytest.raises(OSError, match="No space left"):
            console.print("a ranking")
        progress = RunProgress(console)
        progress.tell("a step")
        progress.launching(1, 4)
        progress.close()
        assert console.quiet
