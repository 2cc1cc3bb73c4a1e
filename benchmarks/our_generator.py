"""Our generator as a contestant: the process a run uses, asked for one slice a turn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bench.conductor.generator_process import GeneratorProcess
from bench.errors import GeneratorFailed
from bench.load.messages import Arrivals, SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.units import NS_PER_MS, NS_PER_S
from benchmarks.stage import Stage, settle

RAMP_NS = 100 * NS_PER_MS
RESPONSE_TIMEOUT_NS = 10 * NS_PER_S


class OurGenerator:
    """The running generator and what it may ask, by key."""

    def __init__(self, process: GeneratorProcess, targets: Mapping[str, Target]) -> None:
        self._process = process
        self._targets = targets

    def goodput(self, key: str, connections: int, seconds: float, *, polls: bool = True) -> float:
        """Verified responses a second over so many counted seconds, on fresh connections.

        It polls as in a run, or sleeps between answers as other generators do. Raises GeneratorFailed where
        an answer was wrong.
        """
        order = replace(order_for(key, connections, seconds), polls=polls)
        outcome = self.turn(order)
        return outcome.requests * NS_PER_S / outcome.counted_ns

    def turn(self, order: SliceOrder) -> SliceOutcome:
        """One slice on fresh connections. Raises GeneratorFailed where an answer was wrong."""
        self.forget_connections()
        settle()
        outcome = self._process.slice(order)
        self.forget_connections()
        if outcome.errors:
            raise GeneratorFailed(f"our generator met errors on {order.target}: {outcome.errors}")
        return outcome

    def slice(self, key: str, connections: int, ramp_ns: int, counted_ns: int) -> SliceOutcome:
        """One slice as it is in a run; the connections stay open."""
        return self._process.slice(
            SliceOrder(key, connections, ramp_ns, counted_ns, RESPONSE_TIMEOUT_NS, polls=True)
        )

    def forget_connections(self) -> None:
        """Close every connection: idle ones cost some servers time, which another's turn would pay."""
        self._process.set_targets(self._targets)

    def locust_requests(self) -> int:
        """How many requests Locust's own statistics have counted since the start."""
        return int(self._process.statistics()["requests"])


def order_for(
    key: str, connections: int, seconds: float, rate_per_s: float | None = None, *, poisson: bool = False
) -> SliceOrder:
    """A slice as it is in a run, after a ramp of 0.1 s; closed loop where no rate is given."""
    return SliceOrder(
        target=key,
        connections=connections,
        ramp_ns=RAMP_NS,
        counted_ns=round(seconds * NS_PER_S),
        response_timeout_ns=RESPONSE_TIMEOUT_NS,
        polls=True,
        rate_per_s=rate_per_s,
        poisson=poisson,
    )


def open_arrivals(outcome: SliceOutcome) -> Arrivals:
    """The arrivals of an open loop's slice. Raises GeneratorFailed where it tells of none."""
    if outcome.arrivals is None:
        raise GeneratorFailed("our generator tells nothing of the arrivals in an open loop")
    return outcome.arrivals


@contextmanager
def our_generator(
    stage: Stage, targets: Mapping[str, Target], *, processes: int = 1
) -> Iterator[OurGenerator]:
    """Start the generator on its core; stop it at the end."""
    process: GeneratorProcess | None = None
    try:
        with stage.interruption.held():
            process = GeneratorProcess(
                stage.machine.generator_cores, stage.folder / "generator.log", processes=processes
            )
        process.wait_until_ready()
        process.set_targets(targets)
        yield OurGenerator(process, targets)
    finally:
        if process is not None:
            process.stop()
