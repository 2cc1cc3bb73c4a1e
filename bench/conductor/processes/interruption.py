"""Ctrl-C, SIGTERM, a closed terminal: the first one ends the run in good order, the next one hurries it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """While entered, the first signal raises KeyboardInterrupt, and each later one sets `hurried`.

    Code that must not be torn apart runs while it is `held`, or, once the end has begun, behind the `shield`:
    there it polls `hurried` and cuts its patience short. Under `nohup` a closed terminal changes nothing.
    """

    def __init__(self) -> None:
        self.came = False
        self.hurried = False
        self._held = False
        self._shielded = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signal.signal's form)
        if self.came or self._shielded:
            self.came = self.hurried = True
            return
        self.came = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """What must be done whole, such as starting a process and noting it: a signal raises afterwards."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if self.came:
                raise KeyboardInterrupt

    def shield(self) -> None:
        """From here on no signal raises: the end has begun."""
        self._shielded = True
