import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.load.expectations import Expected, HeaderCheck, compile_json_path, mismatch

HEADERS = [
    (b"Content-Type", b"application/json"),
    (b"ETag", b' "abc-def"\t'),
    (b"Set-Cookie", b"a=1"),
    (b"SET-COOKIE", b"b=2"),
    (b"X-Latin", b"\xe9"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def found(expected: Expected, *, status: int = 200, body: bytes = b"") -> tuple[str, str] | None:
    return mismatch(expected, status, HEADERS, body)


def selected(path: str, value: Any, document: Any) -> str | None:
    """The sentence on a path that should select the value in the document."""
    outcome = found(Expected(200, None, json=((path, value),)), body=json.dumps(document).encode())
    if outcome is None:
        return None
    kind, sentence = outcome
    assert kind == "body"
    return sentence


def test_a_right_response_has_no_mismatch() -> None:
    body = b'{"a": 1}'
    expected = Expected(
        200,
        body,
        headers=(HeaderCheck("content-type", "application/json"), HeaderCheck("etag", "abc", contains=True)),
        contains=(b"a", b"1}"),
        json=(("$.a", 1),),
        sha256=hashlib.sha256(body).hexdigest().upper(),
    )
    assert found(expected, body=body) is None


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        (Expected(200, None), None),
        (Expected(201, b"other"), ("status 200", "the status is 200, not 201")),
        (Expected(200, b"hello"), None),
        (Expected(200, b"hell"), ("length", "the body has 5 bytes, not 4: b'hello' instead of b'hell'")),
        (
            Expected(200, b"hallo"),
            ("body", "the body differs at byte 1: b'hello' instead of b'hallo'"),
        ),
        (Expected(200, None, contains=(b"he", b"lo")), None),
        (
            Expected(200, None, contains=(b"he", b"la")),
            ("body", "the body does not contain b'la': it is b'hello'"),
        ),
        (
            Expected(200, None, sha256="0" * 64),
            ("body", "the SHA-256 of the body is 2cf24dba5fb0..., not 000000000000..."),
        ),
        (Expected(200, None, json=(("$", 1),)), ("body", "the body is not JSON: it is b'hello'")),
    ],
)
def test_a_mismatch_says_what_came_and_what_was_expected(
    expected: Expected, outcome: tuple[str, str] | None
) -> None:
    assert found(expected, body=b"hello") == outcome


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (HeaderCheck("content-type", "application/json"), None),
        (HeaderCheck("Content-Type", "application/json"), None),
        (HeaderCheck("content-type", "json", contains=True), None),
        (HeaderCheck("etag", '"abc-def"'), None),
        (HeaderCheck("set-cookie", "b=2"), None),
        (HeaderCheck("x-latin", "é"), None),
        (
            HeaderCheck("content-type", "json"),
            "the header content-type is 'application/json': expected 'json'",
        ),
        (
            HeaderCheck("set-cookie", "c", contains=True),
            "the header set-cookie is 'a=1' and 'b=2': expected one with 'c'",
        ),
        (HeaderCheck("server", "x"), "there is no header server: expected 'x'"),
    ],
)
def test_a_header_is_right_where_one_of_its_name_is(check: HeaderCheck, sentence: str | None) -> None:
    outcome = found(Expected(200, None, headers=(check,)))
    assert outcome == (None if sentence is None else ("header", sentence))


def test_the_first_mismatch_is_told_in_the_order_in_which_a_response_is_read() -> None:
    wrong_header = (HeaderCheck("server", "x"),)
    expected = Expected(200, b"body", headers=wrong_header, contains=(b"x",))
    outcomes = [found(expected, status=500), found(expected), found(Expected(200, b"body", contains=(b"x",)))]
    assert [outcome and outcome[0] for outcome in outcomes] == ["status 500", "header", "length"]


@given(st.binary(min_size=1, max_size=50), st.integers(0, 49), st.integers(1, 255))
def test_the_first_byte_that_differs_is_told(body: bytes, place: int, change: int) -> None:
    place %= len(body)
    other = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :][::-1]
    outcome = found(Expected(200, body), body=other)
    assert outcome is not None
    assert outcome[1].startswith(f"the body differs at byte {place}: ")


def test_excerpts_are_short_and_on_one_line() -> None:
    body = b"\n\x00\xff<script>" * 100_000
    for expected in (
        Expected(200, b"other"),
        Expected(200, body[:-1] + b"!"),
        Expected(200, None, contains=(b"x" * 1000,)),
        Expected(200, None, json=(("$", 1),)),
    ):
        outcome = found(expected, body=body)
        assert outcome is not None
        assert len(outcome[1]) < 400
        assert outcome[1].isprintable()


DOCUMENT = {
    "items": [{"name": "one", "price": 1}, {"name": "two", "price": 2.0}],
    "one": [1],
    "none": None,
    "true": True,
    "empty": [],
    "text": "x" * 1000,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.items[0].name", "one"),
        ("$.items[-1]['name']", "two"),
        ("$.items[0].price", 1.0),
        ("$.items[1].price", 2),
        ("$.items[1]", {"price": 2, "name": "two"}),
        ("$.none", None),
        ("$.true", True),
        ("$.empty", []),
        ("$.items[*].name", ["one", "two"]),
        ("$..price", [1, 2]),
        ("$.items[?@.price > 1].name", "two"),
        ("$.items[?@.price > 1].name", ["two"]),
        ("$.items[?@.price > 2]", []),
        ("$.one[*]", 1),
        ("$.one[*]", [1]),
    ],
)
def test_a_path_selects_its_value(path: str, value: Any) -> None:
    assert selected(path, value, DOCUMENT) is None


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("$.items[0].price", 2, "$.items[0].price is 1: expected 2"),
        ("$.items[0].price", True, "$.items[0].price is 1: expected True"),
        ("$.items[0].price", "1", "$.items[0].price is 1: expected '1'"),
        ("$.true", 1, "$.true is True: expected 1"),
        ("$.none", False, "$.none is None: expected False"),
        ("$.none", 0, "$.none is None: expected 0"),
        ("$.one", [True], "$.one is [1]: expected [True]"),
        ("$.one", 1, "$.one is [1]: expected 1"),
        ("$.one", [1, 1], "$.one is [1]: expected [1, 1]"),
        ("$.one[0]", [1], "$.one[0] is 1: expected [1]"),
        ("$.missing", None, "$.missing is not there: expected None"),
        ("$.missing", [], "$.missing is not there: expected []"),
        ("$.items[?@.price > 2]", 1, "$.items[?@.price > 2] is not there: expected 1"),
        ("$.items[*].name", ["two", "one"], "$.items[*].name is ['one', 'two']: expected ['two', 'one']"),
        (
            "$.items[0]",
            {"name": "one"},
            "$.items[0] is {'name': 'one', 'price': 1}: expected {'name': 'one'}",
        ),
        ("$.text", "x", f"$.text is '{'x' * 79}...: expected 'x'"),
    ],
)
def test_a_path_that_selects_something_else_is_told(path: str, value: Any, sentence: str) -> None:
    assert selected(path, value, DOCUMENT) == sentence


@given(JSON)
@example("0")
@example("{")
def test_every_document_is_what_it_is(document: Any) -> None:
    assert selected("$", document, document) is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"NaN", b"[Infinity]", b'{"a": -Infinity}', b'"\xff"', b"\xef\xbb\xbf1", b"1 2"),
        b"[" * 100_000,
        b"1" * 5_000,
        '"\u00e9"'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_in_utf_8_is_a_wrong_body(body: bytes) -> None:
    outcome = found(Expected(200, None, json=(("$..*", []),)), body=body)
    assert outcome is not None
    assert outcome[0] == "body"
    assert outcome[1].startswith("the body is not JSON: it is ")


@pytest.mark.parametrize("path", ["$..a", "$"])
def test_a_body_that_is_nested_too_deeply_is_a_wrong_body(path: str) -> None:
    depth = 900

    def nested() -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    body = json.dumps(nested()).encode()
    outcome = found(Expected(200, None, json=((path, nested()),)), body=body)
    assert outcome is not None
    assert outcome == ("body", f"{path} cannot be looked up: the body is nested too deeply")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "a JSONPath begins with `$`, the whole body"),
        ("items", "a JSONPath begins with `$`, the whole body"),
        (" $.items", "a JSONPath begins with `$`, the whole body"),
        ("$.items[", "unexpected end of query at its end"),
        ("$.items.", "expected a shorthand selector at its end"),
        ("$.a | $.b", "unexpected token '|' at character 5"),
        ("$[9007199254740993]", "index out of range"),
        ("$" + "[$" * 500, "nested too deeply"),
        (f"$[{'1' * 5000}]", "number that is too long"),
    ],
)
def test_a_path_that_is_none_is_refused_with_the_reason(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        compile_json_path(path)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text("$@.[]*?'\"()&|<>=!01-:, ab\\~#^%", max_size=20))
def test_any_text_is_a_path_or_a_value_error(text: str) -> None:
    try:
        path = compile_json_path("$" + text)
    except ValueError:
        return
    assert len(path.select(DOCUMENT)) <= 1 or not path.is_singular


@given(JSON, st.integers(), st.binary(max_size=20))
def test_expectations_survive_being_sent(value: Any, status: int, body: bytes) -> None:
    expected = Expected(
        status,
        body or None,
        headers=(HeaderCheck("etag", "é", contains=True),),
        contains=(body,),
        json=(("$.a", value),),
        sha256="ab",
    )
    assert Expected.from_message(json.loads(json.dumps(expected.to_message()))) == expected


def test_the_library_is_imported_for_a_path_alone() -> None:
    code = (
        "import sys\n"
        "from bench.load.expectations import Expected, compile_json_path, mismatch\n"
        "mismatch(Expected(200, None, contains=(b'a',), sha256='b'), 200, [], b'a')\n"
        "assert not {'jsonpath', 'locust', 'gevent'} & set(sys.modules)\n"
        "compile_json_path('$')\n"
        "assert 'jsonpath' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
