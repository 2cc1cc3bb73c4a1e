"""Closed loop: every connection sends its next request as soon as the answer to the last one is verified."""

from time import perf_counter_ns

from bench.load.connection import EPOLLIN, Connection, Pool
from bench.load.load_loop import NEVER_NS, SPELL_NS, Course, LoadLoop, kind_of

TURNS, ANSWERS = 64, 2_048  # at most, before Locust's greenlets have their turn


class ClosedLoop(LoadLoop):
    """A slice in which as many requests are out as there are connections. Its durations are service times.

    A request belongs to the counted window when it was sent within it, whenever its answer comes: else no
    answer that takes longer than a slice would ever be counted, and the tail end with the slice. Until those
    answers have come, requests go on that are not counted, for as long again as the window at most: else the
    last ones would come from a server that has less and less to do.
    """

    def __init__(self, pool: Pool, course: Course) -> None:
        super().__init__(pool, course)
        pool.record_into(self.recording.counted)
        draws = pool.draws(course.seed)
        self._draw = None if draws is None else draws.__next__
        self._unconnected: list[Connection] = []
        self._awaited: set[Connection] | None = None

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
        for connection in self._pool.connections:
            self._free(connection)

    def _cease(self) -> None:
        self.recording.per_connection = [one.answered for one in self._pool.connections]

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
        begin_ns, end_ns = self._window_ns
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
                sent_ns = connection.sent_ns
                if begin_ns <= sent_ns < end_ns:
                    exchange.record(now - sent_ns)
                    connection.answered += 1
                else:
                    self.recording.uncounted[exchange.index].raw.append(now - sent_ns)
                if now >= end_ns and not self._ending:
                    self._go_on_for_others_than(connection, now)
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

    def _go_on_for_others_than(self, answered: Connection, now_ns: int) -> None:
        """Behind the window: end the load when the last answer that is counted has come, or in good time."""
        if self._awaited is None:
            self._awaited = self._out_and_counted()
        self._awaited.discard(answered)
        if not self._awaited or now_ns >= self._load_ends_by_ns:
            self.end()

    def _out_and_counted(self) -> set[Connection]:
        """The connections on which a request is out that was sent in the window."""
        begin_ns, end_ns = self._window_ns
        return {one for one in self._pool.connections if one.waiting and begin_ns <= one.sent_ns < end_ns}

    @property
    def _load_ends_by_ns(self) -> int:
        is_broken_off = self._give_up_at_ns < NEVER_NS
        return self._window_ns[1] + (0 if is_broken_off else self._course.counted_ns)

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

    def _pass_time(self, now_ns: int) -> None:
        if not self._ending and now_ns >= self._window_ns[1]:
            self._awaited = self._out_and_counted()  # also without those that failed
            if not self._awaited or now_ns >= self._load_ends_by_ns:
                self.end()
        if not self._ending:
            unconnected, self._unconnected = self._unconnected, []
            for connection in unconnected:
                if connection.goes_on:
                    self._free(connection)
