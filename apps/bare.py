"""The floor: the answers of `apps.flask_app` from a bare WSGI callable, without any framework.

What a request costs here is what the server alone costs. Status line, body, Content-Type and
Content-Length are those of the Flask app, byte for byte, for every route; errors and refused methods
included. Left out is what only Flask does: answers to OPTIONS, redirects of double slashes, digits of
other scripts in a path, and the caching headers of static files. A chunked body above the limit is
refused with 413, where Flask cuts it off and finds it unreadable.

Precomputed when the module is imported: `/`, `/json`, `/page` (recorded from the Flask app
by `apps.record`), the files below `/static/`, `/stream` (its chunks) and `/sqlite/<number>` (all rows).
Computed for each request, because the answer depends on it: `/users/<number>` and `POST /orders`, which
reads and parses the body as any application must.
`/work` and `/wait` give their answer without the work and the wait, as `/sqlite` does without the
query: these belong to the application, and the floor is what is left when there is none.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from apps import content, wallpaper


class Answer(NamedTuple):
    """A whole answer, ready to be sent."""

    status: str
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI application."""
    answer = _answer(environ)
    start_response(answer.status, list(answer.headers))  # a new list: servers may change it
    return () if environ["REQUEST_METHOD"] == "HEAD" else answer.chunks


def _answer(environ: WSGIEnvironment) -> Answer:
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    if path == "/orders":
        return _order(environ) if method == "POST" else _ONLY_POST
    answer = _FIXED.get(path) or _numbered(path) or _timed(path, environ.get("QUERY_STRING", ""))
    if answer is None:
        return _NOT_FOUND
    return answer if method in {"GET", "HEAD"} else _ONLY_GET


def _numbered(path: str) -> Answer | None:
    """The answer for `/users/<number>` and `/sqlite/<number>`; None for other paths."""
    parent, _, last = path.rpartition("/")
    if parent not in {"/users", "/sqlite"} or not last.isdecimal():
        return None
    number = content.whole_number(last.lstrip("0") or "0", content.MOST_USERS) or 0
    if parent == "/sqlite":
        return _PRODUCTS.get(number, _NOT_FOUND)
    user = content.user(number)
    return _json(user) if user else _NOT_FOUND


def _timed(path: str, query: str) -> Answer | None:
    """The answer for `/work?us=` and `/wait?ms=`; None for other paths."""
    if path not in _TIMED:
        return None
    name, most = _TIMED[path]
    values = parse_qs(query, keep_blank_values=True).get(name, [None])
    number = content.whole_number(values[0], most)
    return _BAD_REQUEST if number is None else _json({name: number})


def _order(environ: WSGIEnvironment) -> Answer:
    if not _is_json(environ.get("CONTENT_TYPE", "")):
        return _NOT_JSON
    body = _read_body(environ)
    if len(body) > content.MOST_BODY_BYTES:
        return _TOO_LARGE
    try:
        total = content.order_total(json.loads(body))
    except (ValueError, RecursionError):
        return _BAD_REQUEST
    return _json(total) if total else _BAD_REQUEST


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _read_body(environ: WSGIEnvironment) -> bytes:
    """The request's body, and of one that is too large no more than shows it."""
    readable = content.MOST_BODY_BYTES + 1
    length = environ.get("CONTENT_LENGTH", "")
    if length.isdecimal():
        readable = min(int(length), readable)
    elif not environ.get("wsgi.input_terminated"):
        return b""  # without a length or an end, reading could block for ever
    body: bytes = environ["wsgi.input"].read(readable)
    return body


def _fixed(content_type: str, body: bytes, status: str = "200 OK", *more: tuple[str, str]) -> Answer:
    headers = (("Content-Type", content_type), ("Content-Length", str(len(body))), *more)
    return Answer(status, headers, (body,))


def _json(value: Any) -> Answer:
    return _fixed("application/json", _json_bytes(value))


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _error(code: int, name: str, *more: tuple[str, str]) -> Answer:
    return _fixed("application/json", _json_bytes({"error": name}), f"{code} {name.upper()}", *more)


def _stream() -> Answer:
    chunks = tuple(line.encode() for line in content.csv_lines())
    return Answer("200 OK", (("Content-Type", "text/csv; charset=utf-8"),), chunks)


_HERE = Path(__file__).parent
_FIXED = {
    "/": _fixed("text/plain; charset=utf-8", content.GREETING.encode()),
    "/json": _json(content.DOCUMENT),
    "/page": _fixed("text/html; charset=utf-8", (_HERE / "recorded" / "page.html").read_bytes()),
    "/static/shop.css": _fixed("text/css; charset=utf-8", (_HERE / "static" / "shop.css").read_bytes()),
    "/static/wallpaper.svg": _fixed("image/svg+xml; charset=utf-8", wallpaper.picture()),
    "/stream": _stream(),
}
_PRODUCTS = {product.number: _json(product._asdict()) for product in content.PRODUCTS}
_TIMED = {"/work": ("us", content.MOST_US), "/wait": ("ms", content.MOST_MS)}

_BAD_REQUEST = _error(400, "Bad Request")
_NOT_FOUND = _error(404, "Not Found")
_ONLY_GET = _error(405, "Method Not Allowed", ("Allow", "GET, HEAD"))
_ONLY_POST = _error(405, "Method Not Allowed", ("Allow", "POST"))
_TOO_LARGE = _error(413, "Request Entity Too Large")
_NOT_JSON = _error(415, "Unsupported Media Type")
