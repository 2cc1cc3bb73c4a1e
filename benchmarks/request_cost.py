"""Where do a request's microseconds go? The steps of the closed loop's hot path, each by itself.

It claims nothing. The whole is the time from one response to the next, one connection's to another's, while
our generator runs its closed loop on its core against nginx on another. The steps are timed in this process,
on the same core, against the same nginx, on as many connections: all of them send, then there is a pause in
which all answers come, then one poll tells of them all, then all are received. Steps that need no connection
are timed in a loop, less what an empty loop costs. What is left of the whole are the other lines of Python,
the waiting for answers, and that nginx is busy at the same time, which it is not while polling and receiving
are timed.
"""

import argparse
import select
import socket
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns

from bench.load.target import Target
from bench.units import NS_PER_S, format_duration
from benchmarks.findings import Finding, Findings, table
from benchmarks.nginx_target import nginx_targets
from benchmarks.our_generator import our_generator
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of

NAME = "request_cost"
TARGET = "keeping"
PAUSE_S = 0.002
REPETITIONS = 20_000
READ_SIZE = 16_384
Steps = dict[str, float]  # nanoseconds a request


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """The whole, then the steps."""
    nginx = stage.open.enter_context(nginx_targets(stage))
    with our_generator(stage, {TARGET: nginx.keeping}) as ours:
        ours.goodput(TARGET, options.connections, 0.5)
        say("the whole")
        turns = [ours.goodput(TARGET, options.connections, options.seconds) for _ in range(options.rounds)]
    whole_ns = NS_PER_S / median(turns)
    say("the steps")
    steps = {**steps_of_the_kernel(nginx.keeping, options.connections, options.rounds), **steps_of_python()}
    whole = Finding("a request in the closed loop", whole_ns, format_duration(whole_ns))
    return Findings(NAME, taken(options), [whole], (table_of(steps, whole_ns),), {"steps_ns": steps})


def steps_of_the_kernel(target: Target, connections: int, rounds: int) -> Steps:
    """What polling, receiving and sending cost a request, where so many connections do it at once."""
    request = target.requests[0].data
    found: dict[str, list[float]] = {"epoll.poll, a share of one": [], "recv": [], "send": []}
    with _connected(target, connections) as sockets, select.epoll() as epoll:
        for one in sockets:
            epoll.register(one, select.EPOLLIN)
        for _ in range(100 * rounds):
            begin = perf_counter_ns()
            for one in sockets:
                one.send(request)
            sent = perf_counter_ns()
            time.sleep(PAUSE_S)
            polled_from = perf_counter_ns()
            events = epoll.poll(0)
            polled = perf_counter_ns()
            for one in sockets:
                one.recv(READ_SIZE)
            received = perf_counter_ns()
            if len(events) == connections:  # else nginx was not done in the pause
                spent = (polled - polled_from, received - polled, sent - begin)
                for step, duration_ns in zip(found.values(), spent, strict=True):
                    step.append(duration_ns / connections)
    return {name: median(durations) for name, durations in found.items()}


@contextmanager
def _connected(target: Target, connections: int) -> Iterator[list[socket.socket]]:
    sockets: list[socket.socket] = []
    try:
        for _ in range(connections):
            fresh = socket.create_connection((target.host, target.port))
            sockets.append(fresh)
            fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sockets
    finally:
        for one in sockets:
            one.close()


def steps_of_python() -> Steps:
    """What the steps cost that are Python alone."""
    answer = b"HTTP/1.1 200 OK" + bytes(140)
    same = bytes(bytearray(answer))  # equal, but another object, as what was received is
    connections = {descriptor: object() for descriptor in range(32)}
    durations = array("q")
    now = perf_counter_ns()
    steps: dict[str, Callable[[], object]] = {
        "looking up the connection": lambda: connections[17],
        "comparing the answer with the template": lambda: answer != same,
        "reading the clock": perf_counter_ns,
        "recording the duration": lambda: durations.append(now),
    }
    nothing_ns = _each_ns(lambda: None)
    return {
        name: max(0.0, _each_ns(step) - (0.0 if step is perf_counter_ns else nothing_ns))
        for name, step in steps.items()
    }


def _each_ns(step: Callable[[], object]) -> float:
    """The median of nine times what a call takes."""
    taken_ns = []
    for _ in range(9):
        begin = perf_counter_ns()
        for _ in range(REPETITIONS):
            step()
        taken_ns.append((perf_counter_ns() - begin) / REPETITIONS)
    return median(taken_ns)


def table_of(steps: Steps, whole_ns: float) -> str:
    """The steps, the dearest first, and the rest."""
    ordered = sorted(steps.items(), key=lambda step: -step[1])
    rest_ns = whole_ns - sum(steps.values())
    rows = [*ordered, ("the rest", rest_ns), ("the whole", whole_ns)]
    shown = [(name, f"{ns / 1000:.2f} us", f"{ns / whole_ns:.0%}") for name, ns in rows]
    return table(("step", "a request", "share"), shown)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return (
        f"{options.connections} connections; the whole is the median of {options.rounds} turns of "
        f"{options.seconds} s, a step the median of its own; nginx {version_of('nginx')}."
    )


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__, rounds=6)
    parser.add_argument("--seconds", type=int, default=2, metavar="S", help="counted in a turn; default 2")
    parser.add_argument("--connections", type=int, default=32, metavar="N", help="default 32")
    run(parser, measure)


if __name__ == "__main__":
    main()
