"""Sleeping inside gevent's hub, with a timeout in microseconds, until a load of this process has an answer.

The hub's own timers, and epoll's, know milliseconds only. While one load sleeps nothing else of the process
runs, so its sleep is short, and ends with the answers of the others too.
"""

import os
import select
from contextlib import suppress
from pathlib import Path

from gevent.monkey import get_original

_EPOLLIN = 1  # gevent takes the names out of `select`, with the class
_select = get_original("select", "select")
_epoll: "type[select.epoll]" = get_original("select", "epoll")
_watched: set[int] = set()


def _new() -> "select.epoll":
    global _answers  # noqa: PLW0603  (one a process: a fork would share the kernel's object)
    _answers = _epoll()
    return _answers


_answers = _new()  # made early: `select` takes descriptors below 1024
os.register_at_fork(after_in_child=_new)


def watch(descriptor: int) -> None:
    """Have whoever sleeps wake when this epoll object has an answer."""
    _have_precise_timers()
    _answers.register(descriptor, _EPOLLIN)
    _watched.add(descriptor)


def forget(descriptor: int) -> None:
    """Take back what `watch` did."""
    _watched.discard(descriptor)
    with suppress(OSError):
        _answers.unregister(descriptor)


def is_shared() -> bool:
    """Whether there are several loads, which all need their turn."""
    return len(_watched) > 1


def sleep(nanoseconds: int) -> None:
    """Sleep so long, or until there is an answer to any of the loads."""
    _select([_answers], [], [], nanoseconds / 1e9)


def _have_precise_timers() -> None:
    """Have the kernel wake this thread when it asked for, and not later together with others."""
    with suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1")
