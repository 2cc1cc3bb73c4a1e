"""Asks an app as a server would, and tells what it answers."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
import time
import traceback
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import quote

ASKED = 2
LONGEST_LINE = 120


def note_exceptions(app: Any) -> list[str]:
    """Where Flask's app will put the exceptions that it makes a 500 of, each in a line."""
    raised: list[str] = []
    logs = getattr(app, "log_exception", None)
    if logs is not None:

        def log_exception(about: Any, *more: Any, **named: Any) -> None:
            raised.append(one_line(about[1]))
            logs(about, *more, **named)

        with suppress(AttributeError):
            app.log_exception = log_exception
    return raised


def ask_all(asked: list[str], order: dict[str, Any], tell: Any, ask: Any) -> None:
    """Ask for every path but those to be skipped, as far as the time allows."""
    deadline = time.monotonic() + order["all_s"]
    for path in asked:
        shown = quote(path, safe="/!$&'()*+,;=:@")
        if path in order["skip"]:
            continue
        if time.monotonic() > deadline:
            tell("answer", rule=path, path=shown, failure="not asked: there was no time left")
            continue
        tell("asking", rule=path, path=shown)
        for _ in range(ASKED):
            tell("answer", rule=path, path=shown, **ask(path))


def ask(app: Any, path: str, order: dict[str, Any], raised: list[str]) -> dict[str, Any]:
    """What the app answers; where it does not within the time, it is left to itself in its thread."""
    raised.clear()
    outcome: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: outcome.update(answer(app, path, order)), daemon=True)
    thread.start()
    thread.join(order["ask_s"])
    found = dict(outcome) or {"failure": f"the answer did not end within {order['ask_s']:g} s"}
    return {**found, "raised": raised[-1] if raised else ""}


def one_line(error: BaseException) -> str:
    """The exception and the first line of what it says."""
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    return text.splitlines()[0][:LONGEST_LINE] if text else type(error).__name__


def answer(app: Any, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """Call the app as a server would, and read the answer to its end."""
    heads: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        heads[:] = [(status, headers)]
        return written.append

    digest, length, pieces, before = hashlib.sha256(), 0, None, time.monotonic()
    try:
        pieces = app(environ_of(path, order["port"]), start_response)
        for piece in chain(pieces, written):  # in this order: what is written may be so on the way
            digest.update(piece)
            length += len(piece)
            if length > order["most_bytes"]:
                return {"failure": f"the answer is longer than {order['most_bytes']:,} B, or has no end"}
        body = {"length": length, "digest": digest.hexdigest(), "seconds": time.monotonic() - before}
        return {**head_facts(*heads[0]), **body}
    except BaseException as error:
        return {"failure": f"raises {one_line(error)}"}
    finally:
        if hasattr(pieces, "close"):
            pieces.close()  # type: ignore[union-attr]  # as the line above says


def head_facts(status: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    """What the head of an answer tells of it."""
    fields = {name.lower(): value for name, value in headers}
    return {
        "status": int(status.split(maxsplit=1)[0]),
        "content_type": fields.get("content-type", "").partition(";")[0].strip(),
        "streamed": "content-length" not in fields,
        "location": fields.get("location", ""),
    }


def environ_of(path: str, port: int) -> dict[str, Any]:
    """A GET request of the load generator's, in WSGI's words (PEP 3333)."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": f"127.0.0.1:{port}",
        "HTTP_USER_AGENT": "bench",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
