"""Steps of the rate of arrivals, whose times are logged."""

import logging
import time
from collections.abc import Iterator

from locust import LoadTestShape

from bench.load import ConnectionUser


class Arriving(ConnectionUser):
    requests = ("/fox",)
    rate_per_s = 50


class Rates(LoadTestShape):
    _users: Iterator[int] = iter([1, 20, 1])

    def tick(self) -> tuple[int, float] | None:
        logging.getLogger(__name__).info("tick %s", time.perf_counter())
        users = next(self._users, None)
        return None if users is None else (users, 100)
