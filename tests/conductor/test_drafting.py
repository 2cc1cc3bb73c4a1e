"""From what was found out about an app, and which servers are there, to the draft of its scenario."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.conductor.environments.availability import Availability
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.inspection import drafting
from bench.conductor.inspection.app_place import AppPlace, ChosenPython
from bench.conductor.inspection.inspected_app import InspectedAnswer, InspectedApp, Rule
from bench.scenario.draft import Draft, DraftExample, DraftRequest
from bench.servers import SERVERS

GOOD = InspectedAnswer("/", 200, "text/html", 1204, digest="one", seconds=0.5)
OTHER = InspectedAnswer("/", 200, "text/html", 1204, digest="other", seconds=0.25)
APP = InspectedApp(
    "create_app()",
    "a Flask app",
    is_flask=True,
    rules=(
        Rule("/"),
        Rule("/<int:user>", ("GET",), ("user",)),
        Rule("/orders", ("POST",)),
        Rule("/admin"),
    ),
    answers={"/": (GOOD, OTHER), "/admin": (InspectedAnswer("/admin", 401),)},
)

Drawn = Callable[..., Draft]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Draws a scenario in the folder `bench` for an app in `shop`, where only these servers are there."""

    def draft(app: InspectedApp, *there: str, python: PythonEnvironment = OURS) -> Draft:
        found = {
            name: Availability(
                server, "1.0", reason="" if name in there else "not installed", remedy=f"get {name}"
            )
            for name, server in SERVERS.items()
        }
        monkeypatch.setattr(drafting, "available_servers", lambda *_: found)
        (tmp_path / "bench").mkdir()
        place = AppPlace(tmp_path / "shop", "shop", None)
        return drafting.sketch(tmp_path / "bench" / "x.yaml", place, ChosenPython(python, ""), {}, app).draft

    return draft


def test_paths_are_relative_to_the_scenario_and_our_python_is_not_named(drawn: Drawn) -> None:
    draft = drawn(APP, "flask")
    assert (draft.app, draft.directory, draft.python) == ("shop:create_app()", "../shop", None)


def test_another_python_is_named_by_its_path_from_the_scenario(drawn: Drawn, tmp_path: Path) -> None:
    python = PythonEnvironment(tmp_path / "shop" / ".venv" / "bin" / "python")
    assert drawn(APP, "flask", python=python).python == "../shop/.venv/bin/python"


def test_of_servers_that_come_together_the_first_is_measured(drawn: Drawn) -> None:
    draft = drawn(APP, "flask", "gunicorn", "gunicorn-sync")
    assert [server.name for server in draft.servers] == ["flask", "gunicorn"]
    assert [server.name for server in draft.variants] == ["gunicorn-sync"]
    missing = {server.name: server.remark for server in draft.missing}
    assert missing["waitress"] == "get waitress"
    assert "command" not in missing


def test_where_no_server_is_there_one_is_written_with_what_installs_it(drawn: Drawn) -> None:
    (server,) = drawn(APP).servers
    assert (server.name, server.remark) == ("flask", "get flask")


def test_flasks_own_server_is_for_flasks_apps_alone(drawn: Drawn) -> None:
    plain = InspectedApp("app", "a WSGI app", is_flask=False, rules=(), answers={"/": (GOOD,)})
    draft = drawn(plain, "flask", "waitress")
    assert [server.name for server in draft.servers] == ["waitress"]
    assert "flask" not in [server.name for server in draft.missing]


def test_routes_are_requests_or_examples_or_refused(drawn: Drawn) -> None:
    draft = drawn(APP, "flask")
    remark = "text/html, 1,204 B; takes 0.25 s; not the same each time"
    assert draft.requests == [DraftRequest("/", remark, varies=True, seconds=0.25)]
    assert draft.examples == [
        DraftExample("GET", "/1", "/<int:user>"),
        DraftExample("POST", "/orders", "changes something, or needs a body"),
    ]
    assert draft.refused == [DraftExample("GET", "/admin", "answers 401")]
    assert draft.guarded == "/admin"


def test_files_are_drafted_where_the_app_has_a_folder_with_some(drawn: Drawn, tmp_path: Path) -> None:
    folders = [tmp_path / "none", tmp_path / "empty", tmp_path / "files"]
    for folder in folders[1:]:
        folder.mkdir()
    (folders[2] / "a b.css").write_text("")
    rules = tuple(
        Rule(f"/{folder.name}/<path:filename>", ("GET",), ("filename",), str(folder)) for folder in folders
    )
    app = InspectedApp("app", "a Flask app", is_flask=True, rules=rules, answers={"/": (GOOD,)})
    static = drawn(app, "flask").static
    assert static is not None
    assert (static.prefix, static.folder, static.example) == ("/files/", "../files", "/files/a%20b.css")
