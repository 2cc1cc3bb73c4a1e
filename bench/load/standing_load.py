"""Load that goes on for as long as Locust keeps users of a class: what runs under `locust -f`.

Locust decides how many users there are, by its options, web page, shape or master. Each brings a connection
or, in an open loop, so many arrivals a second. Locust's statistics are told a few times a second.
"""

import logging
import signal
from dataclasses import dataclass
from functools import cache
from random import SystemRandom
from time import perf_counter_ns
from typing import Any

import gevent
from gevent import Greenlet
from locust.env import Environment
from locust.log import greenlet_exception_logger

from bench.load import locust_statistics
from bench.load.arrivals import Pace
from bench.load.closed_loop import ClosedLoop
from bench.load.connection import Pool
from bench.load.load_loop import NEVER_NS, Course
from bench.load.open_loop import OpenLoop
from bench.load.target import Target

REPORT_EVERY_NS = 250_000_000

_log = logging.getLogger(__name__)
_new_defect_logger: Any = greenlet_exception_logger  # without annotations; has Locust exit as after a defect


@dataclass(frozen=True)
class Rate:
    """An open loop: the arrivals a second that each user brings, on so many connections at most."""

    per_user_s: float
    poisson: bool
    connections: int


class StandingLoad:
    """Load on one target by a number of users that may change, until it is ended: a closed loop without rate.

    `name` is what the log calls it.
    """

    def __init__(
        self,
        environment: Environment,
        name: str,
        target: Target,
        response_timeout_ns: int,
        rate: Rate | None,
    ) -> None:
        self._environment = environment
        self._name = name
        self._pool = Pool(target)
        # Not the same for each process or class: what they draw together would come in step.
        seed = SystemRandom().getrandbits(32)
        course = Course(0, 0, response_timeout_ns, polls=False, seed=seed)
        if rate is None:
            self._crew: _Connections | _Arrivals = _Connections(ClosedLoop(self._pool, course))
        else:
            self._pool.resize(rate.connections)
            pace = Pace(rate.per_user_s, poisson=rate.poisson, seed=seed)
            self._crew = _Arrivals(OpenLoop(self._pool, course, pace), pace, rate.per_user_s)
        self._users = 0
        self._waited = self._unsent = 0
        self._is_ending = self._ends_full = False
        self._next_report_ns = 0
        self._greenlet: Greenlet[[], None] | None = None

    def have_users(self, count: int) -> None:
        """Go on with so many users from the next tick on, or begin with them."""
        self._users = count
        if self._greenlet is None:
            _interrupt_between_events()
            self._greenlet = gevent.spawn(self._generate)
            self._greenlet.link_exception(_new_defect_logger(_log))

    def end(self) -> None:
        """Send nothing more; returns when every answer has come and Locust knows of it.

        Whoever is killed meanwhile, as users are after Locust's stop timeout, breaks the load off.
        """
        self._is_ending = True
        self._ends_full = all(connection.waiting for connection in self._pool.connections)
        self._crew.loop.end()
        if self._greenlet is not None:
            try:
                self._greenlet.join()
            finally:
                self._greenlet.kill()

    def _generate(self) -> None:
        try:
            self._crew.loop.generate(perf_counter_ns(), NEVER_NS, self._tick)
        finally:
            self._report()
            self._pool.close_all()
            self._tell_of_those_that_waited()

    def _tick(self) -> None:
        if not self._is_ending:
            self._crew.have(self._users)
        self._crew.loop.tick()
        now_ns = perf_counter_ns()
        if now_ns >= self._next_report_ns:
            self._next_report_ns = now_ns + REPORT_EVERY_NS
            self._report()

    def _report(self) -> None:
        recording = self._crew.loop.take_recording()
        self._waited += recording.waited - recording.unsent
        self._unsent += recording.unsent
        locust_statistics.record(self._environment.stats, self._pool.target, recording)

    def _tell_of_those_that_waited(self) -> None:
        # What became due while Locust stopped the users has not waited for a connection.
        unsent = self._unsent if self._ends_full else 0
        if self._waited or unsent:
            _log.warning(
                "%s: %d arrivals found every connection taken and waited for one, which is part of their "
                "latency; %d of them were never sent. More `connections` let more be out at once",
                *(self._name, self._waited + unsent, unsent),
            )


class _Connections:
    """Users of a closed loop: each is a connection."""

    def __init__(self, loop: ClosedLoop) -> None:
        self.loop = loop

    def have(self, users: int) -> None:
        self.loop.have_connections(users)


class _Arrivals:
    """Users of an open loop: each brings so many arrivals a second."""

    def __init__(self, loop: OpenLoop, pace: Pace, rate_per_user_s: float) -> None:
        self.loop = loop
        self._pace = pace
        self._rate_per_user_s = rate_per_user_s
        self._users = 1

    def have(self, users: int) -> None:
        if users != self._users:
            self._users = users
            self._pace.change(users * self._rate_per_user_s, perf_counter_ns())
            self.loop.reschedule(self._pace.due_ns)


@cache
def _interrupt_between_events() -> None:
    """Have Ctrl-C reach Locust, and not whatever runs: what was going on with a connection would be lost."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        hub: Any = gevent.get_hub()
        gevent.signal_handler(signal.SIGINT, hub.handle_system_error, KeyboardInterrupt, KeyboardInterrupt())
