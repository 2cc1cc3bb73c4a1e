"""`bench init`, from what is typed to the file that `bench validate` takes and `bench run` measures."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.conductor.environments.python_environment import OURS
from bench.scenario.model import Request
from bench.scenario.reading import load_scenario
from bench.servers import server_names
from tests.cli.bench_process import assert_told_once, bench, ended, started, stored, wait_for
from tests.conductor.environments import FLASK, make_environment

SHOP = """
import os
from flask import Flask, redirect

print("said when imported")


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", "home", lambda: os.environ["SHOP_NAME"])
    app.add_url_rule("/process", "process", lambda: str(os.getpid()))
    app.add_url_rule("/users/<int:user>", "user", str)
    app.add_url_rule("/orders", "orders", str, methods=["POST"])
    app.add_url_rule("/admin", "admin", lambda: redirect("/login"))
    return app
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where we are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shop(here: Path) -> Path:
    """A shop with its environment, in a folder whose name is none to YAML without quotation marks."""
    shop = here / "my shop #1"
    (shop / "static").mkdir(parents=True)
    (shop / "static" / "shop.css").write_text("")
    (shop / "app.py").write_text(SHOP)
    make_environment(shop / ".venv", FLASK, waitress="99.1")
    return shop


@pytest.mark.integration
def test_a_scenario_is_written_for_an_app_in_its_own_environment_and_can_be_run(
    here: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "bench").mkdir()
    file = "bench/shop.yaml"
    asked = ["init", "--directory", "my shop #1", "--env", "SHOP_NAME=tea: 1", "--output", file]
    assert main(asked) == 0
    output, steps = capsys.readouterr()
    assert "the environment .venv of the app's folder" in steps
    assert "said when imported" not in output + steps
    lines = output.splitlines()
    assert lines[0] == f"app:create_app() is a Flask app; these requests are in {file}:"
    assert lines[1:3] == [
        "  GET /         text/html, 6 B",
        "  GET /process  text/html, " + lines[2].split()[3] + " B; not the same each time",
    ]
    assert lines[3:8] == [
        "left out:",
        "  GET /admin  answers 302, to /login",
        "  GET /users/<int:user>  needs a value for user",
        "  POST /orders  changes something, or needs a body",
        "  GET /static/<path:filename>  serves files",
    ]
    assert lines[8] == "under: flask, waitress"
    assert "  not there: gunicorn; pip --python '../my shop #1/.venv/bin/python' install gunicorn" in lines
    assert lines[-1] == f"next: bench run {file}"

    loaded = load_scenario(here / file, server_names())
    assert loaded.directory == shop
    assert loaded.python_at(loaded.scenario.python or "") == shop / ".venv" / "bin" / "python"
    assert loaded.scenario.environment == {"SHOP_NAME": "tea: 1"}
    assert [one.expect.body for one in loaded.scenario.requests if isinstance(one, Request)] == [
        "same",
        "any",
    ]
    assert [choice.server for choice in loaded.scenario.servers] == ["flask", "waitress"]
    assert "  # - GET /users/1 " in loaded.text
    assert "  # - {method: POST, path: /orders, json: {}} " in loaded.text
    assert '# static: {prefix: /static/, folder: "../my shop #1/static"}\n' in loaded.text

    short = re.sub(r"for: \w+", "for: 1s\n  launches: 1\n  twin: false", loaded.text)
    (here / file).write_text(short)
    run = bench("run", file, cwd=here)
    assert (run.exit_code, run.left) == (0, []), run.stderr
    assert {cell.request for cell in stored(here).run.cells} == {"GET /", "GET /process"}


WSGI = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b""]
"""


def test_what_was_found_is_printed_as_json_and_nothing_else(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "plain.py").write_text(WSGI)
    assert main(["init", "plain", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenario"] == "scenario.yaml"
    assert (found["app"], found["kind"]) == ("plain:app", "a WSGI app without a URL map")
    assert (found["directory"], found["python"]) == (".", str(OURS.python))
    (request,) = found["requests"]
    assert request.pop("seconds") >= 0
    assert request == {
        "path": "/", "content_type": "", "bytes": 0, "streamed": True, "varies": False, "measured": True,
    }  # fmt: skip
    assert found["left_out"] == []
    assert "waitress" in found["servers"]
    assert "flask" not in found["servers"]  # it serves none but Flask's
    assert main(["validate", "scenario.yaml"]) == 0


def test_the_scenario_is_printed_where_that_is_asked_for(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "plain.py").write_text(WSGI)
    assert main(["init", "plain.py", "--output", "-"]) == 0
    output, said = capsys.readouterr()
    assert "\napp: plain:app  # a WSGI app without a URL map\n" in output
    assert "  GET /  no type, 0 B, streamed\n" in said
    assert "these requests are in the scenario:\n" in said
    assert "next:" not in said
    assert not (here / "scenario.yaml").exists()
    assert main(["init", "plain.py", "--output", "-", "--json"]) == 2


UNREADY = """
import sqlite3
from flask import Flask

app = Flask(__name__)
app.add_url_rule("/about", "about", lambda: "about")
app.add_url_rule("/", "home", lambda: str(sqlite3.connect(":memory:").execute("select * from teas")))
"""


def test_what_may_be_missing_is_said_of_an_app_in_src_that_answers_500(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "src" / "shop").mkdir(parents=True)
    (here / "src" / "shop" / "__init__.py").write_text(UNREADY)
    assert main(["init", "shop"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  GET /  answers 500: sqlite3.OperationalError: no such table: teas" in lines
    assert any(line.startswith("  an answer 500 may come from what is not there yet") for line in lines)
    assert load_scenario(here / "scenario.yaml", server_names()).directory == here / "src"


def test_a_file_that_is_there_is_kept_unless_force_is_asked_for(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "plain.py").write_text(WSGI)
    (here / "scenario.yaml").write_text("mine")
    assert main(["init", "plain"]) == 2
    assert capsys.readouterr().err == (
        "scenario.yaml is there already\n  name another with --output, or replace it with --force\n"
    )
    assert (here / "scenario.yaml").read_text() == "mine"
    assert main(["init", "plain", "--force"]) == 0
    assert main(["validate", "scenario.yaml"]) == 0


NO_GOOD = """
from flask import Flask

app = Flask(__name__)
app.add_url_rule("/", "home", lambda: ("no", 401))


def create_app(name):
    return app
"""


@pytest.mark.parametrize(
    ("asked", "exit_code", "said"),
    [
        (["broken"], 4, "  |     import no_such_thing\n  | ModuleNotFoundError: No module named"),
        (["none"], 2, "there is no module `none`"),
        (["good:appp"], 2, "did you mean `app`?"),
        (["good"], 2, "nothing to measure\n  GET /  answers 401"),
        (["good:app.wsgi_app"], 2, "take no dotted name such as `app.wsgi_app`\n  write a module beside it"),
        (["good:create_app('x')"], 2, "a scenario cannot name `good:create_app('x')`"),
        (["odd\n/good.py"], 2, "a scenario cannot name `odd\\n`\n  give the folder a name"),
        (["odd\udcff/good.py"], 2, "a scenario cannot name `odd\\udcff`\n  give the folder a name"),
        (["good", "--python", "none"], 2, "there is no Python `none`"),
        (["good", "--env", "1=2"], 2, "'1=2' is not NAME=VALUE"),
        (["good", "--output", "none/x.yaml"], 2, "cannot write none/x.yaml"),
        ([], 2, "there is neither wsgi.py nor app.py in"),
    ],
)  # fmt: skip
def test_where_no_scenario_can_be_written_the_reason_is_said_and_nothing_is_written(
    here: Path, capsys: pytest.CaptureFixture[str], asked: list[str], exit_code: int, said: str
) -> None:
    (here / "good.py").write_text(NO_GOOD)
    (here / "broken.py").write_text("import no_such_thing\n")
    for odd in ("odd\n", "odd\udcff"):
        (here / odd).mkdir()
        (here / odd / "good.py").write_text(NO_GOOD)
    before = sorted(here.rglob("*.yaml"))
    assert main(["init", *asked]) == exit_code
    output, error = capsys.readouterr()
    assert said in error
    assert "Traceback (most recent call last)" not in output + error.partition("  | ")[0]
    assert sorted(here.rglob("*.yaml")) == before


def test_where_nothing_answers_200_what_a_scenario_by_hand_begins_with_is_said(
    here: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "plain.py").write_text(WSGI.replace("200 OK", "404 Not Found"))
    assert main(["init", "plain", "--directory", shop.name]) == 2
    said = capsys.readouterr().err
    assert "  it has no URL map to read, so that only / was asked for\n" in said
    assert '`app: plain:app`, `directory: "my shop #1"`, `python: "my shop #1/.venv/bin/python"`, and' in said
    assert not (here / "scenario.yaml").exists()


@pytest.mark.integration
def test_ctrl_c_ends_the_app_and_writes_nothing(here: Path) -> None:
    (here / "shop.py").write_text("import os, signal\nopen('imported', 'w').close()\nsignal.pause()\n")
    os.mkfifo(here / "imported")
    with started("init", "shop", cwd=here) as process:
        wait_for(process, "importing shop")
        (here / "imported").read_text()  # returns when the app has closed it
        process.send_signal(signal.SIGINT)
        result = ended(process, here)
    assert result.exit_code == 130
    assert_told_once(result)
    assert result.stderr == "interrupted; nothing was written\n"
    assert not (here / "scenario.yaml").exists()
