"""Shell completion: the scripts, and what they ask `bench` for."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.__main__ import main

BENCH = [sys.executable, "-m", "bench"]


def completions(words: str, folder: Path = Path(), **environment: str) -> list[str]:
    """What bash is offered in this folder for the last of the words."""
    runner = CliRunner()
    with chdir(folder), runner.isolation(env={**asking(words), **environment}) as (stdout, stderr, _):
        assert main([]) == 0
    assert stderr.getvalue() == b""
    return offered_by(stdout.getvalue().decode())


def asking(words: str) -> dict[str, str]:
    """The variables by which bash asks for the last of the words."""
    return {
        "_BENCH_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }


def offered_by(answer: str) -> list[str]:
    return [line.partition(",")[2] for line in answer.splitlines() if line]


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
    """By the process that the shell starts; all else is asked of the function that it calls."""
    answer = subprocess.run(
        BENCH, env={**os.environ, **asking("bench v")}, capture_output=True, text=True, check=True
    )
    assert (offered_by(answer.stdout), answer.stderr) == (["validate"], "")


def test_options_of_a_command_are_completed() -> None:
    assert completions("bench validate --j") == ["--json"]


def test_values_of_an_argument_are_completed() -> None:
    assert completions("bench completion z") == ["zsh"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two branches and a tag, and beside it a folder with stored runs."""
    folder = tmp_path_factory.mktemp("shop")
    author = ("-c", "user.name=Shop", "-c", "user.email=shop@localhost")
    for arguments in (
        ("init", "--quiet", "--initial-branch=main", "repository"),
        ("-C", "repository", *author, "commit", "--quiet", "--allow-empty", "--message", "first"),
        ("-C", "repository", "branch", "faster/json"),
        ("-C", "repository", "tag", "v1"),
        ("-C", "repository", "update-ref", "refs/remotes/origin/main", "HEAD"),
    ):
        subprocess.run(("git", *arguments), cwd=folder, check=True)
    for place, name in enumerate(("monday", "tuesday")):
        run = folder / "results" / name / "run.json"
        run.parent.mkdir(parents=True)
        run.touch()
        os.utime(run, (place, place))
    (folder / "results" / "notes").mkdir()
    return folder


def test_references_are_those_of_the_repository_that_the_scenario_is_in(shop: Path) -> None:
    check = "bench check repository/bench.yaml --against "
    assert completions(check, shop) == ["HEAD", "faster/json", "main", "origin/main", "v1"]
    assert completions(f"{check}f", shop) == ["faster/json"]
    assert completions("bench check --against m", shop / "repository") == ["main"]


@pytest.mark.parametrize("environment", [{}, {"PATH": "/nowhere"}])
def test_where_there_is_no_repository_or_no_git_nothing_is_said(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert completions("bench check bench.yaml --against m", tmp_path, **environment) == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [("report ", ["tuesday", "monday"]), ("export m", ["monday"]), ("compare monday t", ["tuesday"])],
)
def test_stored_runs_are_completed_the_last_first(shop: Path, words: str, offered: list[str]) -> None:
    assert completions(f"bench {words}", shop) == offered


def test_runs_are_looked_for_where_the_results_are(shop: Path) -> None:
    assert completions("bench report --results ../results t", shop / "repository") == ["tuesday"]
    assert completions("bench report re", shop) == ["re"]  # the shell completes folders then
    assert completions("bench check bench.yaml --baseline b", shop) == ["b"]
