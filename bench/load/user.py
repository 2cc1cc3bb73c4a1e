"""The Locust user: one user is one connection, or so many arrivals a second."""

import socket
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from gevent.event import Event
from gevent.monkey import get_original
from locust import User, task
from locust.env import Environment
from locust.exception import StopTest

from bench.load.locust_output import mend_output
from bench.load.request import Request
from bench.load.standing_load import Rate, StandingLoad
from bench.load.target import Target, Tls
from bench.load.tls import context_for

NS_PER_S = 1_000_000_000

mend_output()

# gevent's would let Locust spawn the next user meanwhile, who would look the same name up.
_resolve = get_original("socket", "getaddrinfo")


class ConnectionUser(User):
    """A Locust user that stands for one keep-alive connection.

    Locust's runner spawns and stops users as its options, its web page, a `LoadTestShape` or a master say. A
    user does not send by itself, as a greenlet switch a request is what makes stock users slow: it joins the
    crew of its class, and one event loop sends for all of the crew.

    A locustfile has a subclass with a `host` and `requests`, such as `["/json", Request("/echo", "POST")]`.
    Without more that is a closed loop, in which each user's connection sends when its answer came. With
    `rate_per_s` it is an open loop: each user brings so many arrivals a second, evenly or `poisson`, sent on
    `connections` at most; Locust then shows latencies, from when a request was due. `authorities` names a
    file of certificates to trust; with `check_certificate` false, none is checked. What cannot be sent as
    written ends the test before it begins.
    """

    abstract = True
    requests: ClassVar[Sequence[Request | str]] = ()
    rate_per_s: ClassVar[float | None] = None
    poisson: ClassVar[bool] = False
    connections: ClassVar[int] = 128
    response_timeout_s: ClassVar[float] = 10.0
    check_certificate: ClassVar[bool] = True
    authorities: ClassVar[Path | str | None] = None
    crew: ClassVar[set["ConnectionUser"]] = set()
    load: ClassVar[StandingLoad | None] = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.crew = set()
        cls.load = None

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._leaves = Event()
        if self.requests:
            self._find_target()

    @task
    def stay(self) -> None:
        """Be one of the crew until Locust stops this user."""
        kind = type(self)
        kind.crew.add(self)
        try:
            self._change_crew()
            self._leaves.wait()
        finally:
            kind.crew.discard(self)
            self._change_crew()

    def stop(self, force: bool = False) -> bool:
        """Have this user leave the crew; says whether it was killed, as it is without a stop timeout."""
        if not force:
            self._leaves.set()  # Locust waits for the end of the task, in which this user stays
        return bool(super().stop(force))

    def _change_crew(self) -> None:
        """Have the load of this class be that of its crew; there is none for a class without requests."""
        kind = type(self)
        if kind.crew and kind.requests:
            if kind.load is None:
                kind.load = self._new_load()
            kind.load.have_users(len(kind.crew))
        elif kind.load is not None:
            load, kind.load = kind.load, None
            load.end()

    def _new_load(self) -> StandingLoad:
        rate = None if self.rate_per_s is None else Rate(self.rate_per_s, self.poisson, self.connections)
        timeout_ns = round(self.response_timeout_s * NS_PER_S)
        return StandingLoad(self.environment, type(self).__name__, self._find_target(), timeout_ns, rate)

    def _find_target(self) -> Target:
        """The target of this class. Where there is none, raises StopTest and has Locust's exit code tell."""
        try:
            return target_of(type(self), self.host)
        except (OSError, ValueError) as error:  # also of names nobody knows, certificates and JSONPaths
            reason = ValueError(f"{type(self).__name__} cannot send: {error}")
            self.environment.events.user_error.fire(
                user_instance=self, exception=reason, tb=error.__traceback__
            )
            raise StopTest(str(reason)) from None


@cache
def target_of(kind: type[ConnectionUser], host: str | None) -> Target:
    """What this class asks on this host. Raises ValueError or OSError."""
    if not host:
        raise ValueError("it has no host; give the class one, or say --host")
    if "@" in host:
        raise ValueError("a host names no user; give the requests an Authorization header")
    url = urlsplit(host)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"{host!r} is no host; write it as http://127.0.0.1:8000")
    if kind.rate_per_s is not None and not (kind.rate_per_s > 0 and kind.connections > 0):
        raise ValueError("rate_per_s and connections must be above 0")
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    requests = [Request.of(written).below(url.path.rstrip("/")) for written in kind.requests]
    return Target(
        host=_address_of(url.hostname, port),
        port=port,
        requests=tuple(request.wire(url.netloc) for request in requests),
        tls=_tls_of(kind, url.hostname) if is_tls else None,
    )


def _address_of(name: str, port: int) -> str:
    addresses = [str(found[4][0]) for found in _resolve(name, port, type=socket.SOCK_STREAM)]
    return min(addresses, key=lambda address: ":" in address)  # IPv4 first, as servers mostly listen


def _tls_of(kind: type[ConnectionUser], server_name: str) -> Tls:
    trusted = Path(kind.authorities).read_text() if kind.authorities is not None else None
    tls = Tls(server_name, kind.check_certificate, trusted)
    context_for(tls)  # now, and not when the first user sends: certificates may be none
    return tls
