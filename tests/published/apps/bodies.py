"""Apps whose answers are not what they seem at first."""

import itertools
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.fixtures.good import app as good

_RIGHT_AT_FIRST = 50
_BEYOND_ONE_PIECE = b"good\n" * 1_000
_count = itertools.count()


def wrong_later(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The right body while it is looked at, and another of the same length from then on."""
    return good(environ, start_response) if next(_count) < _RIGHT_AT_FIRST else _evil(start_response)


def closing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ends each connection, though the server was told to keep it."""
    start_response("200 OK", [("Content-Length", "5"), ("Connection", "close")])
    return [b"good\n"]


def long(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """5 kB: more than uWSGI's router passes on in one piece unless it is told to."""
    start_response("200 OK", [("Content-Length", str(len(_BEYOND_ONE_PIECE)))])
    return [_BEYOND_ONE_PIECE]


def _evil(start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"evil\n"]
