"""One round: the deployments that are up together, judged, warmed up and measured block by block.

Where all deployments are up at once, a launch has one round; else each deployment has its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.conductor.cell_load import CellLoad
from bench.conductor.judge import Bodies
from bench.conductor.launch import LaunchInProgress
from bench.conductor.steal import stolen_ns, stolen_since
from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.plan import (
    WARM_UP_NS,
    SliceLength,
    block_order,
    blocks_per_launch,
    mean_block_ns,
    part_of,
    slice_lengths,
    takes_part,
    warm_up_ns,
)
from bench.results.model import Block, Cell, Slice
from bench.stats.closed_loop import is_closed_loop


@dataclass
class Known:
    """What a run remembers from round to round.

    The right answers, the median duration of each cell's first answers, the deployments (ids) that broke, and
    how many blocks there were.
    """

    bodies: Bodies = field(default_factory=dict)
    medians_ns: dict[str, float] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    blocks: int = 0


@dataclass(frozen=True)
class Round:
    """A round of a launch, its deployments started.

    `share` is its part of the launch's load; `later` how much load follows it, in launches.
    """

    launch: LaunchInProgress
    load: CellLoad
    known: Known
    share: float
    later: float

    def carry_out(self) -> None:
        """Measure what answers rightly; each block is written before the next begins."""
        lengths = self._warm_up()
        if lengths:
            self._measure(lengths)
        self.known.broken |= self.launch.look_after()
        self.launch.write()

    def _warm_up(self) -> dict[str, SliceLength]:
        """A slice of every cell that is not counted; a cell's first one sets the length of its slices.

        What breaks in it is lost before that: the time it did not answer says nothing about the others.
        """
        medians_ns = {cell.id: self._median_ns(cell) for cell in self.launch.cells()}
        self.known.broken |= self.launch.look_after()
        cells = {cell.id: cell for cell in self.launch.cells()}
        for key in cells:
            self.known.medians_ns.setdefault(key, medians_ns[key])
        return slice_lengths(
            {key: self.known.medians_ns[key] for key in cells},
            part_of(self.launch.measure, self.share),
            {key: cell.load for key, cell in cells.items()},
        )

    def _median_ns(self, cell: Cell) -> float:
        """The typical duration in a slice that is not counted, or in a longer one if that is too short."""
        shortest_ns, is_known = warm_up_ns(cell.load), cell.id in self.known.medians_ns
        # The first few answers of a closed loop are those that found a thread free.
        enough = cell.load.connections if is_closed_loop(cell.load) and not is_known else 1
        endpoint = self.launch.running[cell.deployment].endpoint
        for length_ns in sorted({shortest_ns, max(shortest_ns, 10 * WARM_UP_NS)}):
            outcome = self.load.slice(cell, endpoint, SliceLength(0, length_ns), self.known.blocks)
            if outcome.requests >= enough:
                break
        return _typical_ns(cell, outcome) if outcome.requests else 10.0 * WARM_UP_NS

    def _measure(self, lengths: dict[str, SliceLength]) -> None:
        launch, settled = self.launch, self.launch.decision.settled
        blocks = blocks_per_launch(lengths, part_of(launch.measure, self.share), settled)
        block_ns = mean_block_ns(lengths, settled)
        later_ns = self.later * blocks * block_ns / self.share
        launch.observer.measuring(launch.number, blocks)
        for place in range(blocks):
            block = self._block(lengths, [key for key in sorted(lengths) if takes_part(key, settled, place)])
            launch.store.write_block(block)
            launch.observer.measured(block, round(later_ns + (blocks - place - 1) * block_ns))

    def _block(self, lengths: dict[str, SliceLength], keys: Sequence[str]) -> Block:
        """One slice of each of these cells, as far as they are still there."""
        self.known.blocks += 1
        cells = {cell.id: cell for cell in self.launch.cells() if cell.id in keys}
        order = block_order(sorted(cells), self.launch.prepared.run.seed, self.known.blocks)
        measured = [self._slice(cells[key], lengths[key]) for key in order]
        return Block(
            launch=self.launch.number,
            number=self.known.blocks,
            slices=tuple(one for one in measured if one is not None),
        )

    def _slice(self, cell: Cell, length: SliceLength) -> Slice | None:
        """One slice; None where its deployment broke, before it or in it."""
        deployment = self.launch.running.get(cell.deployment)
        if deployment is None:
            return None
        cores = self.launch.prepared.run.machine.cores_in_use
        try:
            stolen_before_ns, before_ns = stolen_ns(cores), deployment.cpu_by_part_ns()
            outcome = self.load.slice(cell, deployment.endpoint, length, self.known.blocks)
            used_ns = zip(deployment.cpu_by_part_ns(), before_ns, strict=True)
            cpu_ns = tuple(after - before for after, before in used_ns)
        except ProcessLookupError:
            self.known.broken |= self.launch.look_after()
            return None
        stolen = stolen_since(stolen_before_ns, cores)
        return Slice(
            cell=cell.id,
            server_cpu_ns=sum(cpu_ns),
            stolen_ns=stolen,
            cpu_by_part_ns=cpu_ns if len(cpu_ns) > 1 else (),
            **outcome.to_message(),
        )


def _typical_ns(cell: Cell, outcome: SliceOutcome) -> float:
    """The median duration; in a closed loop the mean where that is longer.

    A server that answers in bursts has a short median and long pauses, which a slice must not fall between.
    """
    median_ns = Histogram.decode(outcome.histogram).quantile_ns(0.5)
    if not is_closed_loop(cell.load):
        return median_ns
    return max(median_ns, cell.load.connections * outcome.counted_ns / outcome.requests)
