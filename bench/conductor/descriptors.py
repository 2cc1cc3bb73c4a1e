"""File descriptors: every connection takes one, and a process may have only so many."""

import resource

from bench.errors import InputError

BESIDE_CONNECTIONS = 64  # what Python, Locust and gevent keep open, with room to spare
_UNLIMITED = 2**63


def allow_connections(count: int) -> None:
    """Let this process, and those it starts, have so many connections.

    Raises the soft limit of open files where that is too low, and InputError where the hard one is.
    """
    needed = count + BESIDE_CONNECTIONS
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (_UNLIMITED if one == resource.RLIM_INFINITY else one for one in limits)
    if hard < needed:
        raise InputError(
            f"{count:,} connections need {needed:,} file descriptors, and {hard:,} are allowed",
            f"use fewer connections, or allow more before: ulimit -n {needed}",
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, limits[1]))
