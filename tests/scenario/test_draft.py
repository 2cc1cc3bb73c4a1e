"""The text of a drafted scenario: it says what it is to say, and a scenario's reader takes it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario import texts
from bench.scenario.draft import (
    MOST_EXAMPLES,
    MOST_REQUESTS,
    Draft,
    DraftExample,
    DraftRequest,
    DraftServer,
    DraftStatic,
    draft_text,
)
from bench.scenario.model import Request, Scenario
from bench.scenario.yaml_nodes import compose
from bench.servers import server_names

SHORT = Draft(
    file="scenario.yaml",
    app="shop.web:app",
    kind="a Flask app",
    servers=[DraftServer("flask", "the development server"), DraftServer("gunicorn", "gthread workers")],
    requests=[DraftRequest("/", "text/html, 1,204 B"), DraftRequest("/now", "text/plain, 18 B", varies=True)],
)
WHOLE = Draft(
    **{
        **vars(SHORT),
        "directory": "../shop",
        "python": "../shop/.venv/bin/python",
        "environment": {"SHOP_DATABASE": "memory", "SHOP_PORTS": "80"},
        "variants": [DraftServer("gunicorn-sync", "sync workers")],
        "missing": [DraftServer("waitress", "../shop/.venv/bin/python -m pip install waitress")],
        "examples": [
            DraftExample("GET", "/users/1", "/users/<int:user>"),
            DraftExample("POST", "/orders", "needs a body"),
        ],
        "refused": [DraftExample("GET", "/admin", "answers 302, to /login")],
        "guarded": "/admin",
        "static": DraftStatic("/static/", "../shop/static", "/static/shop.css"),
    }
)


def read(text: str) -> Scenario:
    document = compose(text)
    assert document.root is not None
    assert not document.problems
    return Scenario.model_validate(
        document.root.plain(), context=frozenset(server_names()), by_alias=True, by_name=False
    )


def test_a_short_draft_is_a_short_file() -> None:
    assert (
        draft_text(SHORT)
        == """\
# Which server for shop.web:app? Written by `bench init`; change what you like, then:
# bench run scenario.yaml

app: shop.web:app  # a Flask app

servers:      # each is started with the app
  - flask     # the development server
  - gunicorn  # gthread workers

requests:                              # each is measured by itself; all of these answered 200
  - GET /                              # text/html, 1,204 B
  - {path: /now, expect: {body: any}}  # text/plain, 18 B
  # any body is right where it varies; better say what is in it: {body: {contains: "..."}}

load:
  connections: 16  # each sends its next request when the last one was answered
measure:
  for: 60s         # load over all servers and requests together
"""
    )


def test_a_whole_draft_is_read_as_what_it_was_made_of() -> None:
    scenario = read(draft_text(WHOLE))
    assert scenario.app == WHOLE.app
    assert scenario.directory == WHOLE.directory
    assert scenario.python == WHOLE.python
    assert scenario.environment == WHOLE.environment
    assert [choice.server for choice in scenario.servers] == ["flask", "gunicorn"]
    assert [request.label for request in scenario.requests] == ["GET /", "GET /now"]
    assert [one.expect.body for one in scenario.requests if isinstance(one, Request)] == ["same", "any"]
    assert scenario.static is None


def test_how_a_login_is_sent_is_said_where_one_may_be_needed() -> None:
    text = draft_text(WHOLE)
    assert (
        "  # where a login is missing, send what it gave: {path: /admin, cookies: {session: ...}}\n" in text
    )


def test_what_is_a_comment_is_right_where_its_mark_is_taken_away() -> None:
    text = re.sub(r"^( *)# (- |static)", r"\1\2", draft_text(WHOLE), flags=re.MULTILINE)
    scenario = read(text)
    assert [choice.server for choice in scenario.servers] == [
        "flask",
        "gunicorn",
        "gunicorn-sync",
        "waitress",
    ]
    assert [request.label for request in scenario.requests] == [
        "GET /", "GET /now", "GET /users/1", "POST /orders", "GET /admin",
    ]  # fmt: skip
    assert scenario.static is not None
    assert scenario.static.folder == "../shop/static"


def test_of_many_requests_only_the_first_are_measured_and_the_others_are_there_as_comments() -> None:
    requests = [DraftRequest(f"/{number}", "text/plain, 1 B") for number in range(MOST_REQUESTS + 2)]
    examples = [DraftExample("GET", f"/of/{number}", "/of/<n>") for number in range(MOST_EXAMPLES + 3)]
    draft = Draft(**{**vars(SHORT), "requests": requests, "examples": examples})
    text = draft_text(draft)
    assert len(read(text).requests) == MOST_REQUESTS
    assert f"  # - GET /{MOST_REQUESTS + 1} " in text
    assert f"/of/{MOST_EXAMPLES - 1} " in text
    assert f"/of/{MOST_EXAMPLES} " not in text
    assert "  # and 3 more\n" in text


@pytest.mark.parametrize(
    ("requests", "seconds", "load"),
    [(2, 0.001, "60s"), (7, 0.001, "2m"), (2, 0.02, "6m"), (2, 5.0, "8m"), (8, 0.03, "8m")],
)
def test_more_cells_and_slower_answers_are_given_more_time(requests: int, seconds: float, load: str) -> None:
    asked = [DraftRequest(f"/{number}", "", seconds=seconds) for number in range(requests)]
    assert Draft(**{**vars(SHORT), "requests": asked}).duration == load


@pytest.mark.parametrize(
    ("seconds", "connections", "said"),
    [(0.03, 16, "was answered\n"), (0.1, 4, "was answered; few, as"), (0.9, 1, "was answered; few, as")],
)
def test_slow_answers_are_asked_for_on_few_connections(seconds: float, connections: int, said: str) -> None:
    draft = Draft(**{**vars(SHORT), "requests": [DraftRequest("/", "", seconds=seconds)]})
    assert f"  connections: {connections} " in draft_text(draft)
    assert said in draft_text(draft)


def test_beside_a_quick_request_slow_ones_are_comments() -> None:
    asked = [
        DraftRequest(path, "", seconds=s) for path, s in (("/", 0.001), ("/report", 0.5), ("/mid", 0.02))
    ]
    draft = Draft(**{**vars(SHORT), "requests": asked})
    assert draft.connections == 16
    assert [one.path for one in draft.measured] == ["/", "/mid"]


def test_of_slow_requests_as_many_are_measured_as_there_is_time_for_and_always_the_first() -> None:
    slow = [DraftRequest(path, "", seconds=0.9) for path in ("/", "/report", "/search", "/log")]
    quick = [DraftRequest(path, "", seconds=0.001) for path in ("/about", "/help")]
    draft = Draft(**{**vars(SHORT), "requests": [*slow, *quick]})
    assert [one.path for one in draft.measured] == ["/", "/log", "/about", "/help"]
    assert [one.path for one in draft.not_measured] == ["/report", "/search"]
    assert "  # - GET /report\n" in draft_text(draft)
    assert draft.duration == "9m"


def matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern), fullmatch=True)


PRINTED = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FOLDERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
FILES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
PATHS = matching(texts.PATH)


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    paths = draw(st.lists(PATHS, min_size=1, max_size=15, unique=True))
    return {
        "file": draw(PRINTED),
        "app": draw(st.sampled_from(["shop:app", "shop.web:create_app()"])),
        "kind": draw(PRINTED),
        "servers": [DraftServer(name, draw(PRINTED)) for name in ("flask", "gunicorn")],
        "requests": [DraftRequest(path, draw(PRINTED), draw(st.booleans())) for path in paths],
        "directory": draw(FOLDERS),
        "python": draw(st.none() | FILES),
        "environment": draw(st.dictionaries(matching(texts.VARIABLE_NAME), FOLDERS, max_size=3)),
        "missing": [DraftServer("uwsgi", draw(PRINTED))],
        "examples": [DraftExample("GET", draw(PRINTED), draw(PRINTED))],
        "refused": [DraftExample("GET", draw(PRINTED), draw(PRINTED))],
        "guarded": draw(st.none() | PRINTED),
        "static": DraftStatic(draw(PRINTED), draw(PRINTED), draw(PRINTED)),
    }


@given(drafts())
def test_whatever_things_are_called_the_draft_is_a_scenario_of_them(given: dict[str, Any]) -> None:
    scenario = read(draft_text(Draft(**given)))
    assert scenario.app == given["app"]
    assert scenario.directory == given["directory"]
    assert scenario.python == given["python"]
    assert scenario.environment == given["environment"]
    labels = [f"GET {request.path}" for request in given["requests"]]
    assert [request.label for request in scenario.requests] == labels[:MOST_REQUESTS]
