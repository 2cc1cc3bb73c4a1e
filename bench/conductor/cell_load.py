"""Load on the cells of a run: each slice ordered from the generator, and all responses counted."""

from pathlib import Path

from bench.conductor.ceiling import CEILING_WINDOW_NS, ask_null_target, limit_of, null_target_order
from bench.conductor.deployments.exchange import Endpoint
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.preparation import Prepared
from bench.conductor.processes.interruption import Interruption
from bench.errors import GeneratorFailed, ServerFailed
from bench.load.messages import LocustfileOrder, SliceOrder, SliceOutcome
from bench.plan import SliceLength, draw_seed
from bench.results.model import Cell
from bench.stats.closed_loop import is_closed_loop


class CellLoad:
    """The generator of a run, at work on its cells."""

    def __init__(self, prepared: Prepared, generator: GeneratorProcess) -> None:
        self._prepared = prepared
        self._measure = prepared.loaded.scenario.measure
        self._generator = generator
        self._responses = 0

    def ceiling_per_s(self, folder: Path, interruption: Interruption) -> float | None:
        """How many answers a second the generator can take here, on the most connections of a closed loop.

        None where no load is a closed loop, and where something else than the generator was the limit.
        """
        loads = [cell.load for cell in self._prepared.run.cells if is_closed_loop(cell.load)]
        if not loads:
            return None
        connections = max(load.connections for load in loads)
        order = null_target_order(connections, CEILING_WINDOW_NS, polls=self._polls)
        machine = self._prepared.run.machine
        try:
            (outcome,) = ask_null_target(self._generator, machine, folder, interruption, [order])
        except ServerFailed:  # a null target that is not there tells nothing
            return None
        self._count(outcome)
        return limit_of(outcome)

    def slice(self, cell: Cell, endpoint: Endpoint, length: SliceLength, block: int) -> SliceOutcome:
        """One slice of load on this cell, whose deployment is asked there; `block` is its number."""
        if cell.load.locustfile is not None:
            return self._generator.locustfile_slice(
                self._users_order(cell.load.locustfile, cell, endpoint, length)
            )
        outcome = self._generator.slice(self._slice_order(cell, length, block))
        self._count(outcome)
        return outcome

    def check_counts(self) -> None:
        """Locust counts for itself: where its count is not ours, one of the two is wrong.

        The users of a locustfile are Locust's own, and what they did is not among either. Raises
        GeneratorFailed.
        """
        counted = self._generator.statistics()["requests"]
        if counted != self._responses:
            raise GeneratorFailed(f"Locust counted {counted} responses, the slices {self._responses}")

    def _count(self, outcome: SliceOutcome) -> None:
        self._responses += outcome.answered + sum(outcome.errors.values())

    @property
    def _polls(self) -> bool:
        """Whether each process of the generator has a core of its own, and need not sleep."""
        machine = self._prepared.run.machine
        return machine.generator_has_own_cores and len(machine.generator_cores) >= self._measure.generators

    def _slice_order(self, cell: Cell, length: SliceLength, block: int) -> SliceOrder:
        return SliceOrder(
            target=cell.id,
            connections=cell.load.connections,
            ramp_ns=length.ramp_ns,
            counted_ns=length.counted_ns,
            response_timeout_ns=self._measure.response_timeout_ns,
            polls=self._polls,
            rate_per_s=cell.load.rate_per_s,
            poisson=cell.load.poisson,
            seed=draw_seed(cell, self._prepared.run.seed, block),
        )

    def _users_order(
        self, locustfile: str, cell: Cell, endpoint: Endpoint, length: SliceLength
    ) -> LocustfileOrder:
        return LocustfileOrder(
            locustfile=str(self._prepared.loaded.beside(locustfile)),
            url=endpoint.url,
            users=cell.load.connections,
            ramp_ns=length.ramp_ns,
            counted_ns=length.counted_ns,
        )
