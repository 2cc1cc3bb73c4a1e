"""The GitHub action and the GitLab job: their steps, run as they are written, on a small repository."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FIND, INSTALL, CHECK = range(3)

APP = """\
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "hello", {status}
"""

SCENARIO = """\
app: shop:app
servers: [waitress]
requests: [GET /]
load: {connections: 4}
measure: {for: 1s}
check: {launches: 12}
"""


def yaml(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text())


ACTION = yaml("action.yml")
INPUTS = {name: str(each["default"]) for name, each in ACTION["inputs"].items()}


@dataclass
class Runner:
    """A machine that runs steps as GitHub's runner does, in one repository."""

    repository: Path
    files: Path
    on_path: Path = Path(sys.executable).parent
    environment: dict[str, str] = field(default_factory=dict)

    def step(self, number: int, **given: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action with these inputs; the others have their defaults."""
        step = ACTION["runs"]["steps"][number]
        assert step["shell"] == "bash"
        inputs = {**INPUTS, "python": sys.executable, **given}
        environment = {name: evaluated(text, inputs) for name, text in step["env"].items()}
        return self.bash("-eo", "pipefail", "-c", step["run"], **environment)

    def bash(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a shell with what the runner sets."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", *arguments],
            cwd=self.repository,
            env={
                "PATH": f"{self.on_path}:{os.environ['PATH']}",
                "HOME": str(self.files),
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(self.files / "output"),
                "GITHUB_STEP_SUMMARY": str(self.files / "summary.md"),
                **self.environment,
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def verdict(self) -> str:
        """The action's output."""
        assert ACTION["outputs"]["verdict"]["value"] == "${{ steps.check.outputs.verdict || 'error' }}"
        assert ACTION["runs"]["steps"][CHECK]["id"] == "check"
        return (self.files / "output").read_text().rpartition("verdict=")[2].strip()


def evaluated(text: str, inputs: dict[str, str]) -> str:
    """The text with its only kind of expression replaced, as the runner does before a step begins."""
    found = re.fullmatch(r"\$\{\{ inputs\.([a-z]+) \}\}", text)
    assert found is not None
    return inputs[found[1]]


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, status: int) -> None:
    (folder / "shop.py").write_text(APP.format(status=status))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", f"status {status}")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A repository whose newest commit answers every request with an error."""
    repository, files = tmp_path / "a repository", tmp_path / "files"
    repository.mkdir()
    files.mkdir()
    git(repository, "init", "--quiet")
    (repository / "bench.yaml").write_text(SCENARIO)
    (repository / ".gitignore").write_text("results/\nreports/\n__pycache__/\n")
    commit(repository, 200)
    commit(repository, 500)
    return Runner(repository, files)


def stand_in(runner: Runner, exit_code: int) -> str:
    """A Python that only says with which arguments it was called; returns its path."""
    program = runner.files / "python"
    program.write_text(f'#!/bin/sh\nprintf "<%s>" "$@"\nexit {exit_code}\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("against", ["HEAD^", "main", "HEAD"])
def test_a_reference_that_is_there_is_found(runner: Runner, against: str) -> None:
    found = runner.step(FIND, against=against)
    assert found.returncode == 0
    assert found.stdout.strip() == git(runner.repository, "rev-parse", against)


@pytest.mark.parametrize("against", ["origin/main", "HEAD~7", "--all", "$(touch made)", "a b"])
def test_a_reference_that_is_not_there_is_said(runner: Runner, against: str) -> None:
    found = runner.step(FIND, against=against)
    assert found.returncode == 2
    assert found.stdout.startswith("::error title=wsgi-bench::The reference to compare with is not here.")
    assert "shallow" not in found.stdout
    assert not (runner.repository / "made").exists()


def test_of_a_shallow_checkout_the_remedy_is_named_and_helps(runner: Runner, tmp_path: Path) -> None:
    for depth, code in ((1, 2), (2, 0)):
        clone = tmp_path / f"depth-{depth}"
        git(tmp_path, "clone", "--quiet", f"--depth={depth}", runner.repository.as_uri(), str(clone))
        found = Runner(clone, runner.files).step(FIND)
        assert found.returncode == code
        assert ("fetch-depth: 2" in found.stdout) is (depth == 1)


def test_an_input_that_is_neither_fail_nor_pass_is_refused(runner: Runner) -> None:
    found = runner.step(FIND, inconclusive="ignore")
    assert found.returncode == 2
    assert "inconclusive is either fail or pass" in found.stdout


def test_the_version_that_is_installed_is_that_of_the_action(runner: Runner) -> None:
    runner.environment = {"PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_QUIET": "0"}
    runner.environment["PIP_NO_BUILD_ISOLATION"] = "0"  # pip reads it the other way round: without isolation
    installed = runner.step(INSTALL)
    assert installed.returncode == 0, installed.stderr


@pytest.mark.parametrize(
    ("install", "packages"),
    [("", f"<{ROOT}>"), ("wsgi-bench[uwsgi]==0.1.0", "<wsgi-bench[uwsgi]==0.1.0>"), ("a b>=2", "<a><b>=2>")],
)
def test_what_shall_be_installed_can_be_named(runner: Runner, install: str, packages: str) -> None:
    called = runner.step(INSTALL, install=install, python=stand_in(runner, 0))
    assert called.returncode == 0
    assert called.stdout == f"<-m><pip><install><--quiet><--disable-pip-version-check>{packages}"


def test_packages_that_are_replaced_are_named_in_a_warning(runner: Runner) -> None:
    python = runner.files / "python"
    python.write_text(
        "#!/bin/sh\n"
        'if [ "$3" = install ]; then touch "$GITHUB_OUTPUT.installed"; exit; fi\n'
        'if [ -e "$GITHUB_OUTPUT.installed" ]; then printf "Flask==3.1.3\\nclick==8.3\\nrich==14.0\\n"\n'
        'else printf "gunicorn==21.2\\nclick==8.3\\nFlask==2.3.3\\n"; fi\n'
    )
    python.chmod(0o755)
    installed = runner.step(INSTALL, python=str(python))
    assert installed.returncode == 0, installed.stderr
    assert installed.stdout.startswith("::warning title=wsgi-bench::Replaced to install wsgi-bench: ")
    assert "Flask==2.3.3, gunicorn==21.2. " in installed.stdout
    assert "click" not in installed.stdout


@pytest.mark.parametrize(
    ("exit_code", "inconclusive", "verdict", "ends_with"),
    [
        (0, "fail", "pass", 0),
        (1, "pass", "regression", 1),
        (3, "fail", "inconclusive", 3),
        (3, "pass", "inconclusive", 0),
        (2, "pass", "error", 2),
        (4, "fail", "error", 4),
    ],
)
def test_the_step_ends_as_the_check_did(
    runner: Runner, exit_code: int, inconclusive: str, verdict: str, ends_with: int
) -> None:
    called = runner.step(CHECK, inconclusive=inconclusive, python=stand_in(runner, exit_code))
    assert (called.returncode, runner.verdict) == (ends_with, verdict)


def test_inputs_are_arguments_and_never_commands(runner: Runner) -> None:
    called = runner.step(
        CHECK,
        scenario="-a $(touch made).yaml",
        against="a`touch made`",
        arguments="--junit out.xml\n*  $(touch made)",
        python=stand_in(runner, 0),
    )
    assert called.stdout == (
        "<-m><bench><check><--against=a`touch made`><--junit><out.xml><*><$(touch><made)>"
        "<--><-a $(touch made).yaml>"
    )
    assert not (runner.repository / "made").exists()


def test_no_input_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


@pytest.mark.integration
def test_a_change_that_breaks_the_app_is_red_where_github_shows_it(runner: Runner) -> None:
    checked = runner.step(CHECK, arguments="--junit bench.xml")
    assert (checked.returncode, runner.verdict) == (1, "regression"), checked.stderr
    assert "::error title=Regression%3A waitress%2C GET /%2C 4 connections::" in checked.stdout
    assert "bench check: regression" in (runner.files / "summary.md").read_text()
    assert "<failure" in (runner.repository / "bench.xml").read_text()
    assert git(runner.repository, "status", "--porcelain") == "?? bench.xml"
    assert len(git(runner.repository, "worktree", "list").splitlines()) == 1
    exported = runner.bash("-c", "bench export results/* --format junit")
    assert exported.stdout == (runner.repository / "bench.xml").read_text()


@pytest.mark.integration
def test_the_job_for_gitlab_runs_as_it_is_written(runner: Runner) -> None:
    (job,) = yaml("docs/gitlab-ci.yml").values()
    app, install, check = job["script"]
    assert app == "python -m pip install --quiet -r requirements.txt"
    assert install == 'python -m pip install --quiet "$WSGI_BENCH"'
    base = git(runner.repository, "rev-parse", "HEAD^")
    runner.environment = {**job["variables"], "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "GITHUB_ACTIONS": ""}
    checked = runner.bash("-eo", "pipefail", "-c", check)
    assert checked.returncode == 1, checked.stderr
    assert "::error" not in checked.stdout
    report = job["artifacts"]["reports"]["junit"]
    assert "<failure" in (runner.repository / report).read_text()
    written = {*job["artifacts"]["paths"], report}
    assert all((runner.repository / name).exists() for name in written)
