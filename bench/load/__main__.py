"""The generator's process: orders come in on standard input, outcomes go out on standard output.

One JSON object a line each way: `{"targets": {key: target}}`, `{"slice": order}`, `{"locustfile": order}` or
`{"statistics": {}}`, with the dictionaries that `Target`, `SliceOrder` and `LocustfileOrder` write; each is
answered by one line, `{"refused": reason}` where the user's locustfile cannot be used. `{"break off": {}}`
has no answer of its own: the slice that is under way ends and is answered. The process ends when its input
does.
"""

import argparse
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import gevent
from gevent.fileobject import FileObject
from gevent.queue import Queue

from bench.load.distributed import DistributedGenerator, Worker
from bench.load.generator import Generator
from bench.load.locustfile import LocustfileLoad, UnusableLocustfile
from bench.load.loopback import stay_on_loopback
from bench.load.messages import LocustfileOrder, SliceOrder
from bench.load.target import Target


class _Clerk:
    """Sees to it that each order is carried out by whoever can."""

    def __init__(self, generator: Generator | DistributedGenerator) -> None:
        self._generator = generator
        self._locustfiles: dict[str, LocustfileLoad] = {}

    def obey(self, message: dict[str, Any]) -> dict[str, Any]:
        ((order, content),) = message.items()
        if order == "targets":
            self._generator.set_targets({key: Target.from_message(target) for key, target in content.items()})
            return {}
        if order == "slice":
            return self._generator.run_slice(SliceOrder.from_message(content)).to_message()
        if order == "locustfile":
            return self._run_locustfile(LocustfileOrder.from_message(content))
        if order == "statistics":
            return self._generator.statistics()
        raise ValueError(f"unknown order {order!r}")

    def break_off(self) -> None:
        self._generator.break_off()

    def quit(self) -> None:
        self._generator.quit()
        for locustfile in self._locustfiles.values():
            locustfile.quit()

    def _run_locustfile(self, order: LocustfileOrder) -> dict[str, Any]:
        try:
            if order.locustfile not in self._locustfiles:
                self._locustfiles[order.locustfile] = LocustfileLoad(Path(order.locustfile))
            return self._locustfiles[order.locustfile].run_slice(order).to_message()
        except UnusableLocustfile as error:
            return {"refused": str(error)}


def main() -> None:
    """Obey orders until the input ends."""
    options = _parser().parse_args()
    stay_on_loopback(frozenset(options.allow))
    if options.worker is not None:
        _be_worker(*options.worker)
        return
    clerk = _Clerk(_generator(options))
    gc.freeze()
    # Whatever else is printed in this process, by a locustfile for one, is not an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    print(json.dumps({"ready": True}), file=answers)
    orders: Queue[dict[str, Any] | None] = Queue()
    gevent.spawn(_read_orders, orders, clerk)
    while (order := orders.get()) is not None:
        print(json.dumps(clerk.obey(order)), file=answers)
    clerk.quit()


def _read_orders(orders: "Queue[dict[str, Any] | None]", clerk: _Clerk) -> None:
    """Read on while an order is carried out: the next may be to break it off."""
    for line in FileObject(sys.stdin.fileno(), "r", close=False):
        order = json.loads(line)
        if "break off" in order:
            clerk.break_off()
        else:
            orders.put(order)
    orders.put(None)


def _generator(options: argparse.Namespace) -> Generator | DistributedGenerator:
    if options.processes == 1:
        return Generator()
    allowed = (argument for host in options.allow for argument in ("--allow", host))
    command = (sys.executable, "-P", "-m", "bench.load", *allowed)
    return DistributedGenerator(command, options.processes)


def _be_worker(port: int, index: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[index % len(cores)]})
    worker = Worker(port)
    gc.freeze()
    worker.serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="The load generator's process.")
    parser.add_argument("--processes", type=int, default=1, help="how many generate the load")
    parser.add_argument(
        "--allow", action="append", default=[], metavar="HOST", help="not on this machine, and still a target"
    )
    parser.add_argument(
        "--worker", type=int, nargs=2, metavar=("PORT", "INDEX"), help="be one of several, for this master"
    )
    return parser


if __name__ == "__main__":
    main()
