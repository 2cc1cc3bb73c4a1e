"""Steps of connections, each for a second."""

from collections.abc import Iterator

from locust import LoadTestShape

from bench.load import ConnectionUser


class Visitor(ConnectionUser):
    requests = ("/fox",)


class Steps(LoadTestShape):
    _users: Iterator[int] = iter([1, 5, 2])

    def tick(self) -> tuple[int, float] | None:
        users = next(self._users, None)
        return None if users is None else (users, 100)
