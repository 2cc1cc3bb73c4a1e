"""Several misbehaving apps as one, told apart by their paths."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tests.published.apps import bodies, counting, hasty, waiting

_APPS: dict[str, WSGIApplication] = {
    "/hasty": hasty.app,
    "/wrong-later": bodies.wrong_later,
    "/counting": counting.app,
    "/stalled": waiting.stalled,
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return _APPS[environ["PATH_INFO"]](environ, start_response)
