"""Open loop: requests are sent when they are due, whatever the server does, on whichever connection is free.

An arrival that finds every connection taken waits in line. The line takes no memory: it is the arrivals that
were due before now and have not been sent, and they are sent in their order.
"""

from collections import deque
from time import perf_counter_ns
from typing import Any

from gevent.hub import get_hub

from bench.load import sleeping
from bench.load.arrivals import Schedule
from bench.load.connection import EPOLLIN, NOT_MATCHING, Connection, Pool
from bench.load.load_loop import NEVER_NS, SPELL_NS, Course, LoadLoop, kind_of

LONGEST_SPELL_NS = 10 * SPELL_NS
HUB_ROUND_NS = 40_000  # about what a round of gevent's hub takes at most while nobody else has work
SLEEP_AT_MOST_NS = 2_000_000
WAKING_NS = 120_000  # what the kernel takes to wake a sleeper, at most a fifth of the time there is


class OpenLoop(LoadLoop):
    """A slice at a rate. Its durations are latencies: from when a request was due to its last byte.

    A request belongs to the counted window when it was due within it, whenever its answer comes.
    """

    is_open = True

    def __init__(self, pool: Pool, course: Course, schedule: Schedule) -> None:
        super().__init__(pool, course)
        pool.record_into(self.recording.counted)
        draws = pool.draws(course.seed)
        self._draw = None if draws is None else draws.__next__
        self._schedule = schedule
        self._idle = _Idle()
        self._due_ns = NEVER_NS
        self._all_taken_from_ns = NEVER_NS
        self._all_taken_until_ns = 0

    def _watcher(self) -> Any:
        # Called in every round of the hub, which another that only is when the hub has nothing else to do,
        # as a closed loop may see to, would not be; that other sees to it that the hub never sleeps.
        loop = get_hub().loop
        self._restless = loop.idle()
        return loop.check()

    def _begin(self) -> None:
        self._next_due_ns = self._schedule.begin(self._window_ns[0], self._course.ramp_ns).__next__
        self._due_ns = self._next_due_ns()
        for connection in self._pool.connections:
            self._idle.add(connection)
        self._restless.start(_nothing)

    def _cease(self) -> None:
        self.recording.per_connection = [one.answered for one in self._pool.connections]
        self._restless.stop()
        self._restless.close()

    def _free(self, connection: Connection) -> None:
        connection.offset = NOT_MATCHING
        if not self._idle:
            self._all_taken_until_ns = perf_counter_ns()
        self._idle.add(connection)

    def _unreached(self, connection: Connection) -> None:
        self._free(connection)

    def _drain(self) -> None:  # noqa: C901  (one loop: a call costs as much as a comparison)
        pool, idle = self._pool, self._idle
        poll, by_descriptor, read_size = pool.epoll.poll, pool.by_descriptor, pool.read_size
        spell_begin_ns = now = perf_counter_ns()
        spell_end_ns = spell_begin_ns + LONGEST_SPELL_NS
        while now < spell_end_ns and not self._finished.is_set():
            while now >= self._due_ns and idle and now < spell_end_ns:
                self._send_due(now)
                now = perf_counter_ns()
            events = poll(0)
            if not events:
                if now > spell_begin_ns + SPELL_NS and not (idle and self._due_ns < now + HUB_ROUND_NS):
                    return
                now = self._rest(now)
                if sleeping.is_shared():
                    return
                continue
            for descriptor, event in events:
                connection = by_descriptor[descriptor]
                if event != EPOLLIN and not self._send_rest(connection, event):
                    continue
                try:
                    data = connection.receive(read_size)
                except BlockingIOError:
                    continue
                except OSError as error:
                    self._fail(connection, kind_of(error, "reset"))
                    continue
                template = connection.exchange.template
                if (data != template.data or connection.offset) and not self._read(connection, data):
                    continue
                now = perf_counter_ns()
                self._record(connection, now)
                self._done(connection, closes=template.closes)
                if now >= self._due_ns and idle:
                    self._send_due(now)
            now = perf_counter_ns()

    def _rest(self, since_ns: int) -> int:
        """Nothing has come and nothing is due: look at the clock again, or sleep until something happens."""
        if not self._course.polls:
            # Within a callback of the hub this keeps Locust's greenlets waiting, hence not for long.
            left_ns = self._due_ns - since_ns if self._idle else SLEEP_AT_MOST_NS
            sleep_ns = min(left_ns - min(WAKING_NS, left_ns // 5), SLEEP_AT_MOST_NS)
            if sleep_ns > 0:
                sleeping.sleep(sleep_ns)
        now_ns = perf_counter_ns()
        self._idle_ns += now_ns - since_ns
        return now_ns

    def _send_due(self, now_ns: int) -> None:
        """Send the request that is due, unless it has waited in line beyond the end of the window."""
        due_ns, (begin_ns, end_ns) = self._due_ns, self._window_ns
        has_waited = self._has_waited(due_ns)
        if due_ns >= end_ns or (has_waited and now_ns >= end_ns):
            self._end_arrivals(now_ns)
            return
        connection = self._idle.take()
        if not self._idle:
            self._all_taken_from_ns = min(self._all_taken_from_ns, now_ns)
        if self._draw is not None:
            connection.exchange = self._draw()
        connection.due_ns = due_ns
        if due_ns >= begin_ns:
            if not self.recording.due:
                self.recording.behind_before = self._waiting
            self.recording.due += 1
            if has_waited:
                self.recording.waited += 1
            else:
                # What came too late for a free connection then waited for the server; that is not ours.
                self.recording.late.raw.append(min(now_ns, self._all_taken_from_ns) - due_ns)
        self._due_ns = self._next_due_ns()
        if not self._ask(connection):
            self._unreached(connection)

    def _has_waited(self, due_ns: int) -> bool:
        """Whether every connection was taken when this was due; what had one free then is only sent late."""
        if due_ns > self._all_taken_until_ns:
            self._all_taken_from_ns = NEVER_NS
            return False
        return due_ns >= self._all_taken_from_ns

    def _record(self, connection: Connection, now_ns: int) -> None:
        exchange, due_ns = connection.exchange, connection.due_ns
        if due_ns >= self._window_ns[0]:
            exchange.record(now_ns - due_ns)
            connection.answered += 1
        else:
            self.recording.uncounted[exchange.index].raw.append(now_ns - due_ns)

    def _pass_time(self, now_ns: int) -> None:
        """The window ends also where no connection becomes free any more, or the next arrival is far off."""
        end_ns = self._window_ns[1]
        if now_ns >= end_ns and not self._ending and not (self._idle and self._due_ns < end_ns):
            self._end_arrivals(now_ns)

    def reschedule(self, due_ns: int) -> None:
        """Send the next request at another time: the schedule has changed."""
        if not self._ending:
            self._due_ns = due_ns

    def end(self) -> None:
        """Send nothing more, and count those that wait in line."""
        self._end_arrivals(perf_counter_ns())

    def _end_arrivals(self, now_ns: int) -> None:
        """No more are sent; those that still wait in line are counted."""
        begin_ns, end_ns = self._window_ns
        due_ns, self._due_ns = self._due_ns, NEVER_NS
        unsent = 0
        while due_ns < min(end_ns, now_ns):
            unsent += due_ns >= begin_ns
            due_ns = self._next_due_ns()
        self.recording.behind_after = self._waiting + unsent
        self.recording.unsent += unsent
        self.recording.due += unsent
        self.recording.waited += unsent
        super().end()


class _Idle:
    """The connections that can take a request; empty where all are taken.

    They are taken in the order in which they became free, so that all are used alike. One that is not open
    is taken last: an open one that nobody needs occupies a worker of some servers.
    """

    def __init__(self) -> None:
        self._open = deque[Connection]()
        self._others: list[Connection] = []

    def __bool__(self) -> bool:
        return bool(self._open or self._others)

    def add(self, connection: Connection) -> None:
        if connection.is_open:
            self._open.append(connection)
        else:
            self._others.append(connection)

    def take(self) -> Connection:
        return self._open.popleft() if self._open else self._others.pop()


def _nothing() -> None:
    """Keeps gevent's hub from sleeping."""
