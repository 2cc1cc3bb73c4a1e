import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from apps import content
from apps.flask_app import app, create_app


def get(path: str) -> TestResponse:
    return Client(app).get(path, buffered=True)


def post_order(order: object) -> TestResponse:
    return Client(app).post("/orders", data=json.dumps(order), content_type="application/json", buffered=True)


def test_the_greeting_is_plain_text() -> None:
    response = get("/")
    assert (response.status, response.text) == ("200 OK", "Hello, world!\n")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_document_is_json_of_about_a_kilobyte() -> None:
    response = get("/json")
    assert response.json == content.DOCUMENT
    assert 800 < len(response.data) < 1600


def test_the_page_has_a_row_for_each_product() -> None:
    rows = get("/page").text.partition("<tbody>")[2].split("</tr>")[:-1]
    assert len(rows) == len(content.PRODUCTS) == 20
    assert all(product.price in row for product, row in zip(content.PRODUCTS, rows, strict=True))


def test_the_page_escapes_what_is_not_markup() -> None:
    page = get("/page").text
    assert "Brush set &lt;soft&gt;, 6 sizes" in page
    assert "Pencil sharpener &amp; case" in page
    assert "<soft>" not in page


def test_the_page_says_how_much_of_a_product_is_left() -> None:
    page = get("/page").text
    assert page.count("sold out") == sum(product.stock == 0 for product in content.PRODUCTS)
    assert page.count(" left</span>") == sum(0 < product.stock < 20 for product in content.PRODUCTS)


def test_the_stylesheet_named_by_the_page_is_served() -> None:
    path = get("/page").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    response = get(path)
    assert response.status_code == 200
    assert response.data == (Path(app.root_path) / "static" / "shop.css").read_bytes()
    assert len(response.data) > 3_000


def test_every_link_of_the_page_works() -> None:
    links = [part.partition('"')[0] for part in get("/page").text.split('<a href="')[1:]]
    assert len(links) >= len(content.PRODUCTS)
    assert {get(link).status_code for link in links} == {200}


@pytest.mark.parametrize("number", [1, 42, content.MOST_USERS])
def test_a_user_is_found_by_number(number: int) -> None:
    response = get(f"/users/{number}")
    assert response.json is not None
    assert response.json["number"] == number


@pytest.mark.parametrize("number", ["0", "1000001", "-1", "x", "4.2", ""])
def test_there_is_no_user_of_another_number(number: str) -> None:
    response = get(f"/users/{number}")
    assert (response.status_code, response.json) == (404, {"error": "Not Found"})


def test_an_order_is_added_up() -> None:
    response = post_order({"lines": [{"product": 3, "quantity": 2}, {"product": 18, "quantity": 1}]})
    assert response.status_code == 200
    assert response.json == {"lines": 2, "items": 3, "total_cents": 2 * 890 + 6990}


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        {},
        {"lines": []},
        {"lines": {}},
        {"lines": [1]},
        {"lines": [{"product": 3}]},
        {"lines": [{"product": 3, "quantity": 0}]},
        {"lines": [{"product": 3, "quantity": -1}]},
        {"lines": [{"product": 3, "quantity": True}]},
        {"lines": [{"product": 3, "quantity": 1.0}]},
        {"lines": [{"product": 3, "quantity": content.MOST_OF_ONE_PRODUCT + 1}]},
        {"lines": [{"product": 21, "quantity": 1}]},
        {"lines": [{"product": [], "quantity": 1}]},
        {"lines": [{"product": 3, "quantity": 1}] * (content.MOST_LINES + 1)},
    ],
)
def test_what_is_not_an_order_is_refused(order: object) -> None:
    response = post_order(order)
    assert (response.status_code, response.json) == (400, {"error": "Bad Request"})


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * (content.MOST_BODY_BYTES + 1), "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, content_type: str, status: int) -> None:
    response = Client(app).post("/orders", data=body, content_type=content_type, buffered=True)
    assert response.status_code == status
    assert response.content_type == "application/json"


def test_a_refused_method_is_told_which_ones_there_are() -> None:
    response = Client(app).post("/json", buffered=True)
    assert response.status_code == 405
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", "))


def test_the_price_list_comes_in_one_chunk_for_each_line() -> None:
    response = Client(app).get("/stream")
    chunks = list(response.response)
    response.close()
    assert len(chunks) == 1 + len(content.PRODUCTS)
    assert all(isinstance(chunk, bytes) and chunk.endswith(b"\r\n") for chunk in chunks)
    assert "Content-Length" not in response.headers


def test_work_uses_the_cpu_time_asked_for() -> None:
    before = time.thread_time_ns()
    response = get("/work?us=3000")
    assert time.thread_time_ns() - before >= 3_000_000
    assert response.json == {"us": 3000}


def test_wait_takes_the_time_asked_for() -> None:
    before = time.monotonic_ns()
    response = get("/wait?ms=20")
    assert time.monotonic_ns() - before >= 20_000_000
    assert response.json == {"ms": 20}


@pytest.mark.parametrize("query", ["", "us", "us=", "us=-1", "us=1.5", "us=x", "us=1000001", "us=9999999999"])
def test_work_of_no_clear_length_is_refused(query: str) -> None:
    assert get(f"/work?{query}").status_code == 400


@pytest.mark.parametrize("query", ["", "ms=", "ms=-1", "ms=1e2", "ms=1001"])
def test_a_wait_of_no_clear_length_is_refused(query: str) -> None:
    assert get(f"/wait?{query}").status_code == 400


def test_every_product_is_found_in_the_database() -> None:
    answers = [get(f"/sqlite/{product.number}").json for product in content.PRODUCTS]
    assert answers == [product._asdict() for product in content.PRODUCTS]


@pytest.mark.parametrize("number", [0, 21, 2**63 - 1, 2**63, 10**30])
def test_a_product_the_database_lacks_is_not_found(number: int) -> None:
    assert get(f"/sqlite/{number}").status_code == 404


def test_the_database_answers_many_threads_at_once() -> None:
    numbers = [product.number for product in content.PRODUCTS] * 10
    with ThreadPoolExecutor(8) as threads:
        answers: list[Any] = list(threads.map(lambda number: get(f"/sqlite/{number}").json, numbers))
    assert [answer["number"] for answer in answers] == numbers


def test_answers_set_no_cookie_and_the_app_holds_no_secret() -> None:
    assert app.secret_key is None
    assert not app.debug
    assert all("Set-Cookie" not in get(path).headers for path in ("/", "/json", "/page"))


def test_two_applications_give_the_same_answers() -> None:
    assert Client(create_app()).get("/page").data == get("/page").data


PRINT_DIGEST = """
import hashlib
from werkzeug.test import Client
from apps.flask_app import app
digest = hashlib.sha256()
for path in ("/", "/json", "/page", "/users/42", "/stream", "/sqlite/7", "/static/shop.css", "/nowhere"):
    answer = Client(app).get(path, buffered=True)
    digest.update(answer.status.encode() + answer.data)
print(digest.hexdigest())
"""


def test_every_process_gives_the_same_bytes_and_leaves_no_file_behind(tmp_path: Path) -> None:
    digests = {_digest_of_another_process(hash_seed, tmp_path) for hash_seed in ("1", "2")}
    assert len(digests) == 1
    assert list(tmp_path.iterdir()) == []


def _digest_of_another_process(hash_seed: str, temporary: Path) -> str:
    environment = {"PYTHONHASHSEED": hash_seed, "TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRINT_DIGEST],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert finished.stderr == ""
    return finished.stdout
