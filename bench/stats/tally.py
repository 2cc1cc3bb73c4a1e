"""The tally of a cell: its counted slices with the sums every figure is made from."""

from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from statistics import median

from bench.histogram import Histogram
from bench.results.model import Cell, Deployment, LaunchedDeployment, Measurements, Slice
from bench.units import NS_PER_S

NO_NUMBER = frozenset({"start", "died"})
"""Failures after which a cell has no number; a replaced worker leaves one that is shown as invalid."""


@dataclass(frozen=True)
class Tally:
    """The slices of one cell, in the order they were measured, and what its launches were like.

    `blocks` names the block of each slice: (launch, number); `rejected` has the launches that did not accept
    the cell's answer, and why. A cell that failed has no slices: what other launches achieved is no number.
    """

    cell: Cell
    deployment: Deployment
    launched: tuple[tuple[int, LaunchedDeployment], ...]
    rejected: tuple[tuple[int, str], ...]
    blocks: tuple[tuple[int, int], ...]
    slices: tuple[Slice, ...]

    @property
    def failed(self) -> bool:
        """Whether in any launch the deployment did not start or died, or its answer was not accepted."""
        return _failed(self.launched, self.rejected)

    @cached_property
    def launches(self) -> tuple[int, ...]:
        """The launch each slice belongs to."""
        return tuple(launch for launch, _ in self.blocks)

    @cached_property
    def requests(self) -> int:
        """Verified responses in the counted windows."""
        return sum(one.requests for one in self.slices)

    @cached_property
    def answered(self) -> int:
        """Verified responses in the whole slices, the ramps with them."""
        return sum(one.answered for one in self.slices)

    @cached_property
    def errors(self) -> dict[str, int]:
        """Errors in the whole slices by kind, kinds in alphabetical order."""
        kinds = sorted({kind for one in self.slices for kind in one.errors})
        return {kind: sum(one.errors.get(kind, 0) for one in self.slices) for kind in kinds}

    @cached_property
    def goodputs(self) -> tuple[float, ...]:
        """Verified responses a second, one value a slice; 0 where nothing was counted."""
        return tuple(
            one.requests * NS_PER_S / one.counted_ns if one.counted_ns else 0.0 for one in self.slices
        )

    @cached_property
    def histogram(self) -> Histogram:
        """The service times of all counted windows."""
        return sum((Histogram.decode(one.histogram) for one in self.slices), Histogram())

    @property
    def in_flight(self) -> float | None:
        """Requests in flight by Little's law: throughput x mean service time; None where nothing ran."""
        counted_ns = sum(one.counted_ns for one in self.slices)
        return sum(one.service_time_sum_ns for one in self.slices) / counted_ns if counted_ns else None

    @property
    def generator_busy(self) -> float | None:
        """The share of a slice's wall time the generator was on CPU; the median over the slices."""
        shares = [
            one.generator_busy_ns / one.generator_wall_ns for one in self.slices if one.generator_wall_ns
        ]
        return median(shares) if shares else None

    @property
    def server_busy(self) -> float | None:
        """Server CPU time a wall time of a slice, 1 for one core; the median over the slices."""
        shares = [
            one.server_cpu_ns / one.generator_wall_ns
            for one in self.slices
            if one.server_cpu_ns is not None and one.generator_wall_ns
        ]
        return median(shares) if shares else None

    @property
    def observed_keep_alive(self) -> frozenset[bool]:
        """Whether connections were kept, as its launches showed; more than one answer if they differed."""
        return frozenset(one.keeps_alive for _, one in self.launched if one.keeps_alive is not None)

    @property
    def keeps_alive(self) -> bool:
        """Whether connections were kept in every launch; what the configuration promises if none tells."""
        observed = self.observed_keep_alive
        return False not in observed if observed else self.deployment.promises_keep_alive

    @property
    def memory_bytes(self) -> int | None:
        """Memory of the deployment, the median over its launches."""
        sizes = [one.memory_bytes for _, one in self.launched if one.memory_bytes is not None]
        return round(median(sizes)) if sizes else None

    @property
    def start_up_ns(self) -> tuple[int, ...]:
        """How long each launch took until the first good answer."""
        return tuple(one.start_up_ns for _, one in self.launched if one.start_up_ns is not None)

    @property
    def connections_by_launch(self) -> dict[int, tuple[int, ...]]:
        """Responses of each connection, summed over a launch's slices."""
        counts: dict[int, tuple[int, ...]] = {}
        for launch, one in zip(self.launches, self.slices, strict=True):
            before = counts.get(launch, ())
            counts[launch] = tuple(a + b for a, b in zip_longest(before, one.per_connection, fillvalue=0))
        return counts


def tallies(measurements: Measurements) -> tuple[Tally, ...]:
    """A tally for every cell of the run, in the run's order."""
    deployments = {one.id: one for one in measurements.run.deployments}
    slices: dict[str, list[tuple[tuple[int, int], Slice]]] = {cell.id: [] for cell in measurements.run.cells}
    for block in measurements.blocks:
        for one in block.slices:
            slices[one.cell].append(((block.launch, block.number), one))
    return tuple(
        _tally(cell, deployments[cell.deployment], measurements, slices[cell.id])
        for cell in measurements.run.cells
    )


def _tally(
    cell: Cell,
    deployment: Deployment,
    measurements: Measurements,
    measured: list[tuple[tuple[int, int], Slice]],
) -> Tally:
    launched = tuple(
        (launch.number, one)
        for launch in measurements.launches
        for one in launch.deployments
        if one.deployment == deployment.id
    )
    rejected = tuple(
        (launch.number, launch.rejected[cell.id])
        for launch in measurements.launches
        if cell.id in launch.rejected
    )
    counted = [] if _failed(launched, rejected) else measured
    blocks, slices = tuple(block for block, _ in counted), tuple(one for _, one in counted)
    return Tally(cell, deployment, launched, rejected, blocks, slices)


def _failed(
    launched: tuple[tuple[int, LaunchedDeployment], ...], rejected: tuple[tuple[int, str], ...]
) -> bool:
    return bool(rejected) or any(
        one.failure is not None and one.failure.code in NO_NUMBER for _, one in launched
    )
