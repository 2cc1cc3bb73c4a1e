"""Load on one target that somebody else runs: one slice, as long as it shall be."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.conductor.descriptors import allow_connections
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.temporary_folder import temporary_folder
from bench.conductor.single_load.address import Address, is_loopback
from bench.conductor.single_load.first_answer import Found
from bench.errors import Interrupted
from bench.load.messages import SliceOrder, SliceOutcome
from bench.load.target import Target
from bench.results.model import LoadLevel

_KEY = "target"


@dataclass(frozen=True)
class LoadOrder:
    """How a single target is loaded. Durations in nanoseconds.

    `polls` None leaves it to the machine: it is done where each generator process has a core of its own and
    another core is left for the target.
    """

    level: LoadLevel
    ramp_ns: int
    counted_ns: int
    timeout_ns: int
    processes: int
    polls: bool | None
    seed: int


@dataclass(frozen=True)
class SingleLoad:
    """A load as it went. `polls` is what was done, `counted_from` when the counted window began.

    `wrong_at_first` says what was wrong with the answers before the load, where none was right. One that was
    `interrupted` has the outcome until then.
    """

    url: str
    method: str
    order: LoadOrder
    polls: bool
    cores: tuple[int, ...]
    counted_from: datetime
    wrong_at_first: str | None
    outcome: SliceOutcome
    interrupted: bool

    @property
    def error_count(self) -> int:
        """Errors of all kinds, over the whole slice."""
        return sum(self.outcome.errors.values())

    @property
    def generator_busy(self) -> float:
        """The share of the slice in which the generator had something to do."""
        wall_ns = self.outcome.generator_wall_ns
        return self.outcome.generator_busy_ns / wall_ns if wall_ns else 0.0


def generator_cores(processes: int) -> tuple[int, ...]:
    """The cores of so many generator processes: the last ones that this process may use, at most all."""
    return tuple(sorted(os.sched_getaffinity(0))[-processes:])


def generate_load(
    found: Found, address: Address, order: LoadOrder, while_loading: AbstractContextManager[object]
) -> SingleLoad:
    """Put the load on the target. `while_loading` is entered for the slice itself.

    Ctrl-C or SIGTERM ends the counted window at once. Raises Interrupted where it had not begun yet,
    GeneratorFailed, and InputError where there are too few file descriptors for the connections.
    """
    allow_connections(order.level.connections)
    cores = generator_cores(order.processes)
    polls = order.processes < len(os.sched_getaffinity(0)) if order.polls is None else order.polls
    with Interruption() as interruption, temporary_folder(interruption) as folder:
        generator = None
        try:
            try:
                with interruption.held():
                    generator = _started(found.target, cores, order.processes, folder)
                generator.wait_until_ready()
                generator.set_targets({_KEY: found.target})
                with while_loading:
                    counted_from = datetime.now(UTC) + timedelta(microseconds=order.ramp_ns / 1000)
                    outcome = _outcome(generator, _slice_order(order, polls), interruption)
            finally:
                interruption.shield()
        except KeyboardInterrupt:
            raise Interrupted("interrupted; the load has ended, and nothing was measured") from None
        finally:
            if generator is not None:
                generator.stop()
    if interruption.came and not outcome.counted_ns:
        raise Interrupted("interrupted; the load has ended, and nothing was measured")
    return SingleLoad(
        url=address.url,
        method=found.target.requests[0].method,
        order=order,
        polls=polls,
        cores=cores,
        counted_from=counted_from,
        wrong_at_first=found.wrong,
        outcome=outcome,
        interrupted=interruption.came,
    )


def _outcome(generator: GeneratorProcess, order: SliceOrder, interruption: Interruption) -> SliceOutcome:
    try:
        return generator.slice(order)
    except KeyboardInterrupt:
        interruption.shield()
        return generator.break_off()


def _started(target: Target, cores: tuple[int, ...], processes: int, folder: Path) -> GeneratorProcess:
    allowed = () if is_loopback(target.host) else (target.host,)
    return GeneratorProcess(cores, folder / "generator.log", processes=processes, allowed_hosts=allowed)


def _slice_order(order: LoadOrder, polls: bool) -> SliceOrder:
    return SliceOrder(
        target=_KEY,
        connections=order.level.connections,
        ramp_ns=order.ramp_ns,
        counted_ns=order.counted_ns,
        response_timeout_ns=order.timeout_ns,
        polls=polls,
        rate_per_s=order.level.rate_per_s,
        poisson=order.level.poisson,
        seed=order.seed,
    )
