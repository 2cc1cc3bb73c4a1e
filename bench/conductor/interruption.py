"""Ctrl-C and SIGTERM: the first one ends the run in good order, the next one hurries the ending."""

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """While entered, the first signal raises KeyboardInterrupt, and each later one sets `hurried`.

    Code that must not be torn apart once the end has begun polls `hurried` and cuts its patience short.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.hurried = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signal.signal's form)
        if self.interrupted:
            self.hurried = True
            return
        self.interrupted = True
        raise KeyboardInterrupt

    def shield(self) -> None:
        """From here on no signal raises: the end has begun."""
        self.interrupted = True
