"""What a closed and an open loop have in common: the frame of a slice, and all that is not the hot path.

The hot path is `_drain` of either, called by gevent's hub when the pool's epoll object is readable, or again
and again where the generator polls instead of sleeping. It runs inside the hub, never blocks for long and
returns after a bounded spell, so that Locust's own greenlets go on. Time is `perf_counter_ns`
(CLOCK_MONOTONIC, the same for all processes): steps of the wall clock do not reach it.
"""

import errno
import gc
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

import gevent
from gevent.event import Event
from gevent.hub import get_hub

from bench.load import sleeping
from bench.load.connection import EPOLLOUT, NOT_MATCHING, Connection, Pool
from bench.load.messages import SliceOutcome
from bench.load.recording import Recording
from bench.load.response import ResponseParser, error_of
from bench.load.tls import TLS_ERRORS

TICK_S = 0.02
SPELL_NS = 500_000
NEVER_NS = 2**63 - 1
BREAK_OFF_PATIENCE_NS = 1_000_000_000


@dataclass(frozen=True)
class Course:
    """How a slice goes: a ramp that is not counted, then the counted window. Durations in nanoseconds.

    It begins at `begin_ns` on the clock of `perf_counter_ns`, or at once. `seed` draws the requests of a mix.
    """

    ramp_ns: int
    counted_ns: int
    response_timeout_ns: int
    polls: bool
    seed: int = 0
    begin_ns: int | None = None


class LoadLoop(ABC):
    """One slice of load on the connections of one pool.

    It ends when the requests that are still out after the counted window were answered or have timed out.
    """

    is_open = False

    def __init__(self, pool: Pool, course: Course) -> None:
        self.recording = pool.new_recording()
        self._pool = pool
        self._course = course
        self._window_ns = (NEVER_NS, NEVER_NS)
        self._idle_ns = 0
        self._waiting = 0
        self._ending = False
        self._next_timeout_scan_ns = 0
        self._give_up_at_ns = NEVER_NS
        self._finished = Event()
        self._defect: Exception | None = None

    def run(self) -> SliceOutcome:
        """Generate the load of a slice; returns when the last answer has come or has timed out."""
        pool, course = self._pool, self._course
        if course.begin_ns is not None:
            gevent.sleep(max(0.0, (course.begin_ns - perf_counter_ns()) / 1e9))
        opened_before, cpu_ns, begin_ns = pool.opened, time.process_time_ns(), perf_counter_ns()
        counted_from_ns = (course.begin_ns or begin_ns) + course.ramp_ns
        gc.disable()
        try:
            self.generate(counted_from_ns, counted_from_ns + course.counted_ns, self.tick)
        finally:
            gc.enable()
        wall_ns, cpu_ns = perf_counter_ns() - begin_ns, time.process_time_ns() - cpu_ns
        window_begin_ns, window_end_ns = self._window_ns
        return self.recording.outcome(
            counted_ns=window_end_ns - window_begin_ns,
            opened=pool.opened - opened_before,
            wall_ns=wall_ns,
            # What was polled in vain is known in wall time only, and may have been another process's.
            busy_ns=min(cpu_ns, wall_ns - self._idle_ns),
            is_open_loop=self.is_open,
        )

    def generate(self, counted_from_ns: int, counted_to_ns: int, each_tick: Callable[[], None]) -> None:
        """Generate load until the window has ended, or `end` was called, and all answers have come."""
        self._pool.drop_stale()
        self._window_ns = (counted_from_ns, counted_to_ns)
        for connection in self._pool.connections:
            connection.answered = 0
            connection.goes_on = True
        watcher = self._watcher()
        if not self._course.polls:
            sleeping.watch(self._pool.epoll.fileno())
        try:
            self._begin()
            watcher.start(self._on_event)
            while not self._finished.wait(TICK_S):
                each_tick()
        finally:
            watcher.stop()
            watcher.close()
            sleeping.forget(self._pool.epoll.fileno())
            self._cease()
        if self._defect is not None:
            raise self._defect

    def take_recording(self) -> Recording:
        """What was recorded since the load began, or since it was last taken; the next goes elsewhere."""
        taken, self.recording = self.recording, self._pool.new_recording()
        self._pool.record_into(self.recording.counted)
        return taken

    def break_off(self) -> None:
        """Let the counted window end now, and wait a second at most for what is still out."""
        now_ns = perf_counter_ns()
        self._give_up_at_ns = now_ns + BREAK_OFF_PATIENCE_NS
        begin_ns, end_ns = self._window_ns
        self._window_ns = (min(begin_ns, now_ns), min(end_ns, now_ns))

    def end(self) -> None:
        """Send nothing more; the load is over when what is out has come back."""
        self._ending = True
        for connection in self._pool.connections:
            connection.goes_on = False
            if not connection.waiting:
                connection.offset = NOT_MATCHING
        if not self._waiting:
            self._finished.set()

    @abstractmethod
    def _begin(self) -> None:
        """Send what is to be sent at the beginning."""

    @abstractmethod
    def _cease(self) -> None:
        """Put away what was set up for the load, which is over or broken off."""

    @abstractmethod
    def _drain(self) -> None:
        """Take every answer that has come and send what is to be sent: the hot path."""

    @abstractmethod
    def _free(self, connection: Connection) -> None:
        """The connection's request has ended, well or badly, and it may take another."""

    @abstractmethod
    def _unreached(self, connection: Connection) -> None:
        """The connection could not be opened."""

    @abstractmethod
    def _pass_time(self, now_ns: int) -> None:
        """See to what is due by the clock: the counted window begins or ends."""

    def _watcher(self) -> Any:
        """What has gevent's hub call the hot path: again and again, or when there is something to read."""
        loop = get_hub().loop
        return loop.idle() if self._course.polls else loop.io(self._pool.epoll.fileno(), 1)

    def _on_event(self) -> None:
        # An exception in a callback of the hub would be printed and forgotten, and the slice never end.
        try:
            self._drain()
        except Exception as defect:
            self._defect = defect
            self._finished.set()

    def _ask(self, connection: Connection) -> bool:
        """Send the connection's request, on a new one where it is not open; says whether it is out."""
        is_new = not connection.is_open
        try:
            if is_new:
                self._pool.open(connection)
            connection.sent_ns = perf_counter_ns()
            self._pool.send(connection)
        except OSError as error:
            self._count(connection, kind_of(error, "connect" if is_new else "reset"))
            self._pool.close(connection)
            return False
        self._pool.opened += is_new
        connection.waiting = True
        self._waiting += 1
        return True

    def _done(self, connection: Connection, *, closes: bool) -> None:
        """A request has ended, well or badly: close where that is due, and go on."""
        connection.waiting = False
        self._waiting -= 1
        if closes:
            self._pool.close(connection)
        if connection.goes_on:
            self._free(connection)
            return
        connection.offset = NOT_MATCHING
        if not self._ending:
            self._pool.close(connection)  # its user has left
        elif not self._waiting:
            self._finished.set()

    def _count(self, connection: Connection, kind: str) -> None:
        self.recording.errors[connection.exchange.index][kind] += 1

    def _fail(self, connection: Connection, kind: str) -> None:
        """The connection broke; where no request was out, nobody is harmed."""
        if not connection.waiting:
            self._pool.close(connection)
            return
        self._count(connection, kind)
        self._done(connection, closes=True)

    def _send_rest(self, connection: Connection, event: int) -> bool:
        """Send what did not fit before; says whether there is something to receive as well."""
        if event & EPOLLOUT and connection.unsent:
            try:
                self._pool.send_rest(connection)
            except ConnectionRefusedError:
                self._refused(connection)
                return False
            except OSError as error:
                self._fail(connection, kind_of(error, "reset"))
                return False
        return bool(event & ~EPOLLOUT)

    def _refused(self, connection: Connection) -> None:
        self._count(connection, "connect")
        self._pool.close(connection)
        self._pool.opened -= 1
        connection.waiting = False
        self._waiting -= 1
        if not self._ending:
            self._unreached(connection)
        elif not self._waiting:
            self._finished.set()

    def _read(self, connection: Connection, data: bytes) -> bool:
        """Read a piece that is not the whole template; says whether it completed a right response."""
        expected, offset = connection.exchange.template.data, connection.offset
        if not (
            data and expected.startswith(data, offset) and (not offset or connection.matched is expected)
        ):
            return self._parse(connection, data)
        offset += len(data)
        if offset < len(expected):
            connection.offset, connection.matched = offset, expected
            return False
        connection.offset = 0
        return True

    def _parse(self, connection: Connection, data: bytes) -> bool:
        """Read a piece that is not as the template has it; says whether it completed a right response."""
        template = connection.exchange.template
        if data and not connection.waiting:
            self._count(connection, "malformed")  # nobody asked
        if not connection.waiting or not (data or connection.offset):
            self._fail(connection, "closed")
            return False
        parser = connection.parser or self._start_parser(connection)
        if data:
            parser.feed(data)
        else:
            parser.end_of_connection()
        if not parser.complete and parser.error is None:
            return False
        connection.parser = None
        connection.offset = 0
        error = error_of(parser, template.expected)
        if error is None:
            self._pool.learn(template, parser)
            return True
        self._count(connection, error)
        self._done(connection, closes=parser.error is not None or parser.closes)
        return False

    def _start_parser(self, connection: Connection) -> ResponseParser:
        """A parser for the rest of the connection's answer, which has read what equalled the template."""
        parser = connection.parser = ResponseParser(connection.exchange.request.method)
        if connection.offset:
            parser.feed(connection.matched[: connection.offset])
        connection.offset = NOT_MATCHING
        return parser

    def tick(self) -> None:
        """See to what no answer would bring up: the end of the window, lost requests, full buffers."""
        now_ns = perf_counter_ns()
        self._pass_time(now_ns)
        self.recording.fold()
        if now_ns >= self._give_up_at_ns:
            self._give_up()
        if now_ns < self._next_timeout_scan_ns:
            return
        timeout_ns = self._course.response_timeout_ns
        self._next_timeout_scan_ns = now_ns + timeout_ns // 20
        for connection in list(self._pool.by_descriptor.values()):
            if connection.waiting and now_ns - connection.sent_ns > timeout_ns:
                self._fail(connection, "timeout")

    def _give_up(self) -> None:
        """Close the connections whose answers nobody waits for any more: they are not the server's errors."""
        for connection in list(self._pool.by_descriptor.values()):
            if connection.waiting:
                connection.waiting = False
                self._pool.close(connection)
        self._waiting = 0
        self._finished.set()


def kind_of(error: OSError, otherwise: str) -> str:
    """What an error of a socket is called: a few say more than where they happened."""
    if isinstance(error, TLS_ERRORS):
        return "tls"
    if error.errno == errno.EADDRNOTAVAIL:
        return "out of ports"
    return otherwise
