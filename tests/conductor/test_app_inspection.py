"""Looking into apps: real ones, each imported by a process of its own that leaves nothing behind."""

import ast
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.conductor.environments.python_environment import OURS
from bench.conductor.inspection import bench_inspector
from bench.conductor.inspection.app_inspection import LIMITS, Limits, inspect_app
from bench.conductor.inspection.app_place import AppPlace
from bench.conductor.inspection.inspected_app import InspectedApp, Rule
from bench.errors import BenchError, InputError, ServerFailed

SHOP = """
import os, subprocess, sys, time
from flask import Blueprint, Flask, Response, redirect, request

print("said when imported")
subprocess.Popen(["sleep", "98431"], start_new_session=True)


def create_app(config=None):
    app = Flask("shop")
    app.register_blueprint(Blueprint("admin", __name__, url_prefix="/admin", static_folder="files"))

    @app.route("/")
    def home():
        return os.environ["SHOP_NAME"] + os.environ.get("SHOP_SECRET", "")

    @app.route("/process")
    def process():
        return str(os.getpid())

    @app.route("/port")
    def port():
        return request.host

    @app.route("/stream")
    def stream():
        return Response((piece for piece in ("a", "b")), content_type="text/plain; charset=utf-8")

    @app.route("/caf\u00e9 #1")
    def cafe():
        return ""

    @app.route("/pages", defaults={"number": 1})
    @app.route("/pages/<int:number>")
    def pages(number):
        return str(number)

    @app.route("/orders", methods=["POST"])
    def orders():
        return ""

    @app.route("/login")
    def login():
        return redirect("/")

    @app.route("/broken")
    def broken():
        raise ValueError("no such\\nthing")

    @app.route("/late")
    def late():
        def pieces():
            yield "well"
            raise OSError("too late")

        return Response(pieces())

    @app.route("/exit")
    def leave():
        os._exit(3)

    @app.route("/endless")
    def endless():
        return Response("x" * 1000 for _ in iter(int, 1))

    @app.route("/slow")
    def slow():
        sys.stdin = open(os.environ["SHOP_PIPE"])
        return ""

    return app
"""


def look_into(
    folder: Path, attribute: str | None, limits: Limits = LIMITS, **environment: str
) -> InspectedApp:
    return inspect_app(AppPlace(folder, "shop", attribute), OURS, environment, lambda _: None, limits)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> InspectedApp:
    """The shop, looked into once for all tests; what it waits for in `/slow` never comes."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "files").mkdir()
    (folder / "shop.py").write_text(SHOP)
    os.mkfifo(folder / "pipe")
    limits = replace(LIMITS, ask_s=2.0, most_bytes=100_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SECRET", "secret")
        return look_into(folder, "create_app", limits, SHOP_NAME="tea", SHOP_PIPE=str(folder / "pipe"))


def test_a_factory_is_called_and_named_so_that_servers_call_it(shop: InspectedApp) -> None:
    assert (shop.attribute, shop.kind, shop.is_flask) == ("create_app()", "a Flask app", True)


def test_every_path_is_asked_twice_in_each_of_two_processes(shop: InspectedApp) -> None:
    for rule in ("/", "/process", "/port", "/stream", "/pages"):
        assert [answer.status for answer in shop.answers[rule]] == [200] * 4
    assert shop.answers["/"][0].length == len("tea")
    assert len({answer.digest for answer in shop.answers["/"]}) == 1
    for rule in ("/process", "/port"):
        assert len({answer.digest for answer in shop.answers[rule]}) == 2


def test_answers_are_told_with_what_their_heads_say(shop: InspectedApp) -> None:
    stream = shop.answers["/stream"][0]
    assert (stream.content_type, stream.length, stream.streamed) == ("text/plain", 2, True)
    assert not shop.answers["/"][0].streamed
    assert shop.answers["/login"][0].location == "/"
    assert shop.answers["/caf\u00e9 #1"][0].path == "/caf%C3%A9%20%231"
    assert shop.answers["/caf\u00e9 #1"][0].status == 200


def test_what_goes_wrong_is_told_and_does_not_keep_the_others_from_being_asked(shop: InspectedApp) -> None:
    (broken, _) = shop.answers["/broken"]
    assert (broken.status, broken.raised) == (500, "ValueError: no such")
    assert shop.answers["/late"][0].failure == "raises OSError: too late"
    assert shop.answers["/exit"][0].failure == "the app's process ended, or hung, when it was asked"
    assert shop.answers["/endless"][0].failure == "the answer is longer than 100,000 B, or has no end"
    assert shop.answers["/slow"][0].failure == "the answer did not end within 2 s"


def test_rules_are_told_with_their_methods_and_arguments(shop: InspectedApp) -> None:
    rules = {rule.rule: rule for rule in shop.rules}
    assert rules["/pages/<int:number>"] == Rule(
        "/pages/<int:number>", ("GET", "HEAD", "OPTIONS"), ("number",)
    )
    assert rules["/pages"].arguments == ()
    assert rules["/orders"].methods == ("OPTIONS", "POST")
    static = rules["/admin/files/<path:filename>"].static
    assert static is not None
    assert Path(static).is_dir()
    assert not {"/orders", "/pages/<int:number>"} & shop.answers.keys()


def test_nothing_that_the_app_has_started_is_left(shop: InspectedApp) -> None:
    left = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "98431"]]
    assert left == []


WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


class Outer:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)
"""


def test_an_app_that_is_not_flasks_is_asked_for_its_root_alone(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(WSGI)
    found = look_into(tmp_path, None)
    assert (found.attribute, found.kind, found.is_flask) == ("app", "a WSGI app without a URL map", False)
    assert [answer.status for answer in found.answers["/"]] == [200] * 4
    assert found.rules == ()


def test_an_app_is_seen_behind_its_middleware(tmp_path: Path) -> None:
    text = f"{WSGI}\nfrom flask import Flask\ninner = Flask('x')\nserved = Outer(Outer(inner))\n"
    (tmp_path / "shop.py").write_text(text)
    found = look_into(tmp_path, "served")
    assert (found.kind, found.is_flask) == ("a Flask app behind Outer", False)


def test_a_module_of_pythons_own_that_has_the_apps_name_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "site.py").write_text(WSGI)
    with pytest.raises(InputError, match=r"Python takes another module for `site`: .*site\.py") as refused:
        inspect_app(AppPlace(tmp_path, "site", None), OURS, {}, lambda _: None)
    assert "another name" in refused.value.remedy
    assert "--directory" in refused.value.remedy


@pytest.mark.parametrize(
    ("attribute", "text", "kind", "what", "remedy"),
    [
        (None, "import flask\nraise ValueError('odd')", ServerFailed, "odd", "--env"),
        (None, "import no_such_thing", ServerFailed, "No module named 'no_such_thing'", "--python"),
        (None, "import sys; print('usage: shop', file=sys.stderr); sys.exit(2)", ServerFailed, "usage", ""),
        (None, "import os; print('bye', flush=True); os._exit(0)", ServerFailed, "bye", ""),
        (None, "import flask; flask.Flask('x').run()", ServerFailed, "calls `run()`", "__main__"),
        (None, "import flask as f\na, b = f.Flask('x'), f.Flask('y')", InputError, "several", ":a or"),
        (None, "web = 1", InputError, "neither `app` nor", "shop:..., where there is web"),
        ("ap", "app = print", InputError, "no `ap` in `shop`", "did you mean `app`?"),
        ("web", "web = 1", InputError, "of the type `int`", "name the WSGI application"),
        ("make()", "def make(): pass", InputError, "of the type `NoneType`", "name the WSGI application"),
        ("make()", "def make(): 1 / 0", ServerFailed, "ZeroDivisionError", "--env"),
        ("make", "def make(name): pass", InputError, "make(name)", "app = make(...)"),
        ("make(name)", "def make(name): pass", InputError, "`make(name)` is neither", "create_app()"),
    ],
)  # fmt: skip
def test_what_is_no_app_is_refused_with_what_to_do(
    tmp_path: Path, attribute: str | None, text: str, kind: type[BenchError], what: str, remedy: str
) -> None:
    (tmp_path / "shop.py").write_text(text)
    with pytest.raises(kind) as refused:
        look_into(tmp_path, attribute)
    assert what in refused.value.what
    assert remedy in refused.value.remedy
    assert "inspector" not in refused.value.what
    assert "importlib" not in refused.value.what


@pytest.fixture
def module_is_missing(tmp_path: Path) -> Callable[[str], InputError]:
    """Looks for a module where `shop` and `src/web` are, and returns the refusal."""
    (tmp_path / "shop.py").write_text("")
    (tmp_path / "src" / "web").mkdir(parents=True)
    (tmp_path / "src" / "web" / "__init__.py").write_text("")

    def refusal(module: str) -> InputError:
        with pytest.raises(InputError, match=f"there is no module `{module}`") as refused:
            inspect_app(AppPlace(tmp_path, module, None), OURS, {}, lambda _: None)
        return refused.value

    return refusal


@pytest.mark.parametrize(("module", "remedy"), [("shpo", "did you mean `shop`?"), ("web", "--directory")])
def test_a_module_that_is_not_there_is_refused_with_the_one_that_is(
    module_is_missing: Callable[[str], InputError], module: str, remedy: str
) -> None:
    assert remedy in module_is_missing(module).remedy


def test_an_app_that_is_never_imported_to_its_end_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import signal\nprint('waiting', flush=True)\nsignal.pause()")
    with pytest.raises(ServerFailed, match="not imported within 2 s") as refused:
        look_into(tmp_path, None, replace(LIMITS, import_s=2.0))
    assert "waiting" in refused.value.what


def test_the_inspector_is_written_for_the_oldest_python_that_apps_may_have() -> None:
    files = list(Path(bench_inspector.__file__).parent.glob("*.py"))
    assert len(files) > 1
    for file in files:
        ast.parse(file.read_text(), feature_version=(3, 8))
        assert not re.search(r"^\s*(from|import) bench", file.read_text(), re.MULTILINE)
