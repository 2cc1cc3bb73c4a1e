"""Does the generator's memory grow with the load? Ten million requests in one order, against nginx.

Claim: the generator's resident memory is at no time of the order more than 20 MB above what it was before, in
a closed loop and polling as in a run. The system keeps the highest value; it is set back before the order.
"""

import argparse
from dataclasses import dataclass

from bench.units import format_bytes, format_rate
from benchmarks.findings import Bar, Finding, Findings, table
from benchmarks.memory import generator_processes, highest_bytes, resident_bytes, set_highest_back
from benchmarks.nginx_target import nginx_targets
from benchmarks.our_generator import OurGenerator, order_for, our_generator
from benchmarks.program import command_line, run, say
from benchmarks.stage import Stage
from benchmarks.tools import version_of

NAME = "endurance"
TARGET = "keeping"
WARM_UP_S = 2.0
ALLOWANCE = 1.1  # the rate is not always that of the warm-up
GROWTH = Bar("below 20 MB", highest=20e6)


@dataclass(frozen=True)
class Memory:
    """Resident memory before the order, after it, and the highest while it was carried out, in bytes."""

    before: int
    highest: int
    after: int


def measure(stage: Stage, options: argparse.Namespace) -> Findings:
    """Learn the rate, then order as many seconds as the requests will take."""
    nginx = stage.open.enter_context(nginx_targets(stage))
    ours = stage.open.enter_context(our_generator(stage, {TARGET: nginx.keeping}))
    rate = ours.goodput(TARGET, options.connections, WARM_UP_S)
    seconds = options.requests / rate * ALLOWANCE
    say(f"{seconds:.0f} s at about {format_rate(rate)} requests/s")
    requests, memory = endure(ours, options.connections, seconds)
    at_least = Bar(f"at least {options.requests:,}", lowest=options.requests)
    growth = memory.highest - memory.before
    findings = [
        Finding("verified responses in one order", requests, f"{requests:,}", bar=at_least),
        Finding("growth of the generator's memory", growth, format_bytes(growth), bar=GROWTH),
    ]
    return Findings(NAME, taken(options), findings, (sizes_of(memory),), {"resident_bytes": vars(memory)})


def endure(ours: OurGenerator, connections: int, seconds: float) -> tuple[int, Memory]:
    """One order; returns the responses, and the generator's memory."""
    processes = generator_processes()
    set_highest_back(processes)
    before = resident_bytes(processes)
    outcome = ours.turn(order_for(TARGET, connections, seconds))
    return outcome.requests, Memory(before, highest_bytes(processes), resident_bytes(processes))


def sizes_of(memory: Memory) -> str:
    """The generator's memory in absolute terms."""
    rows = [(name, format_bytes(size)) for name, size in vars(memory).items()]
    return table(("the generator's resident memory", "size"), rows)


def taken(options: argparse.Namespace) -> str:
    """How it was done, in a sentence."""
    return f"One order, {options.connections} connections, polling; nginx {version_of('nginx')}."


def main() -> None:
    """Run from the command line."""
    parser = command_line(NAME, __doc__)
    parser.add_argument(
        "--requests", type=int, default=10_000_000, metavar="N", help="at least; default 10 million"
    )
    parser.add_argument("--connections", type=int, default=32, metavar="N", help="default 32")
    run(parser, measure)


if __name__ == "__main__":
    main()
