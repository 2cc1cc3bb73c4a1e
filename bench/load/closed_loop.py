"""Closed loop: every connection sends its next request as soon as the answer to the last one is verified."""

from time import perf_counter_ns

from bench.load.connection import EPOLLIN, Connection, Pool
from bench.load.load_loop import NEVER_NS, SPELL_NS, Course, LoadLoop, kind_of

TURNS, ANSWERS = 64, 2_048  # at most, before Locust's greenlets have their turn


class ClosedLoop(LoadLoop):
    """A slice in which as many requests are out as there are connections. Its durations are service times."""

    def __init__(self, pool: Pool, course: Course) -> None:
        super().__init__(pool, course)
        draws = pool.draws(course.seed)
        self._draw = None if draws is None else draws.__next__
        self._milestone_ns = NEVER_NS
        self._unconnected: list[Connection] = []

    def break_off(self) -> None:
        """Let the counted window end now, and wait a second at most for what is still out."""
        is_counting = self._milestone_ns == self._window_ns[1]
        super().break_off()
        self._milestone_ns = self._window_ns[is_counting]

    def have_connections(self, count: int) -> None:
        """Go on with so many connections: new ones send at once, others leave when their answer has come."""
        pool = self._pool
        while len(pool.connections) > count:
            connection = pool.connections.pop()
            connection.goes_on = False
            if not connection.waiting:
                pool.close(connection)
        known = len(pool.connections)
        pool.resize(count)
        for connection in pool.connections[known:]:
            self._free(connection)

    def _begin(self) -> None:
        self._milestone_ns = self._window_ns[0]
        for connection in self._pool.connections:
            self._free(connection)

    def _cease(self) -> None:
        """Nothing was set up."""

    def _free(self, connection: Connection) -> None:
        if self._draw is not None:
            connection.exchange = self._draw()
        if not self._ask(connection):
            self._unreached(connection)

    def _unreached(self, connection: Connection) -> None:
        # Tried again with the next tick and not at once: nobody is there, and asking is a busy loop.
        self._unconnected.append(connection)

    def _drain(self) -> None:  # noqa: C901, PLR0912  (one loop: a call costs as much as a comparison)
        pool, draw = self._pool, self._draw
        poll, by_descriptor, read_size = pool.epoll.poll, pool.by_descriptor, pool.read_size
        milestone = self._milestone_ns
        for _ in range(min(TURNS, 1 + ANSWERS // (1 + len(by_descriptor)))):
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
                except OSError as error:
                    self._fail(connection, kind_of(error, "reset"))
                    continue
                exchange = connection.exchange
                template = exchange.template
                if (data != template.data or connection.offset) and not self._read(connection, data):
                    continue
                now = perf_counter_ns()
                if now >= milestone:
                    milestone = self._pass_milestones(now)
                exchange.record(now - connection.sent_ns)
                connection.answered += 1
                if template.closes or not connection.goes_on:
                    self._done(connection, closes=template.closes)
                    continue
                if draw is not None:
                    exchange = connection.exchange = draw()
                connection.sent_ns = now
                request = exchange.data
                try:
                    sent = connection.send(request)
                except BlockingIOError:
                    sent = 0
                except OSError as error:
                    self._fail(connection, kind_of(error, "reset"))
                    continue
                if sent != len(request):
                    pool.keep_rest(connection, request[sent:])

    def _poll_for_a_spell(self) -> list[tuple[int, int]]:
        """What comes within a short spell of polling; nothing at once where we are to sleep."""
        if not self._course.polls:
            return []
        poll = self._pool.epoll.poll
        events: list[tuple[int, int]] = []
        begin_ns = now_ns = perf_counter_ns()
        while not events and now_ns < begin_ns + SPELL_NS:
            events = poll(0)
            now_ns = perf_counter_ns()
        self._idle_ns += now_ns - begin_ns
        return events

    def _pass_milestones(self, now_ns: int) -> int:
        """Begin or end the counted window where its time has come; returns the next time to look."""
        begin_ns, end_ns = self._window_ns
        if self._milestone_ns == begin_ns <= now_ns:
            self._milestone_ns = end_ns
            self._pool.record_into(self.recording.counted)
            for connection in self._pool.connections:
                connection.answered = 0
        if self._milestone_ns == end_ns <= now_ns:
            self._milestone_ns = NEVER_NS
            self._pool.record_into(self.recording.uncounted)
            self.recording.per_connection = [one.answered for one in self._pool.connections]
            self.end()
        return self._milestone_ns

    def _pass_time(self, now_ns: int) -> None:
        self._pass_milestones(now_ns)
        if not self._ending:
            unconnected, self._unconnected = self._unconnected, []
            for connection in unconnected:
                if connection.goes_on:
                    self._free(connection)
