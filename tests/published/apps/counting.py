"""An app whose durations and errors are known beforehand, whoever serves it."""

import itertools
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.fixtures.good import waiting
from tests.fixtures.wrong import refusing

SLOW_S = 0.150
RIGHT_AT_FIRST = 50
_count = itertools.count(1)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Once it has been looked at, of 100 requests 20 are errors and 3 are slow; the others take 5 ms."""
    number = next(_count)
    if number > RIGHT_AT_FIRST and number % 5 == 0:
        return refusing(environ, start_response)
    if number % 100 in (7, 37, 67):
        time.sleep(SLOW_S)
    return waiting(environ, start_response)
