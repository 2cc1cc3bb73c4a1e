"""The generator: Locust's runner with our users, and slices of load on one target after the other."""

import gevent
from locust.env import Environment

from bench.load import locust_statistics
from bench.load.closed_loop import ClosedLoop
from bench.load.connection import Pool
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.load.user import ConnectionUser


class SliceUser(ConnectionUser):
    """The user Locust spawns here, one for each connection of the slice."""


class Generator:
    """Generates slices of load on known targets, with the connections Locust's runner provides."""

    def __init__(self) -> None:
        self._environment = Environment(user_classes=[SliceUser], catch_exceptions=False)
        self._runner = self._environment.create_local_runner()
        self._pools: dict[str, Pool] = {}

    def set_targets(self, targets: dict[str, Target]) -> None:
        """Forget the targets there were, closing their connections, and take these."""
        for pool in self._pools.values():
            pool.close_all()
        self._pools = {key: Pool(target) for key, target in targets.items()}

    def run_slice(self, order: SliceOrder) -> SliceOutcome:
        """One slice on one target; returns when its last answer has come."""
        self._have_users(order.connections)
        pool = self._pools[order.target]
        pool.resize(len(SliceUser.crew))
        loop = ClosedLoop(
            pool,
            ramp_ns=order.ramp_ns,
            counted_ns=order.counted_ns,
            response_timeout_ns=order.response_timeout_ns,
            polls=order.polls,
        )
        outcome = loop.run()
        locust_statistics.record(
            self._environment.stats, pool.target, loop.recording.all_ns, loop.recording.errors
        )
        return outcome

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
