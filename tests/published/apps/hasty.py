"""Two right answers at a time, each of 10 ms; whoever comes beside them gets an error at once."""

import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.fixtures.good import app as good
from tests.fixtures.wrong import refusing

SLOTS = 2
TAKES_S = 0.010
_free = threading.Semaphore(SLOTS)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if not _free.acquire(blocking=False):
        return refusing(environ, start_response)
    try:
        time.sleep(TAKES_S)
        return good(environ, start_response)
    finally:
        _free.release()
