"""The frame of the command line: help, exit codes, messages, and what is imported for them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from bench import __version__, errors
from bench.__main__ import OUTPUT_CLOSED, main
from bench.cli.main import COMMANDS, LazyCommand

BENCH = [sys.executable, "-m", "bench"]


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BENCH, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes the command `schema` raise an error of our choice."""

    def raises(error: BaseException) -> None:
        @click.command("schema")
        def command() -> None:
            raise error

        monkeypatch.setattr(LazyCommand, "imported", lambda _: command)

    return raises


def test_help_lists_every_command_with_what_it_does() -> None:
    shown = bench("--help")
    assert shown.returncode == 0
    for command in COMMANDS:
        assert f"  {command.name}" in shown.stdout
        assert str(command.short_help) in shown.stdout


def test_help_imports_none_of_the_heavy_libraries() -> None:
    code = "import sys; from bench.__main__ import main; main(['--help']); print('IMPORTED', *sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(shown.stdout.partition("IMPORTED ")[2].split())
    assert "click" in imported
    assert not imported & {
        "pydantic",
        "numpy",
        "scipy",
        "rich",
        "ruamel.yaml",
        "gevent",
        "locust",
        "matplotlib",
        "flask",
    }


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_there_under_its_name_with_the_help_that_is_listed(command: LazyCommand) -> None:
    real = command.imported()
    assert real.name == command.name
    assert real.get_short_help_str(limit=200) == command.short_help


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help(command: LazyCommand, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(command.name), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: bench {command.name} ")


def test_the_version_is_shown() -> None:
    assert bench("--version").stdout == f"bench, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--nope"], ["validate"], ["validate", "--nope"], ["completion", "tcsh"]]
)
def test_wrong_usage_ends_with_2_and_says_how_to_use_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert "Usage: bench" in shown.err
    assert shown.out == ""


def test_a_misspelt_command_is_a_usage_error() -> None:
    shown = bench("validte")
    assert shown.returncode == 2
    assert "No such command 'validte'" in shown.stderr


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.Regression("slower"), 1),
        (errors.InputError("wrong"), 2),
        (errors.NothingValid("nothing"), 3),
        (errors.ServerFailed("server"), 4),
        (errors.GeneratorFailed("generator"), 5),
        (errors.Interrupted("stopped"), 130),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.ClickException("usage"), 2),
        (ZeroDivisionError("division"), 70),
        (RecursionError(), 70),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    failing: Callable[[BaseException], None], error: BaseException, exit_code: int
) -> None:
    failing(error)
    assert main(["schema"]) == exit_code


def test_an_error_is_said_with_its_remedy_and_without_a_traceback(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(errors.ServerFailed("port 80 is taken", "choose another"))
    main(["schema"])
    assert capsys.readouterr().err == "port 80 is taken\n  choose another\n"


def test_an_internal_error_is_one_line_that_asks_for_a_report(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ValueError("first\nsecond"))
    main(["schema"])
    said = capsys.readouterr().err
    assert (
        said == "bench: internal error: ValueError: first second; please report it with what --debug shows\n"
    )


@pytest.mark.parametrize("error", [ValueError("odd"), errors.InputError("odd")])
def test_debug_shows_the_traceback(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    failing(error)
    main(["--debug", "schema"])
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_nothing_a_terminal_would_act_on_is_printed(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(errors.ServerFailed("it said \x1b[2J\x07 and\nstopped"))
    main(["schema"])
    assert capsys.readouterr().err == "it said \\x1b[2J\\x07 and\nstopped\n"


def test_a_reader_that_goes_away_is_no_error_to_speak_of() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    shown = subprocess.run([*BENCH, "schema"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (shown.returncode, shown.stderr) == (OUTPUT_CLOSED, "")


def test_a_full_disk_is_named() -> None:
    with Path("/dev/full").open("w") as full:
        shown = subprocess.run(
            [*BENCH, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert shown.returncode == 2
    assert shown.stderr == "the output cannot be written: No space left on device\n  make room for it\n"


def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    """A command that says it runs, then waits, is interrupted as a terminal would do it."""
    code = (
        "import click, signal, sys\n"
        "from bench.__main__ import main\n"
        "from bench.cli.main import LazyCommand\n"
        "@click.command()\n"
        "def waiting():\n"
        "    click.echo('running')\n"
        "    signal.pause()\n"
        "LazyCommand.imported = lambda _: waiting\n"
        "sys.exit(main(['schema']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, "interrupted\n")
