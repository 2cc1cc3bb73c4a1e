"""The load generator: Locust decides who sends and when, one event loop a process does the sending.

Nothing else of the project is imported here but the histogram, so that any locustfile can use it:
`from bench.load import ConnectionUser, Request`. Only those names and what runs in the generator's process
import Locust, which patches the standard library through gevent; `target` and `messages` are for every
process.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.load.request import Request
    from bench.load.user import ConnectionUser

__all__ = ["ConnectionUser", "Request"]


def __getattr__(name: str) -> Any:
    if name == "ConnectionUser":
        from bench.load.user import ConnectionUser  # noqa: PLC0415  (see above)

        return ConnectionUser
    if name == "Request":
        from bench.load.request import Request  # noqa: PLC0415

        return Request
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
