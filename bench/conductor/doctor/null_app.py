"""The app of the doctor's A/A run: one short answer, so that the server is what is measured.

It is copied to where it is served from, and imports nothing of ours.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_BODY = b"well\n"
_HEADERS = (("Content-Type", "text/plain"), ("Content-Length", str(len(_BODY))))


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG001  (WSGI's form)
    """The WSGI application."""
    start_response("200 OK", list(_HEADERS))  # a new list: servers may change it
    return (_BODY,)
