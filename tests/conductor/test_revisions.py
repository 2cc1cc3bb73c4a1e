import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.conductor.check import prepare_check
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.processes.commands import of_scenario
from bench.conductor.processes.interruption import Interruption
from bench.conductor.revisions.compared import Revisions, revisions
from bench.conductor.revisions.dependencies import differing, own_environment
from bench.errors import InputError
from bench.scenario.reading import LoadedScenario, load_scenario
from bench.servers import server_names
from tests.conductor.environments import claim, make_environment
from tests.conductor.launching import carrying
from tests.conductor.repositories import commit, digest, git, new_repository

ROOT = Path(__file__).parents[2]
APP = "def app(environ, start_response): ..."

INSTALL = """
import os, pathlib, shutil, sys, sysconfig
assert "SECRET" not in os.environ, "a secret"
assert os.environ["PIP_INDEX_URL"] == "https://packages.invalid/", "no index"
assert os.environ["POETRY_HTTP_BASIC_SHOP_USERNAME"] == "shop", "no way into a private index"
assert os.environ["SHOP"] == "measured", "not the scenario's variables"
assert pathlib.Path(os.environ["VIRTUAL_ENV"]) == pathlib.Path(sys.prefix), sys.prefix
shutil.copy("needed.py", sysconfig.get_path("purelib"))
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made; nothing else is in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "a repository\nof two lines"
    new_repository(folder, {"shop/web.py": APP, "requirements.txt": "one", "shop/needed.py": "VERSION = 1"})
    git(folder, "tag", "v1")
    commit(folder, {"shop/web.py": APP + "  # slower"})
    return folder


def scenario(repository: Path, **parts: object) -> LoadedScenario:
    """A scenario beside the repository, so that it is in no version of it."""
    path = repository.parent / "scenario.yaml"
    path.write_text(json.dumps({"app": "web:app", "directory": str(repository / "shop"), **parts}))
    return load_scenario(path, server_names())


def quick_python(folder: Path, python: str | Path = sys.executable) -> str:
    """A Python whose virtual environments have no pip, which takes most of the time to make one."""
    script = folder / "python"
    script.write_text(
        f'#!/bin/sh\n[ "$2" = venv ] && set -- -m venv --without-pip "$3"\nexec "{python}" "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


@contextmanager
def compared(loaded: LoadedScenario, against: str = "v1") -> Iterator[Revisions]:
    told: list[str] = []
    with Interruption() as interruption, revisions(loaded, against, interruption, told.append) as both:
        assert told
        yield both


def test_base_is_the_commit_and_head_the_folder_as_it_is(repository: Path, temporary: Path) -> None:
    (repository / "shop/web.py").write_text(APP + "  # slower still")
    before = digest(repository)
    with compared(scenario(repository)) as both:
        assert (both.base.directory / "web.py").read_text() == APP
        assert both.head.directory == repository / "shop"
        assert temporary in both.base.directory.parents
        assert (both.base.revision, both.head.revision) == ("base", "head")
        assert both.base.python == both.head.python == OURS
        assert both.base_commit == git(repository, "rev-parse", "v1")
        assert both.head_commit == git(repository, "rev-parse", "HEAD")
        assert (both.against, both.changed, both.dependencies, both.notes) == ("v1", True, (), ())
        assert digest(repository) == before
    assert digest(repository) == before
    assert list(temporary.iterdir()) == []


def test_paths_of_base_and_head_are_of_one_length(repository: Path, temporary: Path) -> None:
    longer = repository.parent / ("a longer name" * 12)
    repository.rename(longer)
    with compared(scenario(longer)) as both:
        assert len(os.fsencode(both.base.directory)) == len(os.fsencode(both.head.directory))


def test_from_a_linked_worktree_in_a_hook(
    repository: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "--quiet", "--detach", str(linked))
    monkeypatch.setenv("GIT_DIR", str(repository / ".git/worktrees/linked"))
    monkeypatch.setenv("GIT_INDEX_FILE", "index.lock")
    before = digest(repository, linked)
    with compared(scenario(linked), "HEAD~1") as both:
        assert (both.base.directory / "web.py").read_text() == APP
        assert not both.changed
    assert digest(repository, linked) == before


def test_other_dependencies_without_a_setup_are_noted(repository: Path, temporary: Path) -> None:
    (repository / "requirements.txt").write_text("two")
    with compared(scenario(repository)) as both:
        assert both.dependencies == ("requirements.txt",)
        assert both.base.python == both.head.python == OURS
        assert any("requirements.txt" in note and "setup" in note for note in both.notes)


def test_with_a_setup_each_gets_an_environment_of_its_own(
    repository: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.invalid/")
    monkeypatch.setenv("POETRY_HTTP_BASIC_SHOP_USERNAME", "shop")
    commit(repository, {"requirements.txt": "two", "shop/needed.py": "VERSION = 2"})
    before = digest(repository)
    setup = [["python", "-c", INSTALL]]
    loaded = scenario(
        repository, setup=setup, python=quick_python(tmp_path), environment={"SHOP": "measured"}
    )
    with compared(loaded) as both:
        assert _version(both.base.python) == "1"
        assert _version(both.head.python) == "2"
        assert len(os.fsencode(both.base.python.python)) == len(os.fsencode(both.head.python.python))
        assert both.notes == ()
    assert digest(repository) == before
    assert list(temporary.iterdir()) == []


def _version(python: PythonEnvironment) -> str:
    ask = "import needed; print(needed.VERSION)"
    return subprocess.run(
        (python.python, "-c", ask), cwd="/", capture_output=True, text=True, check=True
    ).stdout.strip()


def test_uv_is_told_which_environment_to_fill_and_never_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", sys.prefix)
    named = [
        of_scenario("setup", ("uv", "sync"), python, tmp_path, {}).variables.get("UV_PROJECT_ENVIRONMENT")
        for python in (PythonEnvironment(tmp_path / "venv/bin/python"), OURS)
    ]
    assert named == [str(tmp_path / "venv"), None]


def test_a_setup_that_fails_is_shown_and_nothing_is_left(
    repository: Path, temporary: Path, tmp_path: Path
) -> None:
    (repository / "requirements.txt").write_text("two")
    before = digest(repository)
    setup = [["python", "-c", "print('the index is down'); raise SystemExit(7)"]]
    with (
        pytest.raises(InputError, match=r"(?s)the setup of base failed with exit code 7.*the index is down"),
        compared(scenario(repository, setup=setup, python=quick_python(tmp_path))),
    ):
        pass
    assert digest(repository) == before
    assert list(temporary.iterdir()) == []


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = PythonEnvironment(tmp_path / "no/python")
    with pytest.raises(InputError, match=r"cannot run .*no/python"):
        own_environment(tmp_path / "base", missing, [["pip"]], tmp_path, {}, lambda step: None)


def test_a_folder_that_base_does_not_have_is_refused(repository: Path, temporary: Path) -> None:
    commit(repository, {"new/web.py": APP})
    with (
        pytest.raises(InputError, match="not there at v1"),
        compared(scenario(repository, directory=str(repository / "new"))),
    ):
        pass
    assert list(temporary.iterdir()) == []


def test_an_app_that_is_only_installed_would_be_compared_with_itself(
    repository: Path, temporary: Path
) -> None:
    with (
        pytest.raises(InputError, match="base and head would be the same"),
        compared(scenario(repository, app="elsewhere.web:app")),
    ):
        pass


def test_an_app_that_was_renamed_is_told_from_one_that_is_installed(
    repository: Path, temporary: Path
) -> None:
    commit(repository, {"shop/web.py": None, "shop/site.py": APP})
    with (
        pytest.raises(InputError, match=r"site:app is in the app's folder, but it was not there at v1"),
        compared(scenario(repository, app="site:app")),
    ):
        pass


def with_a_package_in_src(repository: Path) -> None:
    """An app that imports a package of its repository, which is not beside it and which head changed."""
    app = "import parts\n" + APP
    commit(repository, {"shop/web.py": app, "src/parts.py": "WORK = 1"})
    commit(repository, {"src/parts.py": "WORK = 2"})


def test_a_base_that_would_import_code_of_head_is_refused(repository: Path, temporary: Path) -> None:
    with_a_package_in_src(repository)
    before = digest(repository)
    there = {"PYTHONPATH": str(repository / "src")}
    with (
        pytest.raises(InputError, match=r"base would run head's code: with web:app it imports src/parts\.py"),
        compared(scenario(repository, environment=there), "HEAD~1"),
    ):
        pass
    assert digest(repository) == before
    assert list(temporary.iterdir()) == []


def test_code_of_the_repository_that_each_has_for_itself_or_that_did_not_change_is_no_matter(
    repository: Path, temporary: Path
) -> None:
    with_a_package_in_src(repository)
    with compared(scenario(repository, environment={"PYTHONPATH": "../src"}), "HEAD~1"):
        pass
    with compared(scenario(repository, environment={"PYTHONPATH": str(repository / "src")}), "HEAD"):
        pass


def test_an_editable_installation_is_answered_by_a_setup(repository: Path, temporary: Path) -> None:
    with_a_package_in_src(repository)
    installed = make_environment(repository.parent / "installed", ())
    (packages,) = installed.parents[1].glob("lib/*/site-packages")
    (plain := repository.parent / "plain").symlink_to(repository)  # a .pth file has a folder a line
    (packages / "editable.pth").write_text(str(plain / "src"))
    loaded = scenario(repository, python=quick_python(repository.parent, installed))
    with pytest.raises(InputError, match="base would run head's code"), compared(loaded, "HEAD~1"):
        pass
    install = (
        "import pathlib as p, sysconfig as s;"
        "p.Path(s.get_path('purelib'), 'own.pth').write_text(str(p.Path('../src').resolve()))"
    )
    loaded = scenario(repository, python=loaded.scenario.python, setup=f'python -c "{install}"')
    with compared(loaded, "HEAD~1") as both:
        assert both.base.python != both.head.python


def test_a_copy_that_was_installed_from_the_repository_is_one_for_both(
    repository: Path, temporary: Path
) -> None:
    app = "import parts\n" + APP
    library = "a library/src/parts/__init__.py"
    commit(repository, {"shop/web.py": app, library: "WORK = 1", "a library/tests/parts.py": "1"})
    python = make_environment(repository.parent / "installed", ())
    (packages,) = python.parents[1].glob("lib/*/site-packages")
    _install_copy(repository / "a library", packages)
    loaded = scenario(repository, python=quick_python(repository.parent, python))
    commit(repository, {"a library/tests/parts.py": "2"})
    with compared(loaded, "HEAD~1") as both:
        assert both.base.python == both.head.python
    commit(repository, {library: "WORK = 2"})
    with (
        pytest.raises(InputError, match=r"imports a library/src/parts/__init__\.py .* installed from there"),
        compared(loaded, "HEAD~1"),
    ):
        pass
    install = (
        "import pathlib as p, shutil, sysconfig as s;"
        "shutil.copytree('../a library/src/parts', p.Path(s.get_path('purelib'), 'parts'))"
    )
    loaded = scenario(repository, python=loaded.scenario.python, setup=[["python", "-c", install]])
    with compared(loaded, "HEAD~1") as both:
        assert both.base.python != both.head.python


def _install_copy(library: Path, packages: Path) -> None:
    """What `pip install` of the folder leaves, as far as it matters: PEP 376 and PEP 610."""
    shutil.copytree(library / "src/parts", packages / "parts")
    claim(packages, "parts", "1.0")
    about = packages / "parts-1.0.dist-info"
    (about / "RECORD").write_text("parts/__init__.py,,\n")
    (about / "direct_url.json").write_text(json.dumps({"url": library.as_uri(), "dir_info": {}}))


def test_files_that_the_setup_names_are_compared_wherever_they_lie(tmp_path: Path) -> None:
    base, head = tmp_path / "base", tmp_path / "head"
    for top in (base, head):
        (top / "app").mkdir(parents=True)
        (top / "deploy").mkdir()
        for name in ("named.txt", "in-option.txt", "other.txt"):
            (top / "deploy" / name).write_text(top.name)
        (tmp_path / "outside.txt").touch()
    setup = [
        ["pip", "install", "-r", "../deploy/named.txt", "--constraint=../deploy/in-option.txt"],
        ["pip", "install", "../../outside.txt", "x" * 300],
    ]
    assert differing(base, head, Path("app"), setup) == ("deploy/in-option.txt", "deploy/named.txt")


def test_a_setup_that_was_not_needed_is_noted(repository: Path, temporary: Path) -> None:
    with compared(scenario(repository, setup="pip install -r ../requirements.txt")) as both:
        assert both.base.python == both.head.python == OURS
        assert any("`setup:` was not run" in note for note in both.notes)


def test_static_files_beside_the_app_are_those_of_each_version(repository: Path, temporary: Path) -> None:
    repository = repository.rename(repository.parent / "of one line")
    commit(repository, {"assets/shop.css": "one"})
    commit(repository, {"assets/shop.css": "two"})
    loaded = scenario(repository, servers="uwsgi", static={"folder": str(repository / "assets")})
    with compared(loaded, "HEAD~1") as both:
        base, head = prepare_check(loaded, both).run.deployments
        own = both.base.directory.parent / "assets"
        assert f"/static={own}" in base.parts[0].command
        assert f"/static={repository / 'assets'}" in head.parts[0].command
        assert (own / "shop.css").read_text() == "one"


def test_static_files_outside_of_the_repository_are_the_same_for_both(
    repository: Path, temporary: Path
) -> None:
    with compared(scenario(repository), "HEAD") as both:
        assert both.base.place_of(repository.parent / "assets") == repository.parent / "assets"


def test_submodules_are_noted(repository: Path, temporary: Path, tmp_path: Path) -> None:
    new_repository(tmp_path / "part", {"inner": "inner"})
    git(repository, "submodule", "--quiet", "add", str(tmp_path / "part"), "part")
    commit(repository, {})
    with compared(scenario(repository), "HEAD") as both:
        assert any("submodules" in note for note in both.notes)


@pytest.mark.parametrize("name", [
    "requirements.txt", "requirements-dev.txt", "requirements/base.txt", "a/requirements.txt", "a/b/uv.lock",
    "a/pyproject.toml", "constraints.txt", "a/pylock.web.toml",
])  # fmt: skip
def test_dependencies_are_read_from_the_folder_of_the_app_up_to_the_top(tmp_path: Path, name: str) -> None:
    base, head = tmp_path / "base", tmp_path / "head"
    for top in (base, head):
        (top / name).parent.mkdir(parents=True)
        (top / "a/b").mkdir(parents=True, exist_ok=True)
        (top / name).write_text("one")
        (top / "a/b/web.py").write_text(top.name)
        (top / "a/b/elsewhere").mkdir()
        (top / "a/b/elsewhere/requirements.txt").write_text(top.name)
    assert differing(base, head, Path("a/b")) == ()
    (head / name).write_text("two")
    assert differing(base, head, Path("a/b")) == (name,)
    (head / name).unlink()
    assert differing(base, head, Path("a/b")) == (name,)


CHECK = """
import sys
from pathlib import Path
from bench.conductor.processes.interruption import Interruption
from bench.conductor.revisions.compared import revisions
from bench.scenario.reading import load_scenario
from bench.servers import server_names

loaded = load_scenario(Path(sys.argv[1]), server_names())
tell = lambda step: print(step, flush=True)
with Interruption() as interruption, revisions(loaded, "v1", interruption, tell):
    print("ready", flush=True)
    sys.stdin.read()
"""

LASTING = """
import pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("lasting")
time.sleep(600)
"""


@pytest.mark.parametrize(("moment", "number"), [
    ("checking out", signal.SIGKILL), ("making an environment", signal.SIGKILL), ("running", signal.SIGKILL),
    ("running", signal.SIGINT), ("ready", signal.SIGKILL), ("ready", signal.SIGTERM),
])  # fmt: skip
def test_a_check_that_is_ended_at_any_moment_leaves_nothing(
    repository: Path, temporary: Path, moment: str, number: signal.Signals
) -> None:
    commit(repository, {"requirements.txt": "two"})
    setup = [] if moment == "ready" else [["python", "-c", LASTING]]
    before, ours = digest(repository), f"{os.getpid()} {time.monotonic_ns()}"
    scenario(repository, python=quick_python(repository.parent), setup=setup)
    check = subprocess.Popen(
        (sys.executable, "-c", CHECK, str(repository.parent / "scenario.yaml")),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), "TZ": ours},  # TZ is passed on to every child
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert check.stdout is not None
    assert check.stdin is not None
    with check, check.stdin:
        while not (line := check.stdout.readline()).startswith(moment):
            assert line, "it ended too early"
        if moment == "running":
            _wait_until(lambda: any("lasting" in log.read_text() for log in temporary.rglob("base.log")))
        check.send_signal(number)
        check.wait(60)
    _wait_until(lambda: not carrying("TZ", ours))
    assert list(temporary.iterdir()) == []
    assert digest(repository) == before


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
