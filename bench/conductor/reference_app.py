"""The reference: an app that does the same work wherever and whenever it runs.

What is measured beside it can be held against what another run measured beside it, whatever the machine was
like on the two days. Its work is a mixture of what apps do in pure Python: dictionaries, sorting, formatting
and JSON, some 250 us of it on a server core of today. It imports the standard library alone, and any change
of what it does is a change of `VERSION`, with which baselines saved before are refused.
"""

import json
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

VERSION = "1"

_ITEMS = [
    {"id": number, "name": f"item {number * 7 % 41}", "price": number * 37 % 1000, "tags": ["a", "b"]}
    for number in range(80)
]
_DOCUMENT = json.dumps(_ITEMS)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG001  (WSGI's form)
    """The WSGI application: whatever is asked, the same answer from the same work."""
    body = work()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return (body,)


def work() -> bytes:
    """Read the document, group and sort what is in it, and write a page of it."""
    items = json.loads(_DOCUMENT)
    groups: dict[str, list[dict[str, object]]] = {}
    for item in items:
        groups.setdefault(item["name"], []).append(item)
    lines = []
    for name, members in sorted(groups.items()):
        total = sum(item["price"] for item in items if item["name"] == name)
        lines.append(f"{name:<12} {len(members):>3} {total / 100:8.2f}")
    by_price = sorted(items, key=lambda item: (-item["price"], item["id"]))
    return json.dumps({"lines": lines, "cheapest": by_price[-5:], "dearest": by_price[:5]}).encode()
