"""Several generator processes on one machine: Locust's master hands a slice to its workers and adds up.

Locust's own messages spawn the users in the workers and carry their statistics; ours carry targets, slice
orders and outcomes beside them. All workers begin at the same time on a clock that is the same for all
processes, and each is given its part of the arrivals of an open loop.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.fileobject import FileObject
from gevent.subprocess import PIPE, Popen
from locust import runners
from locust.env import Environment
from locust.rpc import Message
from locust.runners import MasterRunner, WorkerRunner

from bench.load.arrivals import Part
from bench.load.generator import SliceGenerator, SliceUser
from bench.load.merging import merged
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target

HOST = "127.0.0.1"
BEGIN_AFTER_NS = 20_000_000  # until then the order has reached every worker
START_TIMEOUT_S = 30.0
PATIENCE_S = 10.0
WORKER_ENDED = "one of the generator's workers has ended"

# Its runners tell by the wall clock whether the master is alive and which of two orders to spawn is newer.
# All of ours run on one machine, and the wall clock may be set while they do.
vars(runners)["time"] = SimpleNamespace(time=time.monotonic)


class DistributedGenerator:
    """Generates slices of load in several processes, each bound to one of the cores this one may use."""

    def __init__(self, command: Sequence[str], processes: int) -> None:
        # It warns of spawning all users at once, which is intended.
        logging.getLogger("locust.runners").setLevel(logging.ERROR)
        self._environment = Environment(user_classes=[SliceUser], catch_exceptions=False)
        self._runner: MasterRunner = self._environment.create_master_runner(HOST, 0)
        self._answers: dict[str, AsyncResult[Any]] = {}
        self._runner.register_message("bench answer", self._on_answer)
        # Locust counts a worker as soon as it has connected, which is before it knows our messages.
        self._ready = set[str]()
        self._runner.register_message("bench ready", self._on_ready)
        port = self._runner.server.port
        # A worker's input is a pipe that ends with this process, however that ends; so does the worker.
        self._workers = [
            Popen((*command, "--worker", str(port), str(index)), stdin=PIPE) for index in range(processes)
        ]
        for worker in self._workers:
            gevent.spawn(self._wait_for_end, worker)
        self._wait_for(lambda: len(self._ready) == processes, START_TIMEOUT_S)

    def set_targets(self, targets: dict[str, Target]) -> None:
        """Forget the targets there were, closing their connections, and take these."""
        messages = {key: target.to_message() for key, target in targets.items()}
        self._ask(self._connected(), "targets", messages, PATIENCE_S)

    def run_slice(self, order: SliceOrder) -> SliceOutcome:
        """One slice on one target, begun by all at once; returns when its last answer has come."""
        self._have_users(order.connections)
        longest_s = (order.ramp_ns + order.counted_ns + 2 * order.response_timeout_ns) / 1e9
        content = {"order": order.to_message(), "begin_ns": perf_counter_ns() + BEGIN_AFTER_NS}
        # A worker without a connection could not send its part of the arrivals.
        workers = self._connected()[: order.connections]
        outcomes = self._ask(workers, "slice", content, longest_s + PATIENCE_S)
        return merged([SliceOutcome.from_message(outcome) for outcome in outcomes])

    def statistics(self) -> dict[str, int]:
        """What Locust has counted since the start, in all processes: requests in all, and failures."""
        total = self._environment.stats.total
        return {"requests": total.num_requests, "failures": total.num_failures}

    def quit(self) -> None:
        """Have the workers stop their users and end."""
        for worker in self._workers:
            if worker.stdin is not None:
                worker.stdin.close()
        for worker in self._workers:
            worker.wait()

    def break_off(self) -> None:
        """Let the slice that is under way, if any, end now."""
        self._runner.send_message("bench break off")

    def _have_users(self, connections: int) -> None:
        """A user for each connection, equally many in each worker; spawning is slow, so none is stopped."""
        workers = len(self._workers)
        count = -(-connections // workers) * workers
        if count > self._runner.target_user_count:
            self._runner.start(count, spawn_rate=count)
            self._wait_for(lambda: self._runner.user_count == count, PATIENCE_S)

    def _connected(self) -> list[str]:
        """The names of the workers, in order. Raises RuntimeError where one of them is gone."""
        self._check_workers()
        names = sorted(client.id for client in self._runner.clients.all)
        if len(names) != len(self._workers):
            raise RuntimeError(f"{len(self._workers) - len(names)} of the generator's workers do not answer")
        return names

    def _ask(
        self, workers: Sequence[str], order: str, content: dict[str, Any], timeout_s: float
    ) -> list[Any]:
        """What each of these workers answers. Raises RuntimeError where one cannot."""
        self._answers = {worker: AsyncResult() for worker in workers}
        for index, worker in enumerate(workers):
            part = {"index": index, "of": len(workers)}
            self._runner.send_message("bench order", {order: content, "part": part}, worker)
        return [self._answers[worker].get(timeout=timeout_s) for worker in workers]

    def _on_ready(self, msg: Message, **_: Any) -> None:
        self._ready.add(msg.node_id)

    def _on_answer(self, msg: Message, **_: Any) -> None:
        if "defect" in msg.data:
            self._answers[msg.node_id].set_exception(RuntimeError(msg.data["defect"]))
        else:
            self._answers[msg.node_id].set(msg.data["answer"])

    def _wait_for_end(self, worker: "Popen[bytes]") -> None:
        """Once a worker has ended, in whatever way, nobody is to wait for its answer."""
        worker.wait()
        for answer in self._answers.values():
            if not answer.ready():
                answer.set_exception(RuntimeError(WORKER_ENDED))

    def _check_workers(self) -> None:
        if any(worker.poll() is not None for worker in self._workers):
            raise RuntimeError(WORKER_ENDED)

    def _wait_for(self, condition: Callable[[], bool], timeout_s: float) -> None:
        with gevent.Timeout(timeout_s):
            while not condition():
                self._check_workers()
                gevent.sleep(0.002)


class Worker:
    """One of several generator processes: does what the master's messages say."""

    def __init__(self, port: int) -> None:
        self._input = gevent.spawn(_end_with_the_input)
        self._environment = Environment(user_classes=[SliceUser], catch_exceptions=False)
        self._runner: WorkerRunner = self._environment.create_worker_runner(HOST, port)
        self._slices = SliceGenerator(self._environment)
        self._runner.register_message("bench order", self._on_order, concurrent=True)
        self._runner.register_message("bench break off", self._on_break_off)
        self._runner.send_message("bench ready")

    def serve(self) -> None:
        """Work until the input ends."""
        self._input.join()

    def _on_order(self, msg: Message, **_: Any) -> None:
        try:
            answer = {"answer": self._obey(msg.data)}
        except Exception as defect:
            answer = {"defect": f"{type(defect).__name__}: {defect}"}
        self._runner.send_message("bench answer", answer)

    def _on_break_off(self, **_: Any) -> None:
        self._slices.break_off()

    def _obey(self, content: dict[str, Any]) -> Any:
        if "targets" in content:
            self._slices.set_targets(
                {key: Target.from_message(target) for key, target in content["targets"].items()}
            )
            return None
        order = SliceOrder.from_message(content["slice"]["order"])
        outcome = self._slices.run(order, content["slice"]["begin_ns"], Part(**content["part"]))
        self._report_statistics()
        return outcome.to_message()

    def _report_statistics(self) -> None:
        """Send Locust's statistics before the outcome, so that the master never knows less than we say."""
        data: dict[str, Any] = {}
        event: Any = self._environment.events.report_to_master  # Locust has no annotations for its events
        event.fire(client_id=self._runner.client_id, data=data)
        self._runner.send_message("stats", data)


def _end_with_the_input() -> None:
    """End this process once the one that started it has closed the input, or has ended.

    Whatever else is going on: Locust tries for minutes to reach a master that has ended meanwhile.
    """
    FileObject(sys.stdin.fileno(), "rb", close=False).read()
    os._exit(0)
