"""Where an app comes from and whose Python runs it: real virtual environments, real servers in them."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.conductor.deployments.deployment import RunningDeployment, Stopping
from bench.conductor.deployments.exchange import ask, request_bytes
from bench.conductor.deployments.source import Source
from bench.conductor.environments.availability import available_servers, installed_version
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.launch import LaunchInProgress
from bench.conductor.preparation import Prepared, prepare
from bench.conductor.processes.children import child_environment
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.ports import free_port
from bench.errors import InputError, ServerFailed
from bench.results.store import Store
from bench.scenario.model import Request
from bench.scenario.reading import LoadedScenario, load_scenario
from bench.servers import server_names
from bench.stats.decision import Decision
from tests.conductor.environments import FLASK, claim, make_environment
from tests.conductor.launching import Watcher

APP = """
import os, sys
from flask import Flask

app = Flask(__name__)


@app.get("/")
def where() -> str:
    return f"{os.getcwd()} {sys.prefix} {os.environ['VIRTUAL_ENV']}"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app, and the app's own environment, in which gunicorn is not installed."""
    home = tmp_path_factory.mktemp("home")
    make_environment(home / "shop" / ".venv", FLASK, waitress="99.1")
    (home / "shop" / "shop.py").write_text(APP)
    return home


def loaded(home: Path, **scenario: Any) -> LoadedScenario:
    folder = home / "bench"
    folder.mkdir(exist_ok=True)
    path = folder / "scenario.yaml"
    whole = {"app": "shop:app", "directory": "../shop", "load": {"connections": 2}, **scenario}
    path.write_text(json.dumps({"measure": {"twin": False}, **whole}))
    return load_scenario(path, server_names())


@contextmanager
def launched(prepared: Prepared, folder: Path) -> Iterator[tuple[LaunchInProgress, Watcher]]:
    watcher = Watcher()
    store = Store.create(folder, prepared.run.id)
    launch = LaunchInProgress(
        1, prepared, folder / "deployments", store, watcher, Interruption(), Decision(enough=False)
    )
    try:
        launch.start(set())
        yield launch, watcher
    finally:
        Stopping(launch.running.values()).wait(Interruption())


def told_by(deployment: RunningDeployment) -> list[str]:
    """The app's folder, its environment by what Python says, and by the variable."""
    data = request_bytes(Request(path="/"), deployment.port)
    return ask(data, "GET", deployment.endpoint, 10.0).body.decode().split()


@pytest.mark.integration
def test_servers_run_in_the_environment_of_the_scenarios_python_or_of_their_own(
    home: Path, tmp_path: Path
) -> None:
    ours = {"server": "waitress", "name": "ours", "python": sys.executable}
    python = "../shop/.venv/bin/python"
    prepared = prepare(loaded(home, python=python, servers=["waitress", "flask", ours]), seed=1)
    versions = {one.id: one.version for one in prepared.run.deployments}
    assert versions == {
        "waitress": "99.1",
        "flask": installed_version("flask"),
        "ours": installed_version("waitress"),
    }
    folder, environment = str(home / "shop"), str(home / "shop" / ".venv")
    with launched(prepared, tmp_path) as (launch, watcher):
        assert watcher.failures == {}
        assert told_by(launch.running["waitress"]) == [folder, environment, environment]
        assert told_by(launch.running["flask"]) == [folder, environment, environment]
        assert told_by(launch.running["ours"])[:2] == [folder, sys.prefix]


def test_the_versions_are_those_of_the_apps_environment_and_the_generators_ours(home: Path) -> None:
    bare = make_environment(home / "bare", (), waitress="1.0")
    prepared = prepare(loaded(home, python="../bare/bin/python", servers="waitress"))
    assert bare.is_file()
    assert "flask" not in prepared.run.versions
    assert prepared.run.versions["python"] == OURS.interpreter
    assert prepared.run.versions["locust"] == installed_version("locust")


def test_a_server_that_is_missing_in_the_environment_is_skipped_with_the_command_that_installs_it(
    home: Path,
) -> None:
    prepared = prepare(loaded(home, python="../shop/.venv/bin/python", servers=["gunicorn", "waitress"]))
    (skipped,) = prepared.run.skipped
    assert skipped.name == "gunicorn"
    assert skipped.reason == "gunicorn is not installed for ../shop/.venv/bin/python"
    assert skipped.remedy == "pip --python ../shop/.venv/bin/python install gunicorn"
    assert [one.id for one in prepared.run.deployments] == ["waitress"]


@pytest.mark.parametrize(
    ("added", "claimed", "remedy"),
    [
        ("", ("pip",), "my/bin/python -m pip install gunicorn"),
        ("", (), "pip --python my/bin/python install gunicorn"),
        ("uv = 0.9.1\n", (), "uv pip install --python my/bin/python gunicorn"),
    ],
)
def test_the_command_that_installs_is_one_that_the_environment_has(
    tmp_path: Path, added: str, claimed: tuple[str, ...], remedy: str
) -> None:
    environment = PythonEnvironment(make_environment(tmp_path / "my", ()))
    (packages,) = (tmp_path / "my" / "lib").glob("python*/site-packages")
    for name in claimed:
        claim(packages, name, "99.0")
    with (tmp_path / "my" / "pyvenv.cfg").open("a") as about:
        about.write(added)
    assert available_servers(environment, "my/bin/python")["gunicorn"].remedy == remedy


@pytest.mark.integration
def test_two_sources_are_two_deployments_whose_answers_come_from_their_folders(
    home: Path, tmp_path: Path
) -> None:
    base = home / "base"
    base.mkdir()
    (base / "shop.py").write_text(APP)
    own = PythonEnvironment(make_environment(home / "own", FLASK, waitress="99.0"))
    sources = Source(base, own, "base"), Source(home / "shop", OURS, "head")
    port = free_port(None, ())
    servers: list[Any] = [{"server": "waitress", "port": port}]
    prepared = prepare(loaded(home, floor="shop:app", servers=servers, measure={}), seed=1, sources=sources)
    assert [(one.id, one.name, one.revision, one.version) for one in prepared.run.deployments] == [
        ("waitress@base", "waitress", "base", "99.0"),
        ("waitress@head", "waitress", "head", installed_version("waitress")),
    ]
    with pytest.raises(
        ServerFailed, match="not installed in the environment of base, but it is in the other"
    ) as told:
        prepare(loaded(home, servers=[*servers, "gunicorn"]), sources=sources)
    assert told.value.remedy == "let `setup:` install it: pip install gunicorn"
    with launched(prepared, tmp_path) as (launch, watcher):
        assert watcher.failures == {}
        assert launch.running["waitress@head"].port == port
        assert told_by(launch.running["waitress@base"])[:2] == [str(base), str(home / "own")]
        assert told_by(launch.running["waitress@head"])[:2] == [str(home / "shop"), sys.prefix]
        assert {log.name for log in launch.store.logs.iterdir()} == {
            "0001-waitress-base.log",
            "0001-waitress-head.log",
        }


def test_a_servers_own_python_counts_in_a_check_unless_its_sources_have_their_own(home: Path) -> None:
    python = home / "shop" / ".venv" / "bin" / "python"
    scenario = loaded(home, servers=[{"server": "waitress", "python": str(python)}])
    shared = Source(home, OURS, "base"), Source(home / "shop", OURS, "head")
    assert {one.source.python for one in prepare(scenario, sources=shared).choices.values()} == {
        PythonEnvironment(python)
    }
    own = PythonEnvironment(make_environment(home / "new", FLASK, waitress="99.0"))
    prepared = prepare(scenario, sources=[Source(home, own, "base"), shared[1]])
    assert [one.source.python for one in prepared.choices.values()] == [own, PythonEnvironment(python)]


@pytest.mark.integration
def test_a_command_of_ours_is_never_started_for_another_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(OURS.scripts))
    claims = make_environment(home / "claims", (*FLASK, "gunicorn", "packaging"))
    (packages,) = claims.parent.parent.glob("lib/python*/site-packages")
    claim(packages, "uwsgi", "2.0.99")
    servers = [{"server": "gunicorn-sync", "processes": 1}, "uwsgi"]
    prepared = prepare(loaded(home, python="../claims/bin/python", servers=servers), seed=1)
    with launched(prepared, tmp_path) as (launch, watcher):
        assert launch.running.keys() == {"gunicorn-sync"}  # though its command is not there
        assert told_by(launch.running["gunicorn-sync"])[1] == str(claims.parent.parent)
    failure = watcher.failures["uwsgi"]
    assert (failure.code, failure.what) == ("start", "cannot run uwsgi: No such file or directory")
    assert str(claims.parent) in failure.log[0]


def test_the_commands_of_an_environment_come_first_and_ours_not_at_all(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join((str(OURS.scripts), "/usr/bin", "/bin")))
    environment = PythonEnvironment(home / "shop" / ".venv" / "bin" / "python")
    variables = child_environment({}, environment)
    first, *others = variables["PATH"].split(os.pathsep)
    assert first == str(environment.scripts)
    assert others == ["/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
    assert variables["VIRTUAL_ENV"] == str(home / "shop" / ".venv")
    assert child_environment({})["PATH"].startswith(str(OURS.scripts))


def test_an_environment_is_known_by_what_is_installed_in_it(home: Path) -> None:
    environment = PythonEnvironment(home / "shop" / ".venv" / "bin" / "python")
    versions = environment.versions_of(["Waitress", "flask", "gunicorn", "no-such-thing"])
    assert versions == {"Waitress": "99.1", "flask": installed_version("flask")}
    assert environment.interpreter == OURS.interpreter


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("#!/bin/sh\necho 'no such thing' >&2; exit 3", "does not run: no such thing"),
        ("#!/bin/sh\nexit 3", "does not run: exit code 3"),
        ("#!/bin/sh\necho hello", "is not a Python"),
        ("#!/bin/sh", "is not a Python"),
        ("#!/no/such/program", "cannot be run: No such file or directory"),
        (
            "#!/bin/sh\necho '[[2, 7], \"CPython 2.7.18\", {}]'",
            "is CPython 2.7.18, and servers need 3.8 or newer",
        ),
    ],
)
def test_what_is_no_python_for_servers_is_refused_with_what_to_do(
    tmp_path: Path, program: str, what: str
) -> None:
    python = tmp_path / "python"
    python.write_text(program)
    python.chmod(0o755)
    with pytest.raises(InputError, match=f"python {what}") as refused:
        PythonEnvironment(python).versions_of(["flask"])
    assert "python: .venv/bin/python" in refused.value.remedy
