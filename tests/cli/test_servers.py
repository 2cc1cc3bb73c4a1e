import json

import pytest
from click.testing import CliRunner

from bench.cli.servers import command
from bench.conductor.environments.python_environment import PythonEnvironment
from bench.servers import SERVERS


@pytest.fixture
def _without_uwsgi(monkeypatch: pytest.MonkeyPatch) -> None:
    versions_of = PythonEnvironment.versions_of
    monkeypatch.setattr(
        PythonEnvironment,
        "versions_of",
        lambda self, names: versions_of(self, [name for name in names if name != "uwsgi"]),
    )


def test_every_server_is_listed_with_its_version() -> None:
    listed = CliRunner().invoke(command)
    assert listed.exit_code == 0
    lines = listed.stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(SERVERS)
    for name, server in SERVERS.items():
        (line,) = [line for line in lines if line.split()[0] == name]
        assert server.summary in line


@pytest.mark.usefixtures("_without_uwsgi")
def test_a_server_that_is_not_installed_is_listed_with_what_to_do() -> None:
    lines = CliRunner().invoke(command).stdout.splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith("uwsgi ")]
    assert lines[place].split()[1] == "-"
    assert lines[place + 1].strip().startswith("uwsgi is not installed; pip install uwsgi")


@pytest.mark.usefixtures("_without_uwsgi")
def test_the_list_as_json_says_the_same() -> None:
    found = {one["server"]: one for one in json.loads(CliRunner().invoke(command, ["--json"]).stdout)}
    assert list(found) == list(SERVERS)
    assert found["gunicorn"]["version"]
    assert found["gunicorn"]["reason"] is found["gunicorn"]["remedy"] is None
    assert found["uwsgi"]["version"] is None
    assert found["uwsgi"]["reason"] == "uwsgi is not installed"
    assert "pip install uwsgi" in found["uwsgi"]["remedy"]
