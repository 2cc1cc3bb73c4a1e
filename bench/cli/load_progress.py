"""Progress of a single load on a terminal: one short line, once a second.

The process that draws it sleeps otherwise. A timer of the system wakes it: no thread, and nothing of rich's
drawing, whose milliseconds would be taken from the target's cores.
"""

import math
import signal
import sys
import time
from types import FrameType, TracebackType
from typing import Self

from bench.units import NS_PER_S

_WIDTH = 24
_CLEAR_LINE = "\r\x1b[K"


class Countdown:
    """While entered, shows on standard error how much of so long a time is over, where that is a terminal."""

    def __init__(self, duration_ns: int) -> None:
        self._duration_s = duration_ns / NS_PER_S
        self._began_s = 0.0
        self._shows = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Self:
        self._began_s = time.monotonic()
        if self._shows:
            signal.signal(signal.SIGALRM, self._draw)
            signal.setitimer(signal.ITIMER_REAL, 0.001, 1.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shows:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self._write(_CLEAR_LINE)

    def _draw(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signal.signal's form)
        gone_s = min(time.monotonic() - self._began_s, self._duration_s)
        filled = round(_WIDTH * gone_s / self._duration_s)
        left_s = math.ceil(self._duration_s - gone_s)
        bar = "\u2501" * filled + "\u2500" * (_WIDTH - filled)
        self._write(f"{_CLEAR_LINE}{bar} {left_s} s to go" if left_s else f"{_CLEAR_LINE}{bar} last answers")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
