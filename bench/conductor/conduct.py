"""Conducting a run: launch by launch, block by block, slice by slice, each written before the next.

Nothing of ours but the generator runs while a slice does: this process sleeps until the outcome comes.
"""

from datetime import UTC, datetime
from typing import Literal

from bench.conductor.children import adopt_orphans
from bench.conductor.deployment import Stopping
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.interruption import Interruption
from bench.conductor.keeper import Keeper
from bench.conductor.launch import Bodies, LaunchInProgress
from bench.conductor.machine import on_cores
from bench.conductor.observer import Observer
from bench.conductor.preparation import Prepared
from bench.conductor.steal import stolen_ns, stolen_since
from bench.errors import GeneratorFailed, Interrupted
from bench.histogram import Histogram
from bench.load.messages import LocustfileOrder, SliceOrder, SliceOutcome
from bench.plan import (
    WARM_UP_NS,
    SliceLength,
    block_order,
    blocks_per_launch,
    draw_seed,
    mean_block_ns,
    slice_lengths,
    takes_part,
    warm_up_ns,
)
from bench.results.model import Block, Cell, Run, Slice
from bench.results.store import Store
from bench.stats.decision import Decision


def conduct(prepared: Prepared, store: Store, observer: Observer) -> Run:
    """Carry out the run and return its description as it ended.

    Raises Interrupted after Ctrl-C or SIGTERM, when everything has been stopped and what was measured is on
    disk; GeneratorFailed and InputError (the disk is full, or a locustfile cannot be used) after the same.
    KeyboardInterrupt says that there was a second Ctrl-C: whoever presses it wants nothing more than the end.
    """
    store.write_run(prepared.run)
    observer.planned(prepared.run, prepared.estimated_ns)
    adopt_orphans()
    with Interruption() as interruption, on_cores(prepared.run.machine.generator_cores):
        conductor = _Conductor(prepared, store, observer, interruption)
        status: Literal["complete", "partial"] = "partial"
        try:
            try:
                conductor.carry_out()
            finally:
                interruption.shield()  # a Ctrl-C that comes before this line is through is caught below
            status = "complete"
        except KeyboardInterrupt:
            pass
        finally:
            conductor.stop()
            ended = prepared.run.model_copy(update={"status": status, "finished_at": datetime.now(UTC)})
            store.write_run(ended)
    if interruption.hurried:
        raise KeyboardInterrupt
    if interruption.came:
        raise Interrupted("interrupted; what was measured until then is kept")
    return ended


class _Conductor:
    """The run in progress."""

    def __init__(
        self, prepared: Prepared, store: Store, observer: Observer, interruption: Interruption
    ) -> None:
        self._prepared = prepared
        self._measure = prepared.loaded.scenario.measure
        self._store = store
        self._observer = observer
        self._interruption = interruption
        self._keeper: Keeper | None = None
        self._generator: GeneratorProcess | None = None
        self._launch: LaunchInProgress | None = None
        self._stopping: list[Stopping] = []
        self._loads = {cell.id: cell.load for cell in prepared.run.cells}
        self._medians_ns: dict[str, float] = {}
        self._lengths: dict[str, SliceLength] = {}
        self._bodies: Bodies = {}
        self._broken: set[str] = set()
        self._decision = Decision(enough=False)
        self._blocks = 0
        self._responses = 0

    def carry_out(self) -> None:
        """Every launch, one after the other."""
        run = self._prepared.run
        with self._interruption.held():
            self._keeper = Keeper()
            self._generator = GeneratorProcess(
                run.machine.generator_cores,
                self._store.logs / "generator.log",
                processes=self._measure.generators,
            )
        for number in range(1, self._prepared.most_launches + 1):
            if len(self._broken) == len(run.deployments):
                break
            self._observer.launching(number, self._prepared.most_launches)
            self._launch = LaunchInProgress(
                number, self._prepared, self._store, self._observer, self._interruption, self._decision
            )
            if self._prepared.has_fixed_ports:
                self._wait_for_stopped()
            self._launch.start(self._broken)
            self._wait_for_stopped()
            if number == 1:
                self._generator.wait_until_ready()
            self._measure_launch(self._launch, self._generator)
            self._generator.set_targets({})  # a server with open connections takes its time to end
            with self._interruption.held():
                self._stop_launch()
            if self._is_enough():
                break
        self._check_counts(self._generator)

    def stop(self) -> None:
        """Stop whatever is running."""
        self._observer.stopping()
        if self._generator is not None:
            self._generator.stop()
        self._stop_launch()
        self._wait_for_stopped()
        if self._keeper is not None:
            self._keeper.stop()

    def _is_enough(self) -> bool:
        """Whether all is known by now; decided from what is stored, while deployments end."""
        if self._prepared.decide is None:
            return False
        stored = self._store.read()
        decision = self._decision = self._prepared.decide(stored)
        decided = {key: getattr(decision, key) for key in ("settled", "left_out", "enough")}
        self._store.write_launch(stored.launches[-1].model_copy(update=decided))
        self._observer.decided(decision.standing)
        return decision.enough

    def _stop_launch(self) -> None:
        """Ask this launch's deployments to stop; they end while the next ones start."""
        if self._launch is not None:
            self._stopping.append(Stopping(self._launch.running.values()))
            self._launch = None

    def _wait_for_stopped(self) -> None:
        while self._stopping:
            self._stopping[-1].wait(self._interruption)
            self._stopping.pop()

    def _measure_launch(self, launch: LaunchInProgress, generator: GeneratorProcess) -> None:
        generator.set_targets(launch.judge(self._bodies))
        self._warm_up(launch, generator)
        lengths = {cell.id: self._lengths[cell.id] for cell in launch.cells()}
        if lengths:
            blocks = blocks_per_launch(lengths, self._measure, self._decision.settled)
            block_ns = mean_block_ns(lengths, self._decision.settled)
            self._observer.measuring(launch.number, blocks)
            for place in range(blocks):
                block = self._measure_block(launch, generator, place)
                self._store.write_block(block)
                left = (self._prepared.most_launches - launch.number + 1) * blocks - place - 1
                self._observer.measured(block, round(left * block_ns))
        self._broken |= launch.look_after()
        launch.write()

    def _warm_up(self, launch: LaunchInProgress, generator: GeneratorProcess) -> None:
        """A slice of every cell that is not counted; a cell's first one sets the length of its slices.

        What breaks in it is lost before that: the time it did not answer says nothing about the others.
        """
        medians_ns = {cell.id: self._median_ns(launch, generator, cell) for cell in launch.cells()}
        self._broken |= launch.look_after()
        for cell in launch.cells():
            self._medians_ns.setdefault(cell.id, medians_ns[cell.id])
        self._lengths = slice_lengths(self._medians_ns, self._measure, self._loads)

    def _median_ns(self, launch: LaunchInProgress, generator: GeneratorProcess, cell: Cell) -> float:
        """The median duration in a slice that is not counted, or in a longer one if that is too short."""
        shortest_ns = warm_up_ns(cell.load)
        for length_ns in sorted({shortest_ns, max(shortest_ns, 10 * WARM_UP_NS)}):
            outcome = self._generate(launch, generator, cell, SliceLength(0, length_ns))
            if outcome.requests:
                return Histogram.decode(outcome.histogram).quantile_ns(0.5)
        return 10.0 * WARM_UP_NS

    def _measure_block(self, launch: LaunchInProgress, generator: GeneratorProcess, place: int) -> Block:
        """The block at this place (from 0) of the launch."""
        self._blocks += 1
        cells = {
            cell.id: cell for cell in launch.cells() if takes_part(cell.id, self._decision.settled, place)
        }
        slices = []
        for key in block_order(sorted(cells), self._prepared.run.seed, self._blocks):
            measured = self._measure_slice(launch, generator, cells[key])
            if measured is not None:
                slices.append(measured)
        return Block(launch=launch.number, number=self._blocks, slices=tuple(slices))

    def _measure_slice(
        self, launch: LaunchInProgress, generator: GeneratorProcess, cell: Cell
    ) -> Slice | None:
        """One slice; None where its deployment broke, before it or in it."""
        deployment = launch.running.get(cell.deployment)
        if deployment is None:
            return None
        cores = self._prepared.run.machine.cores_in_use
        try:
            stolen_before_ns, before_ns = stolen_ns(cores), deployment.cpu_ns()
            outcome = self._generate(launch, generator, cell, self._lengths[cell.id])
            server_cpu_ns = deployment.cpu_ns() - before_ns
        except ProcessLookupError:
            self._broken |= launch.look_after()
            return None
        stolen = stolen_since(stolen_before_ns, cores)
        return Slice(cell=cell.id, server_cpu_ns=server_cpu_ns, stolen_ns=stolen, **outcome.to_message())

    def _generate(
        self, launch: LaunchInProgress, generator: GeneratorProcess, cell: Cell, length: SliceLength
    ) -> SliceOutcome:
        if cell.load.locustfile is not None:
            return generator.locustfile_slice(self._users_order(launch, cell, cell.load.locustfile, length))
        outcome = generator.slice(self._slice_order(cell, length))
        self._responses += outcome.answered + sum(outcome.errors.values())
        return outcome

    def _slice_order(self, cell: Cell, length: SliceLength) -> SliceOrder:
        run = self._prepared.run
        return SliceOrder(
            target=cell.id,
            connections=cell.load.connections,
            ramp_ns=length.ramp_ns,
            counted_ns=length.counted_ns,
            response_timeout_ns=self._measure.response_timeout_ns,
            polls=run.machine.generator_has_own_cores
            and len(run.machine.generator_cores) >= self._measure.generators,
            rate_per_s=cell.load.rate_per_s,
            poisson=cell.load.poisson,
            seed=draw_seed(cell, run.seed, self._blocks),
        )

    def _users_order(
        self, launch: LaunchInProgress, cell: Cell, locustfile: str, length: SliceLength
    ) -> LocustfileOrder:
        return LocustfileOrder(
            locustfile=str(self._prepared.loaded.beside(locustfile)),
            url=f"http://127.0.0.1:{launch.running[cell.deployment].port}",
            users=cell.load.connections,
            ramp_ns=length.ramp_ns,
            counted_ns=length.counted_ns,
        )

    def _check_counts(self, generator: GeneratorProcess) -> None:
        """Locust counts for itself: where its count is not ours, one of the two is wrong.

        The users of a locustfile are Locust's own, and what they did is not among either.
        """
        counted = generator.statistics()["requests"]
        if counted != self._responses:
            raise GeneratorFailed(f"Locust counted {counted} responses, the slices {self._responses}")
