"""An app that costs whoever checks its answers far more than it costs the server."""

import itertools
import json
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_LONG = json.dumps(list(range(50_000))).encode()
_count = itertools.count()


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Some 300 kB of JSON, ready made but for a number that differs each time."""
    body = b'{"count": %9d, "items": %b}' % (next(_count), _LONG)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
