"""Stock Locust as its documentation has it: users that ask for `/` again and again, without a pause.

The responses after `BENCH_RAMP_S` are counted for `BENCH_COUNTED_S` and printed as a line of JSON. Locust
looks at the status of a response, not at its body.
"""

import json
import os
import time
from typing import Any

import gevent
from locust import FastHttpUser, HttpUser, events, task
from locust.env import Environment


class Fast(FastHttpUser):
    """A user on geventhttpclient."""

    @task
    def ask(self) -> None:
        """Send one request and wait for its answer."""
        self.client.get("/")


class Plain(HttpUser):
    """A user on requests."""

    @task
    def ask(self) -> None:
        """Send one request and wait for its answer."""
        self.client.get("/")


def _count_once_all_are_there(environment: Environment, **_: Any) -> None:
    def start_counting(**_: Any) -> None:
        gevent.spawn(_count, environment)

    spawning_complete: Any = environment.events.spawning_complete  # Locust gives its hooks no types
    spawning_complete.add_listener(start_counting)


def _count(environment: Environment) -> None:
    total, runner = environment.stats.total, environment.runner
    gevent.sleep(float(os.environ["BENCH_RAMP_S"]))
    begin, before = time.perf_counter(), total.num_requests
    gevent.sleep(float(os.environ["BENCH_COUNTED_S"]))
    requests, seconds = total.num_requests - before, time.perf_counter() - begin
    print(json.dumps({"requests": requests, "seconds": seconds, "errors": total.num_failures}), flush=True)
    if runner is not None:
        runner.quit()


_init: Any = events.init
_init.add_listener(_count_once_all_are_there)
