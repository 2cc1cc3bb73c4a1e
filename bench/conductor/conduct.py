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
from bench.conductor.launch import LaunchInProgress
from bench.conductor.machine import on_cores
from bench.conductor.observer import Observer
from bench.conductor.preparation import Prepared
from bench.errors import GeneratorFailed, Interrupted
from bench.histogram import Histogram
from bench.load.messages import SliceOrder, SliceOutcome
from bench.plan import WARM_UP_NS, SliceLength, block_order, blocks_per_launch, slice_lengths
from bench.results.model import Block, Cell, Run, Slice
from bench.results.store import Store


def conduct(prepared: Prepared, store: Store, observer: Observer) -> Run:
    """Carry out the run and return its description as it ended.

    Raises Interrupted after Ctrl-C or SIGTERM, when everything has been stopped and what was measured is on
    disk; GeneratorFailed and InputError (the disk is full) after the same. KeyboardInterrupt says that there
    was a second Ctrl-C: whoever presses it wants nothing more than the end.
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
        self._medians_ns: dict[str, float] = {}
        self._lengths: dict[str, SliceLength] = {}
        self._bodies: dict[str, bytes | None] = {}
        self._broken: set[str] = set()
        self._blocks = 0
        self._responses = 0

    def carry_out(self) -> None:
        """Every launch, one after the other."""
        run = self._prepared.run
        with self._interruption.held():
            self._keeper = Keeper()
            self._generator = GeneratorProcess(
                run.machine.generator_cores, self._store.logs / "generator.log"
            )
        for number in range(1, self._measure.launches + 1):
            if len(self._broken) == len(run.deployments):
                break
            self._observer.launching(number, self._measure.launches)
            self._launch = LaunchInProgress(
                number, self._prepared, self._store, self._observer, self._interruption
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
        if self._lengths:
            blocks = blocks_per_launch(self._lengths, self._measure)
            self._observer.measuring(launch.number, blocks)
            for _ in range(blocks):
                self._measure_block(launch, generator)
        self._broken |= launch.look_after()
        launch.write()

    def _warm_up(self, launch: LaunchInProgress, generator: GeneratorProcess) -> None:
        """A slice of every cell that is not counted; a cell's first one sets the length of its slices.

        What breaks in it is lost before that: the time it did not answer says nothing about the others.
        """
        medians_ns = {cell.id: self._median_ns(generator, cell) for cell in launch.cells()}
        self._broken |= launch.look_after()
        for cell in launch.cells():
            self._medians_ns.setdefault(cell.id, medians_ns[cell.id])
        self._lengths = slice_lengths(self._medians_ns, self._measure)

    def _median_ns(self, generator: GeneratorProcess, cell: Cell) -> float:
        """The median service time in a slice that is not counted, or in a longer one if that is too short."""
        for length_ns in (WARM_UP_NS, 10 * WARM_UP_NS):
            outcome = self._generate(generator, cell, SliceLength(0, length_ns))
            if outcome.requests:
                return Histogram.decode(outcome.histogram).quantile_ns(0.5)
        return 10.0 * WARM_UP_NS

    def _measure_block(self, launch: LaunchInProgress, generator: GeneratorProcess) -> None:
        self._blocks += 1
        cells = {cell.id: cell for cell in launch.cells()}
        slices = []
        for key in block_order(sorted(cells), self._prepared.run.seed, self._blocks):
            measured = self._measure_slice(launch, generator, cells[key])
            if measured is not None:
                slices.append(measured)
        block = Block(launch=launch.number, number=self._blocks, slices=tuple(slices))
        self._store.write_block(block)
        self._observer.measured(block, self._remaining_ns())

    def _measure_slice(
        self, launch: LaunchInProgress, generator: GeneratorProcess, cell: Cell
    ) -> Slice | None:
        """One slice; None where its deployment broke, before it or in it."""
        deployment = launch.running.get(cell.deployment)
        if deployment is None:
            return None
        try:
            before_ns = deployment.cpu_ns()
            outcome = self._generate(generator, cell, self._lengths[cell.id])
            server_cpu_ns = deployment.cpu_ns() - before_ns
        except ProcessLookupError:
            self._broken |= launch.look_after()
            return None
        return Slice(cell=cell.id, server_cpu_ns=server_cpu_ns, **outcome.to_message())

    def _generate(self, generator: GeneratorProcess, cell: Cell, length: SliceLength) -> SliceOutcome:
        outcome = generator.slice(
            SliceOrder(
                target=cell.id,
                connections=cell.connections,
                ramp_ns=length.ramp_ns,
                counted_ns=length.counted_ns,
                response_timeout_ns=self._measure.response_timeout_ns,
                polls=self._prepared.run.machine.generator_has_own_cores,
            )
        )
        self._responses += outcome.answered + sum(outcome.errors.values())
        return outcome

    def _remaining_ns(self) -> int:
        """Counted load still to come, in this launch and in later ones."""
        block_ns = sum(length.counted_ns for length in self._lengths.values())
        blocks = blocks_per_launch(self._lengths, self._measure)
        return max(0, blocks * self._measure.launches - self._blocks) * block_ns

    def _check_counts(self, generator: GeneratorProcess) -> None:
        """Locust counts for itself: where its count is not ours, one of the two is wrong."""
        counted = generator.statistics()["requests"]
        if counted != self._responses:
            raise GeneratorFailed(f"Locust counted {counted} responses, the slices {self._responses}")
