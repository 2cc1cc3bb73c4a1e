"""Apps that hold their requests up and use no CPU time for it."""

import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.fixtures.good import app as good
from tests.fixtures.good import waiting

PAUSE_S, EVERY_S = 0.3, 0.6
_turn = threading.Semaphore(1)
_ended = threading.Event()


def stalled(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ten answers a second, one at a time; whoever comes meanwhile is held beyond every patience."""
    if not _turn.acquire(blocking=False):
        _ended.wait(1.0)
        return good(environ, start_response)
    try:
        time.sleep(0.1)
        return good(environ, start_response)
    finally:
        _turn.release()


def pausing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """5 ms, but nothing at all in every second stretch of 300 ms."""
    left_s = EVERY_S - time.monotonic() % EVERY_S
    if left_s < PAUSE_S:
        time.sleep(left_s)
    return waiting(environ, start_response)
