import json
import subprocess
import sys
import time
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app

from apps import bare, content, flask_app, wallpaper

ORDER = {"lines": [{"product": 3, "quantity": 2}, {"product": 10, "quantity": 1}]}
GOOD_PATHS = (
    "/",
    "/json",
    "/page",
    "/static/shop.css",
    "/stream",
    "/users/1",
    "/users/42",
    "/users/0042",
    "/users/0000000000042",
    "/users/1000000",
    "/work?us=0",
    "/work?us=20",
    "/work?us=0020",
    "/work?other=1&us=20&us=30",
    "/wait?ms=0",
    "/wait?ms=1",
    *(f"/sqlite/{product.number}" for product in content.PRODUCTS),
)
BAD_PATHS = (
    "/nowhere",
    "/json/",
    "/page.html",
    "/static/",
    "/static/other.css",
    "/static/../bare.py",
    "/orders/1",
    "/users",
    "/users/",
    "/users/0",
    "/users/x",
    "/users/-1",
    "/users/1/2",
    "/users/1000001",
    "/users/99999999999999999999",
    "/sqlite/0",
    "/sqlite/21",
    "/sqlite/99999999999999999999",
    "/work",
    "/work?us",
    "/work?us=",
    "/work?us=-1",
    "/work?us=%2B1",
    "/work?us=1_0",
    "/work?us=1000001",
    "/work?us=%D9%A4",
    "/work?ms=1",
    "/wait",
    "/wait?ms=x",
    "/wait?ms=1001",
)


def ask(application: Any, path: str, method: str = "GET", **request: Any) -> TestResponse:
    return Client(validator(application)).open(path, method=method, buffered=True, **request)


def assert_same(path: str, method: str = "GET", **request: Any) -> TestResponse:
    """Both apps give the same answer, and keep to the rules of WSGI while they do; it is returned."""
    ours = ask(bare.app, path, method, **request)
    flasks = ask(flask_app.app, path, method, **request)
    assert (ours.status, ours.data) == (flasks.status, flasks.data)
    for header in ("Content-Type", "Content-Length"):
        assert ours.headers.get(header) == flasks.headers.get(header)
    return ours


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_the_floor_gives_the_answer_of_the_flask_app(path: str) -> None:
    # If only /page differs, its template changed: `python -m apps.record` records it anew.
    assert assert_same(path).status_code == 200


def test_the_floor_has_the_wallpaper_that_is_drawn_among_the_static_files() -> None:
    wallpaper.draw()
    answer = assert_same("/static/wallpaper.svg")
    assert (answer.status_code, answer.data) == (200, wallpaper.FILE.read_bytes())


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_an_answer_to_head_is_the_one_to_get_without_its_body(path: str) -> None:
    answer, whole = assert_same(path, "HEAD"), ask(bare.app, path)
    assert answer.data == b""
    assert answer.headers == whole.headers


@pytest.mark.parametrize("path", BAD_PATHS)
def test_what_the_flask_app_refuses_the_floor_refuses_alike(path: str) -> None:
    assert assert_same(path).status_code in {400, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/page", "/stream", "/users/42", "/users/0", "/work", "/sqlite/21"])
def test_only_get_and_head_may_be_used_on_what_is_read(path: str, method: str) -> None:
    answer = assert_same(path, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_orders_can_only_be_posted(method: str) -> None:
    answer = assert_same("/orders", method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_unknown_paths_are_not_found_whatever_the_method() -> None:
    assert assert_same("/nowhere", "POST").status_code == 404


@given(st.integers(min_value=0, max_value=2 * content.MOST_USERS) | st.integers(min_value=0))
def test_every_user_is_the_same(number: int) -> None:
    assert_same(f"/users/{number}")


@given(st.text("0123456789+-_. xX/", max_size=12))
def test_whatever_stands_for_a_user_is_read_the_same(text: str) -> None:
    if "//" not in f"/users/{text}":  # where Flask redirects, and the floor does not
        assert_same(f"/users/{text}")


numbers = st.integers(-1, 25) | st.integers() | st.booleans() | st.floats() | st.none() | st.text(max_size=2)
lines = st.fixed_dictionaries({"product": numbers, "quantity": numbers})
good_lines = st.fixed_dictionaries({"product": st.integers(1, 20), "quantity": st.integers(1, 1_000)})
anything = st.recursive(numbers, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner))


@given(st.lists(good_lines, min_size=1, max_size=content.MOST_LINES))
def test_every_good_order_comes_to_the_same(order_lines: list[dict[str, int]]) -> None:
    answer = assert_same("/orders", "POST", json={"lines": order_lines})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["items"] == sum(line["quantity"] for line in order_lines)


@given(st.fixed_dictionaries({"lines": st.lists(lines | good_lines | anything, max_size=4)}) | anything)
def test_every_order_good_or_bad_gets_the_same_answer(order: object) -> None:
    assert_same("/orders", "POST", data=json.dumps(order), content_type="application/json")


@given(st.binary(max_size=64))
def test_every_body_gets_the_same_answer(body: bytes) -> None:
    assert_same("/orders", "POST", data=body, content_type="application/json")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/vnd.shop+json", 200),
        ("application/jsonp", 415),
        ("text/json", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_an_order_is_read_only_where_it_is_said_to_be_json(content_type: str, status: int) -> None:
    answer = assert_same("/orders", "POST", data=json.dumps(ORDER), content_type=content_type)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("length", "status"), [(content.MOST_BODY_BYTES, 200), (content.MOST_BODY_BYTES + 1, 413)]
)
def test_a_body_may_have_its_full_size_and_no_more(length: int, status: int) -> None:
    body = json.dumps(ORDER).ljust(length)
    assert assert_same("/orders", "POST", data=body, content_type="application/json").status_code == status


def test_json_nested_too_deeply_is_refused() -> None:
    body = b"[" * 50_000
    assert assert_same("/orders", "POST", data=body, content_type="application/json").status_code == 400


def posting(stream: BytesIO, **environ: Any) -> dict[str, Any]:
    """The environ of an order whose body is read from the stream, without a length if none is given."""
    return {
        **EnvironBuilder("/orders", method="POST", content_type="application/json").get_environ(),
        "wsgi.input": stream,
        "CONTENT_LENGTH": "",
        **environ,
    }


def answer_to(application: Any, environ: dict[str, Any]) -> tuple[str, bytes]:
    chunks, status, _ = run_wsgi_app(application, environ, buffered=True)
    return status, b"".join(chunks)


@pytest.mark.parametrize(
    ("environ", "status"), [({"wsgi.input_terminated": True}, "200 OK"), ({}, "400 BAD REQUEST")]
)
def test_a_body_without_a_length_is_read_only_where_it_has_an_end(
    environ: dict[str, Any], status: str
) -> None:
    body = json.dumps(ORDER).encode()
    ours = answer_to(bare.app, posting(BytesIO(body), **environ))
    assert ours == answer_to(flask_app.app, posting(BytesIO(body), **environ))
    assert ours[0] == status


def test_a_body_without_a_length_is_read_no_further_than_the_limit() -> None:
    stream = BytesIO(b" " * (2 * content.MOST_BODY_BYTES))
    status, _ = answer_to(bare.app, posting(stream, **{"wsgi.input_terminated": True}))
    assert status == "413 REQUEST ENTITY TOO LARGE"
    assert stream.tell() == content.MOST_BODY_BYTES + 1


def test_a_body_that_breaks_off_is_refused() -> None:
    body = json.dumps(ORDER).encode()
    half, length = body[: len(body) // 2], str(len(body))
    ours = answer_to(bare.app, posting(BytesIO(half), CONTENT_LENGTH=length))
    assert ours == answer_to(flask_app.app, posting(BytesIO(half), CONTENT_LENGTH=length))
    assert ours[0] == "400 BAD REQUEST"


def test_the_floor_reads_no_further_than_the_length_of_the_body() -> None:
    body = json.dumps(ORDER).encode()
    stream = BytesIO(body + b"GET / HTTP/1.1")
    status, _ = answer_to(bare.app, posting(stream, CONTENT_LENGTH=str(len(body))))
    assert status == "200 OK"
    assert stream.read() == b"GET / HTTP/1.1"


def test_a_server_may_change_the_headers_it_is_given() -> None:
    def spoil(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        headers.clear()

    chunks: Iterable[bytes] = bare.app(EnvironBuilder("/json").get_environ(), spoil)
    assert b"".join(chunks) == ask(bare.app, "/json").data
    assert ask(bare.app, "/json").headers["Content-Type"] == "application/json"


def test_the_price_list_has_the_same_chunks() -> None:
    ours, flasks = Client(bare.app).get("/stream"), Client(flask_app.app).get("/stream")
    assert list(ours.response) == list(flasks.response)
    ours.close()
    flasks.close()


def test_the_floor_does_none_of_the_work() -> None:
    before = time.thread_time_ns()
    assert ask(bare.app, f"/work?us={content.MOST_US}").json == {"us": content.MOST_US}
    assert time.thread_time_ns() - before < content.MOST_US * 1_000


def test_the_floor_imports_no_framework() -> None:
    program = "import sys, apps.bare; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    imported = set(finished.stdout.split())
    assert "apps" in imported
    assert not imported & {
        "flask",
        "werkzeug",
        "jinja2",
        "markupsafe",
        "click",
        "sqlite3",
        "asyncio",
        "bench",
    }
