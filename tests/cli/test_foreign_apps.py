"""Flask applications that others wrote, each in an environment of its own, from their packages to a ranking.

Not a line of theirs is changed, and of the scenario that `bench init` writes only the time is shortened.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from venv import EnvBuilder

import pytest

from bench.results.model import Measurements
from tests.cli.bench_process import ROOT, bench, stored

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]  # installing may take long

# What a busy machine, or a run as short as these, may do to any cell.
OF_THE_MACHINE = {"littles-law", "both-idle", "starved", "steal", "stall-40ms", "generator-bound"}
SHORT = "for: 3s\n  launches: 1\n"

# klaus tells how long ago the last commit was: that must not change from one second to the next.
_COMMIT = {
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "2020-02-02T02:02:02Z" for who in ("AUTHOR", "COMMITTER")},
}


@dataclass(frozen=True)
class Foreign:
    """What `bench init` found of an app, and what `bench run` measured, and made of that."""

    found: dict[str, Any]
    measured: Measurements
    summary: dict[str, Any]

    def paths(self, what: str = "path") -> list[str]:
        """Those that answered 200, or those of them of which this is said."""
        return [one["path"] for one in self.found["requests"] if one[what]]

    @property
    def left_out(self) -> dict[str, str]:
        """The reasons by rule."""
        return {one["rule"]: one["reason"] for one in self.found["left_out"]}

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the servers that were measured, and of what the app stands on."""
        run = self.measured.run
        return {**run.versions, **{one.server: one.version for one in run.deployments}}


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    return measured("httpbin", tmp_path_factory.mktemp("httpbin"), "httpbin")


@pytest.fixture(scope="module")
def klaus(tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    """It shows git repositories, and must be told which."""
    folder = tmp_path_factory.mktemp("klaus")
    make_repository(folder / "tea")
    told = (f"--env=KLAUS_REPOS={folder / 'tea'}", "--env=KLAUS_SITE_NAME=Our teas")
    return measured("klaus", folder, "klaus.contrib.wsgi", *told)


def measured(name: str, folder: Path, *asked: str) -> Foreign:
    """Install what the lock file of this name holds, and give the two commands that a user would."""
    install(ROOT / "tests" / "fixtures" / f"{name}.lock", folder)
    before = installed(folder)
    init = bench("init", *asked, "--json", cwd=folder)
    assert (init.exit_code, init.left) == (0, []), init.stderr
    scenario = folder / "scenario.yaml"
    scenario.write_text(re.sub(r"for: .*\n", SHORT, scenario.read_text()))
    run = bench("run", scenario.name, "--json", "summary.json", cwd=folder)
    assert (run.exit_code, run.left) == (0, []), run.stderr
    assert installed(folder) == before
    summary = json.loads((folder / "summary.json").read_text())
    return Foreign(json.loads(init.stdout), stored(folder), summary)


def install(lock: Path, folder: Path) -> None:
    """A virtual environment with these packages; what comes as source is built with what we have.

    It has no pip of its own: that takes longer than all the rest.
    """
    EnvBuilder(symlinks=True).create(folder / ".venv")
    locked = ("--no-deps", "--no-build-isolation", "--require-hashes", "--requirement", lock)
    pip("wheel", *locked, "--wheel-dir", folder / "wheels")
    wheels = sorted((folder / "wheels").iterdir())
    pip(
        "--python",
        folder / ".venv" / "bin" / "python",
        "install",
        "--no-deps",
        "--no-index",
        "--no-compile",
        *wheels,
    )


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr


def installed(folder: Path) -> dict[str, int]:
    """The files of the environment, but for compiled ones, and when each was last changed."""
    files = (path for path in (folder / ".venv").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path): path.stat().st_mtime_ns for path in files}


def make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "README").write_text("Tea, mostly.\n")
    for command in ("init", "add README", "commit --message Tea"):
        environment = {"PATH": os.environ["PATH"], **_COMMIT}
        subprocess.run(
            ["git", *command.split()], cwd=folder, env=environment, check=True, capture_output=True
        )


def assert_measured(app: Foreign, servers: set[str]) -> None:
    """Every request under every server, each answer as expected, and no number doubted for the app's sake."""
    cells = {(one["server"], one["request"]): one for one in app.summary["cells"]}
    assert cells.keys() == {(server, f"GET {path}") for server in servers for path in app.paths("measured")}
    assert app.measured.run.status == "complete"
    assert [launch.rejected for launch in app.measured.launches] == [{}]
    for cell in cells.values():
        assert cell["requests"] > 0
        assert cell["errors"] == 0
        assert {reason["code"] for reason in cell["reasons"]} <= OF_THE_MACHINE
    assert any(cell["valid"] for cell in cells.values())
    assert app.summary["ranking"]


def test_httpbin_is_measured_under_the_gunicorn_of_its_own_environment(httpbin: Foreign) -> None:
    assert (httpbin.found["app"], httpbin.found["kind"]) == ("httpbin:app", "a Flask app")
    assert httpbin.found["because"] == "the environment .venv of the app's folder"
    assert httpbin.paths()[:6] == ["/", "/html", "/robots.txt", "/deny", "/ip", "/uuid"]
    assert httpbin.paths("varies")[:2] == ["/uuid", "/headers"]
    assert httpbin.left_out["/bearer"] == "answers 401"
    assert httpbin.left_out["/cookies/set"] == "answers 302, to /cookies"
    assert httpbin.left_out["/delay/<delay>"] == "needs a value for delay"
    assert httpbin.found["missing"]["waitress"] == "pip --python .venv/bin/python install waitress"
    assert_measured(httpbin, {"flask", "gunicorn"})
    assert httpbin.versions.items() >= {"flask": "3.0.3", "werkzeug": "3.0.6", "gunicorn": "23.0.0"}.items()


def test_klaus_is_measured_under_the_waitress_of_its_own_environment(klaus: Foreign) -> None:
    assert (klaus.found["app"], klaus.found["kind"]) == ("klaus.contrib.wsgi:application", "a Flask app")
    assert klaus.paths() == ["/", "/robots.txt/"]
    assert klaus.paths("varies") == []
    assert klaus.left_out["/<repo>/commit/<path:rev>/"] == "needs a value for repo and rev"
    assert klaus.found["missing"]["gunicorn"] == "pip --python .venv/bin/python install gunicorn"
    assert_measured(klaus, {"flask", "waitress"})
    assert klaus.versions.items() >= {"flask": "3.1.3", "waitress": "3.0.1"}.items()
