"""Shell completion: the scripts, and what they ask `bench` for."""

import os
import subprocess
import sys

import pytest

BENCH = [sys.executable, "-m", "bench"]


def completions(words: str, **environment: str) -> list[str]:
    """What bash is offered for the last of the words."""
    answer = subprocess.run(
        BENCH,
        env={
            **os.environ,
            "_BENCH_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in answer.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed_by_the_command_and_by_the_variable(shell: str) -> None:
    by_command = subprocess.run([*BENCH, "completion", shell], capture_output=True, text=True, check=True)
    by_variable = subprocess.run(
        BENCH,
        env={**os.environ, "_BENCH_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_BENCH_COMPLETE={shell}_complete" in by_command.stdout
    assert by_command.stdout == by_variable.stdout


def test_bash_accepts_the_script() -> None:
    script = subprocess.run([*BENCH, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    loaded = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p bench"], capture_output=True, text=True, check=True
    )
    assert "_bench_completion bench" in loaded.stdout


def test_commands_are_completed() -> None:
    assert completions("bench v") == ["validate"]


def test_options_of_a_command_are_completed() -> None:
    assert completions("bench validate --j") == ["--json"]


def test_values_of_an_argument_are_completed() -> None:
    assert completions("bench completion z") == ["zsh"]
