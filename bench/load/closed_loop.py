"""Closed loop: every connection sends its next request as soon as the answer to the last one is verified.

The hot path is `ClosedLoop._drain`, called by gevent's hub when the pool's epoll object is readable, or again
and again where the generator polls instead of sleeping. It runs inside the hub, never blocks and returns
after a bounded number of turns, so that Locust's own greenlets go on. Time is `perf_counter_ns`
(CLOCK_MONOTONIC): steps of the wall clock do not reach it.
"""

import errno
import gc
import time
from time import perf_counter_ns

from gevent.event import Event
from gevent.hub import get_hub

from bench.load.connection import EPOLLIN, EPOLLOUT, NOT_MATCHING, Connection, Pool
from bench.load.messages import SliceOutcome
from bench.load.recording import Recording
from bench.load.response import ResponseParser, error_of

TURNS = 64
TICK_S = 0.02
SPELL_NS = 500_000
NEVER_NS = 2**63 - 1


class ClosedLoop:
    """One slice of closed-loop load on the connections of one pool.

    The slice begins with a ramp that is not counted, goes on with the counted window, and ends when the
    requests that are still out have been answered or have timed out.
    """

    def __init__(
        self, pool: Pool, *, ramp_ns: int, counted_ns: int, response_timeout_ns: int, polls: bool
    ) -> None:
        self.recording = Recording()
        self._pool = pool
        self._polls = polls
        self._idle_ns = 0
        self._ramp_ns = ramp_ns
        self._counted_ns = counted_ns
        self._timeout_ns = response_timeout_ns
        self._next_timeout_scan_ns = 0
        self._milestones: list[int] = []
        self._sending = True
        self._waiting = 0
        self._unconnected: list[Connection] = []
        self._finished = Event()
        self._defect: Exception | None = None

    def run(self) -> SliceOutcome:
        """Generate the load; returns when the last answer has come or has timed out."""
        pool = self._pool
        pool.drop_stale()
        opened_before = pool.opened
        hub_loop = get_hub().loop
        watcher = hub_loop.idle() if self._polls else hub_loop.io(pool.epoll.fileno(), 1)
        gc.disable()
        try:
            cpu_ns, begin_ns = time.process_time_ns(), perf_counter_ns()
            counted_from_ns = begin_ns + self._ramp_ns
            self._milestones = [counted_from_ns, counted_from_ns + self._counted_ns, NEVER_NS]
            for connection in pool.connections:
                connection.answered = 0
                self._ask(connection)
            watcher.start(self._on_readable)
            while not self._finished.wait(TICK_S):
                self._tick()
            wall_ns, cpu_ns = perf_counter_ns() - begin_ns, time.process_time_ns() - cpu_ns
            busy_ns = max(0, cpu_ns - self._idle_ns)
        finally:
            watcher.stop()
            watcher.close()
            gc.enable()
        if self._defect is not None:
            raise self._defect
        return self.recording.outcome(
            counted_ns=self._counted_ns, opened=pool.opened - opened_before, wall_ns=wall_ns, busy_ns=busy_ns
        )

    def _on_readable(self) -> None:
        # An exception in a callback of the hub would be printed and forgotten, and the slice never end.
        try:
            self._drain()
        except Exception as defect:
            self._defect = defect
            self._finished.set()

    def _drain(self) -> None:  # noqa: C901, PLR0912, PLR0915  (one loop: a call costs as much as a comparison)
        """Take every answer that has come and send the next request on its connection."""
        pool, recording = self._pool, self.recording
        poll, by_descriptor, template = pool.epoll.poll, pool.by_descriptor, pool.template
        request, record = pool.target.request, recording.durations_ns.append
        request_size = len(request)
        expected, closes, milestone = template.data, template.closes, self._milestones[0]
        read_size = min(max(len(expected) + 1, 4096), 262_144)
        for _ in range(TURNS):
            events = poll(0) or self._poll_for_a_spell()
            if not events:
                return
            for descriptor, event in events:
                connection = by_descriptor[descriptor]
                if event != EPOLLIN and not self._send_rest(connection, event):
                    continue
                try:
                    data = connection.receive(read_size)
                except BlockingIOError:
                    continue
                except OSError:
                    self._fail(connection, "reset")
                    continue
                offset = connection.offset
                if data != expected or offset:
                    if (
                        data
                        and expected.startswith(data, offset)
                        and (not offset or connection.matched is expected)
                    ):
                        offset += len(data)
                        if offset < len(expected):
                            connection.offset, connection.matched = offset, expected
                            continue
                        connection.offset = 0
                    elif self._parse(connection, data):
                        expected, closes = template.data, template.closes
                    else:
                        continue
                now = perf_counter_ns()
                if now >= milestone:
                    milestone = self._pass_milestones(now)
                record(now - connection.sent_ns)
                connection.answered += 1
                if closes or not self._sending:
                    self._done(connection, closes=closes)
                    continue
                connection.sent_ns = now
                try:
                    sent = connection.send(request)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    self._fail(connection, "reset")
                    continue
                if sent != request_size:
                    pool.keep_rest(connection, request[sent:])

    def _poll_for_a_spell(self) -> list[tuple[int, int]]:
        """What comes within a short spell of polling; nothing at once where we are to sleep."""
        if not self._polls:
            return []
        poll = self._pool.epoll.poll
        events: list[tuple[int, int]] = []
        begin_ns = now_ns = perf_counter_ns()
        while not events and now_ns < begin_ns + SPELL_NS:
            events = poll(0)
            now_ns = perf_counter_ns()
        self._idle_ns += now_ns - begin_ns
        return events

    def _ask(self, connection: Connection) -> None:
        """Send a request, on a new connection where there is none."""
        is_new = not connection.is_open
        try:
            if is_new:
                self._pool.open(connection)
            connection.sent_ns = perf_counter_ns()
            self._pool.send(connection)
        except OSError as error:
            kind = "connect" if is_new else "reset"
            self.recording.errors["out of ports" if error.errno == errno.EADDRNOTAVAIL else kind] += 1
            self._pool.close(connection)
            self._unconnected.append(connection)
            return
        self._pool.opened += is_new
        connection.waiting = True
        self._waiting += 1

    def _done(self, connection: Connection, *, closes: bool) -> None:
        """A request has ended, well or badly: close where that is due, and go on."""
        connection.waiting = False
        self._waiting -= 1
        if closes:
            self._pool.close(connection)
        if self._sending:
            self._ask(connection)
            return
        connection.offset = NOT_MATCHING
        if not self._waiting:
            self._finished.set()

    def _fail(self, connection: Connection, kind: str) -> None:
        """The connection broke; where no request was out, nobody is harmed."""
        if not connection.waiting:
            self._pool.close(connection)
            return
        self.recording.errors[kind] += 1
        self._done(connection, closes=True)

    def _send_rest(self, connection: Connection, event: int) -> bool:
        """Send what did not fit before; says whether there is something to receive as well."""
        if event & EPOLLOUT and connection.unsent:
            try:
                self._pool.send_rest(connection)
            except ConnectionRefusedError:
                self._refused(connection)
                return False
            except OSError:
                self._fail(connection, "reset")
                return False
        return bool(event & ~EPOLLOUT)

    def _refused(self, connection: Connection) -> None:
        # Tried again with the next tick and not at once: nobody is there, and asking is a busy loop.
        self.recording.errors["connect"] += 1
        self._pool.close(connection)
        self._pool.opened -= 1
        connection.waiting = False
        self._waiting -= 1
        self._unconnected.append(connection)

    def _parse(self, connection: Connection, data: bytes) -> bool:
        """Read a piece that is not as the template has it; says whether it completed a right response."""
        template = self._pool.template
        if data and not connection.waiting:
            self.recording.errors["malformed"] += 1  # nobody asked
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
            template.learn(parser)
            return True
        self.recording.errors[error] += 1
        self._done(connection, closes=parser.error is not None or parser.closes)
        return False

    def _start_parser(self, connection: Connection) -> ResponseParser:
        """A parser for the rest of the connection's answer, which has read what equalled the template."""
        parser = connection.parser = ResponseParser(self._pool.template.method)
        if connection.offset:
            parser.feed(connection.matched[: connection.offset])
        connection.offset = NOT_MATCHING
        return parser

    def _pass_milestones(self, now_ns: int) -> int:
        """Begin or end the counted window where its time has come; returns the next time to look."""
        while now_ns >= self._milestones[0]:
            del self._milestones[0]
            self.recording.mark([connection.answered for connection in self._pool.connections])
        self._sending = len(self._milestones) > 1
        return self._milestones[0]

    def _tick(self) -> None:
        """See to what no answer would bring up: the end of the window, lost requests, lost connections."""
        now_ns = perf_counter_ns()
        self._pass_milestones(now_ns)
        if now_ns >= self._next_timeout_scan_ns:
            self._next_timeout_scan_ns = now_ns + self._timeout_ns // 20
            for connection in self._pool.connections:
                if connection.waiting and now_ns - connection.sent_ns > self._timeout_ns:
                    self._fail(connection, "timeout")
        if self._sending:
            unconnected, self._unconnected = self._unconnected, []
            for connection in unconnected:
                self._ask(connection)
        elif not self._waiting:
            self._finished.set()
