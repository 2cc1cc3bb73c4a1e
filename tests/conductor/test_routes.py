"""Which routes are taken, and what is said of the others."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.inspection.inspected_app import InspectedAnswer, InspectedApp, Rule
from bench.conductor.inspection.routes import LeftOutRoute, example_path, left_out_routes, taken_routes

GOOD = InspectedAnswer("/a", status=200, digest="one")


def app(rules: list[Rule], answers: Mapping[str, tuple[InspectedAnswer, ...]]) -> InspectedApp:
    return InspectedApp("app", "a Flask app", is_flask=True, rules=tuple(rules), answers=answers)


def told(rule: Rule, *answers: InspectedAnswer) -> list[tuple[str, str, str]]:
    """What is said of the one route that is left out."""
    found = app([rule], {rule.rule: answers} if answers else {})
    assert taken_routes(found) == []
    return [(route.kind, route.method, route.reason) for route in left_out_routes(found)]


def test_paths_that_answer_200_are_taken_the_root_first() -> None:
    answers = {path: (InspectedAnswer(path, 200),) * 4 for path in ("/b", "/", "/a")}
    found = app([Rule(path) for path in answers], answers)
    assert [route.path for route in taken_routes(found)] == ["/", "/b", "/a"]
    assert left_out_routes(found) == []


def test_a_body_that_is_not_always_the_same_is_told() -> None:
    other = InspectedAnswer("/a", status=200, digest="other")
    (same,) = taken_routes(app([Rule("/a")], {"/a": (GOOD, GOOD)}))
    (different,) = taken_routes(app([Rule("/a")], {"/a": (GOOD, GOOD, GOOD, other)}))
    assert (same.varies, different.varies) == (False, True)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([InspectedAnswer("/a", 302, location="/login")], "answers 302, to /login"),
        ([InspectedAnswer("/a", 401)], "answers 401"),
        ([InspectedAnswer("/a", 500, raised="ValueError: no")], "answers 500: ValueError: no"),
        ([GOOD, InspectedAnswer("/a", 503)], "answers 503, though 200 before"),
        ([GOOD, InspectedAnswer("/a", failure="raises OSError: no")], "raises OSError: no"),
        ([InspectedAnswer("/a", 200, seconds=3.0), InspectedAnswer("/a", 200, seconds=2.04)], "takes 2.0 s"),
        ([InspectedAnswer("//a", 200)], "a scenario cannot hold such a path"),
        ([], "not asked: the app ended its process too often"),
    ],
)
def test_what_is_not_answered_well_is_left_out_with_the_reason(
    answers: list[InspectedAnswer], reason: str
) -> None:
    assert told(Rule("/a"), *answers) == [("answer", "GET", reason)]


def test_an_answer_that_was_slow_only_once_is_taken() -> None:
    slow = InspectedAnswer("/a", 200, seconds=4.0, digest="one")
    assert len(taken_routes(app([Rule("/a")], {"/a": (slow, GOOD)}))) == 1


def test_what_cannot_be_asked_for_as_it_is_is_left_out_with_the_reason() -> None:
    user = Rule("/<kind>/<int:user>", ("GET", "HEAD", "OPTIONS"), ("kind", "user"))
    assert told(user) == [("arguments", "GET", "needs a value for kind and user")]
    order = Rule("/orders", ("OPTIONS", "POST", "PUT"))
    assert told(order) == [("methods", "POST", "changes something, or needs a body")]
    static = Rule("/static/<path:filename>", ("GET",), ("filename",), "/shop/static")
    assert told(static) == [("static", "GET", "serves files")]
    assert told(Rule("/nothing", ("OPTIONS",))) == []


def test_a_rule_that_is_there_twice_is_told_once() -> None:
    rule = Rule("/<page>", ("GET",), ("page",))
    assert left_out_routes(app([rule, rule], {})) == [
        LeftOutRoute("arguments", "GET", "/<page>", "/page", "needs a value for page")
    ]


def test_an_app_without_a_url_map_is_told_of_by_what_was_asked() -> None:
    found = InspectedApp("app", "a WSGI app", False, (), {"/": (InspectedAnswer("/", 404),)})
    assert [(route.rule, route.reason) for route in left_out_routes(found)] == [("/", "answers 404")]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/users/<int:user>", "/users/1"),
        ("/<name>/<string(length=2):lang>/x", "/name/lang/x"),
        ("/<float:x>.<uuid:id>", "/1.5.00000000-0000-4000-8000-000000000000"),
        ("/<path:where>", "/some/path"),
        ("/<any(cats,'dogs'):kind>", "/cats"),
        ("/plain", "/plain"),
    ],
)
def test_an_example_has_a_made_up_value_for_every_argument(rule: str, path: str) -> None:
    assert example_path(rule) == path


NAMES = st.from_regex(re.compile(r"[a-z_]\w*", re.ASCII), fullmatch=True)


@given(st.lists(st.tuples(st.none() | NAMES, NAMES), max_size=4))
def test_no_argument_is_left_in_an_example(arguments: list[tuple[str | None, str]]) -> None:
    rule = "".join(f"/<{converter}:{name}>" if converter else f"/<{name}>" for converter, name in arguments)
    assert not set(example_path(rule)) & set("<>:")
