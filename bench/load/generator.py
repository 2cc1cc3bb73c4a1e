"""The generator: Locust's runner with our users, and slices of load on one target after the other."""

import gevent
from locust.env import Environment

from bench.load import locust_statistics
from bench.load.arrivals import WHOLE, Constant, Part, Poisson
from bench.load.closed_loop import ClosedLoop
from bench.load.connection import Pool
from bench.load.load_loop import Course, LoadLoop
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.open_loop import OpenLoop
from bench.load.target import Target
from bench.load.user import ConnectionUser


class SliceUser(ConnectionUser):
    """The user Locust spawns here, one for each connection of the slice."""


class Generator:
    """Generates slices of load on known targets, with the connections Locust's runner provides."""

    def __init__(self) -> None:
        self._environment = Environment(user_classes=[SliceUser], catch_exceptions=False)
        self._runner = self._environment.create_local_runner()
        self._slices = SliceGenerator(self._environment)

    def set_targets(self, targets: dict[str, Target]) -> None:
        """Forget the targets there were, closing their connections, and take these."""
        self._slices.set_targets(targets)

    def run_slice(self, order: SliceOrder) -> SliceOutcome:
        """One slice on one target; returns when its last answer has come."""
        self._have_users(order.connections)
        return self._slices.run(order)

    def break_off(self) -> None:
        """Let the slice that is under way, if any, end now."""
        self._slices.break_off()

    def statistics(self) -> dict[str, int]:
        """What Locust has counted since the start: requests in all, and failures among them."""
        total = self._environment.stats.total
        return {"requests": total.num_requests, "failures": total.num_failures}

    def quit(self) -> None:
        """Stop the users, close every connection."""
        self._runner.quit()
        self.set_targets({})

    def _have_users(self, count: int) -> None:
        if len(SliceUser.crew) == count:
            return
        # Locust stops users at the spawn rate, too.
        self._runner.start(count, spawn_rate=max(count, len(SliceUser.crew)))
        while len(SliceUser.crew) != count:
            gevent.sleep(0.001)


class SliceGenerator:
    """What one process contributes to slices: as many connections as Locust has spawned users in it."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._pools: dict[str, Pool] = {}
        self._loop: LoadLoop | None = None

    def set_targets(self, targets: dict[str, Target]) -> None:
        """Forget the targets there were, closing their connections, and take these."""
        for pool in self._pools.values():
            pool.close_all()
        self._pools = {key: Pool(target) for key, target in targets.items()}

    def break_off(self) -> None:
        """Let the slice that is under way, if any, end now."""
        if self._loop is not None:
            self._loop.break_off()

    def run(self, order: SliceOrder, begin_ns: int | None = None, part: Part = WHOLE) -> SliceOutcome:
        """One slice, or a part of one that begins at the same time in all processes."""
        pool = self._pools[order.target]
        pool.resize(_share(order.connections, part))
        course = Course(
            ramp_ns=order.ramp_ns,
            counted_ns=order.counted_ns,
            response_timeout_ns=order.response_timeout_ns,
            polls=order.polls,
            seed=order.seed * part.of + part.index,  # that no two processes draw the same requests
            begin_ns=begin_ns,
        )
        loop = self._loop = _loop(pool, course, order, part)
        outcome = loop.run()
        self._loop = None
        locust_statistics.record(self._environment.stats, pool.target, loop.recording)
        return outcome


def _share(connections: int, part: Part) -> int:
    """How many of the connections are this process's; each stands for a user that Locust spawned in it."""
    share = len(range(part.index, connections, part.of))
    if share > len(SliceUser.crew):
        raise RuntimeError(f"{share} connections, but only {len(SliceUser.crew)} users")
    return share


def _loop(pool: Pool, course: Course, order: SliceOrder, part: Part) -> LoadLoop:
    if order.rate_per_s is None:
        return ClosedLoop(pool, course)
    if order.poisson:
        return OpenLoop(pool, course, Poisson(order.rate_per_s, order.seed, part))
    return OpenLoop(pool, course, Constant(order.rate_per_s, part))
