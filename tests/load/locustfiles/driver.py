"""A process that runs slices of locustfiles: orders in on standard input, outcomes out on standard output."""

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.load.locustfile import LocustfileLoad, UnusableLocustfile
from bench.load.loopback import stay_on_loopback
from bench.load.messages import LocustfileOrder

_loads: dict[str, LocustfileLoad] = {}


def _obey(message: dict[str, Any]) -> dict[str, Any]:
    ((order, content),) = message.items()
    if order == "guard":
        stay_on_loopback()
        return {}
    if order == "process":
        return {"collects": gc.isenabled(), "descriptors": len(list(Path("/proc/self/fd").iterdir()))}
    if order == "statistics":
        return _loads[content].statistics()
    try:
        return _slice(LocustfileOrder.from_message(content))
    except UnusableLocustfile as error:
        return {"refused": str(error)}


def _slice(order: LocustfileOrder) -> dict[str, Any]:
    path = order.locustfile
    if path not in _loads:
        _loads[path] = LocustfileLoad(Path(path))
    return _loads[path].run_slice(order).to_message()


def main() -> None:
    """Obey orders until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a locustfile prints is no answer
    for line in sys.stdin:
        print(json.dumps(_obey(json.loads(line))), file=answers)
    for load in _loads.values():
        load.quit()


if __name__ == "__main__":
    main()
