"""Our generator as a contestant: the process a run uses, asked for one slice a turn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.conductor.generator_process import GeneratorProcess
from bench.errors import GeneratorFailed
from bench.load.messages import SliceOrder, SliceOutcome
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
        self.forget_connections()
        settle()
        outcome = self.slice(key, connections, RAMP_NS, round(seconds * NS_PER_S), polls=polls)
        self.forget_connections()
        if outcome.errors:
            raise GeneratorFailed(f"our generator met errors on {key}: {outcome.errors}")
        return outcome.requests * NS_PER_S / outcome.counted_ns

    def slice(
        self, key: str, connections: int, ramp_ns: int, counted_ns: int, *, polls: bool = True
    ) -> SliceOutcome:
        """One slice as it is in a run; the connections stay open."""
        order = SliceOrder(key, connections, ramp_ns, counted_ns, RESPONSE_TIMEOUT_NS, polls)
        return self._process.slice(order)

    def forget_connections(self) -> None:
        """Close every connection: idle ones cost some servers time, which another's turn would pay."""
        self._process.set_targets(self._targets)


@contextmanager
def our_generator(stage: Stage, targets: Mapping[str, Target]) -> Iterator[OurGenerator]:
    """Start the generator on its core; stop it at the end."""
    process: GeneratorProcess | None = None
    try:
        with stage.interruption.held():
            process = GeneratorProcess(stage.machine.generator_cores, stage.folder / "generator.log")
        process.wait_until_ready()
        process.set_targets(targets)
        yield OurGenerator(process, targets)
    finally:
        if process is not None:
            process.stop()
