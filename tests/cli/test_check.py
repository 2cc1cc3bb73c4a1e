"""`bench check` in a real repository with real commits: what it says of each, and that it leaves no trace."""

import hashlib
import json
import signal
import subprocess
import sysconfig
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.bench_process import (
    Ended,
    assert_told_once,
    bench,
    bench_here,
    ended,
    started,
    stored,
    wait_for,
    wait_for_blocks,
)

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

APP = """
from extra import WORK

def app(environ, start_response):
    sum(range(WORK))
    body = b"good\\n"
    start_response(STATUS, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

STATUS = "200 OK"
"""
FLASK_APP = """
from flask import Flask
from installed import WORD

app = Flask(__name__)

@app.get("/")
def index():
    return WORD
"""
QUICK = {"for": "1s"}
ONE_METRIC = {"gate": ["cpu"], "allow": "50%", "launches": 8}
WORK = 10_000


class Repository:
    """A small app under version control, with its scenario."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("app.py", APP)
        self.write("extra.py", f"WORK = {WORK}\n")
        self.scenario()
        self.commit("first")

    def git(self, *arguments: str) -> str:
        author = ("-c", "user.name=Shop", "-c", "user.email=shop@localhost")
        done = subprocess.run(
            ("git", *author, *arguments), cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def scenario(self, **parts: Any) -> None:
        whole = {"app": "app:app", "servers": "waitress", "load": {"connections": 4}, "measure": QUICK,
                 "check": ONE_METRIC, **parts}  # fmt: skip
        self.write("bench.yaml", json.dumps(whole))

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def digest(self) -> dict[str, str]:
        """Every file of the repository, .git included."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def check(shop: Repository, *options: str, against: str = "HEAD", **environment: str) -> Ended:
    """The command, run beside the repository so that what it writes is not in it."""
    folder = shop.folder.parent
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        return bench(
            "check", "shop/bench.yaml", "--against", against, "--json", "check.json", *options, cwd=folder
        )


def document(shop: Repository) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shop.folder.parent / "check.json").read_text())
    return found


def reasons(shop: Repository) -> list[str]:
    (cell,) = document(shop)["cells"]
    return [reason["code"] for reason in cell["reasons"]]


def assert_no_trace(shop: Repository, before: dict[str, str], told: Ended) -> None:
    assert_told_once(told)
    assert shop.digest() == before
    assert {path.name for path in shop.folder.parent.iterdir()} <= {
        "shop", "results", "reports", "check.json", "check.xml", "check.md", "summary.md"
    }  # fmt: skip


def test_the_same_commit_passes_and_every_output_says_so(shop: Repository) -> None:
    before = shop.digest()
    summary = shop.folder.parent / "summary.md"
    told = check(shop, "--junit", "check.xml", "--markdown", "check.md",
                 GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))  # fmt: skip
    assert told.exit_code == 0, told.stderr
    assert_no_trace(shop, before, told)
    assert document(shop)["verdict"] == "pass"
    suites = ElementTree.parse(shop.folder.parent / "check.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) != (None, None, None)
    assert (shop.folder.parent / "check.md").read_text() == summary.read_text()
    assert "pass" in told.stdout
    measured = stored(shop.folder.parent)
    assert measured.run.check is not None
    assert not measured.run.check.changed
    assert [one.id for one in measured.run.deployments] == ["waitress@base", "waitress@head"]
    assert len(measured.launches) == 8
    again = bench_here("report", measured.run.id, "--json", "-", cwd=shop.folder.parent)
    assert json.loads(again.stdout) == document(shop)


def test_a_change_that_is_not_committed_is_measured_and_found_slower(shop: Repository) -> None:
    shop.write("extra.py", f"WORK = {5 * WORK}\n")
    before = shop.digest()
    told = check(shop)
    assert told.exit_code == 1, told.stderr
    assert_no_trace(shop, before, told)
    found = document(shop)
    assert found["verdict"] == "regression"
    measured = stored(shop.folder.parent)
    assert measured.run.check is not None
    assert measured.run.check.changed
    assert sum(one.confirming for one in measured.launches) == measured.run.check.confirmation
    assert "CPU time a request" in told.stdout


def test_a_head_that_does_not_start_is_a_regression_after_one_launch(shop: Repository) -> None:
    shop.write("extra.py", "raise RuntimeError('no')\n")
    shop.commit("broken")
    before = shop.digest()
    told = check(shop, against="HEAD~1")
    assert told.exit_code == 1, told.stderr
    assert_no_trace(shop, before, told)
    assert reasons(shop) == ["failed"]
    assert len(stored(shop.folder.parent).launches) == 1


def test_a_base_that_does_not_start_leaves_nothing_to_compare_with(shop: Repository) -> None:
    shop.write("extra.py", "raise RuntimeError('no')\n")
    shop.commit("broken")
    shop.write("extra.py", f"WORK = {WORK}\n")
    told = check(shop)
    assert told.exit_code == 4
    assert "base did not start under waitress" in told.stderr
    assert "only the files that git knows" in told.stderr


def test_a_faster_head_with_another_answer_is_not_called_faster(shop: Repository) -> None:
    shop.write("app.py", APP.replace("good", "bad"))
    shop.write("extra.py", "WORK = 1\n")
    told = check(shop)
    assert told.exit_code == 3, told.stderr
    assert "answer-changed" in reasons(shop)  # a busy machine may add others


def test_a_head_that_answers_with_errors_is_a_regression_however_fast(shop: Repository) -> None:
    shop.write("app.py", APP.replace("sum(range(WORK))", "global STATUS; STATUS = next(ANSWERS)")
               + "from itertools import chain, repeat\n"
               "ANSWERS = chain(repeat('200 OK', 40), repeat('500 Oh'))\n")  # fmt: skip
    told = check(shop)
    assert told.exit_code == 1, told.stderr
    assert set(reasons(shop)) & {"errors", "no-requests", "answers-differ"}


def test_packages_that_differ_are_set_up_for_each_version(shop: Repository) -> None:
    """The set-up puts one module of the repository, and ours by a path, into the new environment.

    Each version answers with what its own environment has; so soon as that is seen, the check can end.
    """
    place = (
        "import pathlib, shutil, site, sys; packages = pathlib.Path(site.getsitepackages()[0]); "
        "shutil.copy('needed.py', packages / 'installed.py'); "
        "(packages / 'ours.pth').write_text(sys.argv[1])"
    )
    shop.scenario(setup=[["python", "-c", place, sysconfig.get_path("purelib")]], servers="flask")
    shop.write("app.py", FLASK_APP)
    shop.write("requirements.txt", "needed==1\n")
    shop.write("needed.py", "WORD = 'good'\n")
    shop.commit("base")
    shop.write("requirements.txt", "needed==2\n")
    shop.write("needed.py", "WORD = 'better'\n")
    before = shop.digest()
    told = check(shop)
    assert told.exit_code == 3, told.stderr
    assert_no_trace(shop, before, told)
    (cell,) = document(shop)["cells"]
    what = {reason["code"]: reason["what"] for reason in cell["reasons"]}
    assert what["answer-changed"] == "it answers GET / with 6 bytes that are not the 4 of base"
    measured = stored(shop.folder.parent)
    assert measured.run.check is not None
    assert measured.run.check.dependencies == ("requirements.txt",)


def test_a_reference_that_is_not_there_is_told_before_anything_starts(shop: Repository) -> None:
    told = bench_here("check", "shop/bench.yaml", "--against", "nowhere", cwd=shop.folder.parent)
    assert told.exit_code == 2
    assert "nowhere" in told.stderr
    assert not (shop.folder.parent / "results").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_check_that_is_stopped_leaves_the_repository_as_it_was(
    shop: Repository, number: signal.Signals
) -> None:
    shop.scenario(measure={"for": "10m"})
    before = shop.digest()
    folder = shop.folder.parent
    with started("check", "shop/bench.yaml", "--against", "HEAD", cwd=folder) as process:
        wait_for(process, "launch 1")
        wait_for_blocks(folder, 2)
        process.send_signal(number)
        told = ended(process, folder)
    assert told.left == []
    assert shop.digest() == before
    assert {path.name for path in folder.iterdir()} <= {"shop", "results", "reports"}
    if number == signal.SIGINT:
        assert told.exit_code == 130
        assert_told_once(told)
