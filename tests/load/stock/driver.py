"""Reads Python from standard input, and says in JSON what each of its users asks, or why it cannot.

In a process of its own, as Locust patches the standard library.
"""

import json
import sys
from typing import Any

from locust import LoadTestShape

from bench.load import ConnectionUser
from bench.load.target import Target
from bench.load.user import target_of


def main() -> None:
    """Run what is read, then look at every user class that has requests."""
    names: dict[str, Any] = {"__name__": "locustfile"}
    exec(compile(sys.stdin.read(), "locustfile", "exec"), names)
    kinds = [one for one in names.values() if isinstance(one, type)]
    shapes = [one() for one in kinds if issubclass(one, LoadTestShape) and one is not LoadTestShape]
    users = [one for one in kinds if issubclass(one, ConnectionUser) and one.requests]
    said = {"users": {one.__name__: _said_of(one) for one in users}, "ticks": [one.tick() for one in shapes]}
    json.dump(said, sys.stdout)


def _said_of(kind: type[ConnectionUser]) -> dict[str, Any] | str:
    try:
        target: Target = target_of(kind, kind.host)
    except (OSError, ValueError) as error:
        return f"{kind.__name__} cannot send: {error}"
    return target.to_message()


if __name__ == "__main__":
    main()
