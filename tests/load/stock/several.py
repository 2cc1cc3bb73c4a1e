"""Several classes, each with a load of its own, one of them derived from another."""

import logging
from typing import Any

from locust import events

from bench.load import ConnectionUser

log = logging.getLogger(__name__)
test_stop: Any = events.test_stop


class Visitor(ConnectionUser):
    requests = ("/visitor",)
    weight = 3

    def on_start(self) -> None:
        log.info("%s starts", type(self).__name__)

    def on_stop(self) -> None:
        log.info("%s stops", type(self).__name__)


class Regular(Visitor):
    requests = ("/regular",)
    weight = 1


class Arriving(ConnectionUser):
    requests = ("/arriving",)
    rate_per_s = 50
    fixed_count = 2


def tell(environment: Any, **_: Any) -> None:
    log.info("known at the end: %d", environment.stats.total.num_requests)


test_stop.add_listener(tell)
