"""The tally of a cell: its counted slices with the sums every figure is made from."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from statistics import median
from typing import Literal

from bench.histogram import Histogram
from bench.results.model import Cell, Deployment, LaunchedDeployment, Measurements, Run, Slice
from bench.stats.summary import ArrivalsSummary, RequestSummary
from bench.units import NS_PER_S

PairedBy = Literal["blocks", "launches"]

NO_NUMBER = frozenset({"start", "died"})
"""Failures after which a cell has no number; a replaced worker leaves one that is shown as invalid."""


@dataclass(frozen=True)
class Tally:
    """The slices of one cell, in the order they were measured, and what its launches were like.

    `blocks` names the block of each slice: (launch, number); `rejected` has the launches that did not accept
    the cell's answer, and why. A cell that failed has no slices: what other launches achieved is no number.
    `in_rounds` says that no two deployments were up at a time, so that only launches can be paired.
    `ceiling_per_s` is what the load generator could take at most, where that is known; `has_own_cores` says
    that it shared no core with a server.
    """

    cell: Cell
    deployment: Deployment
    launched: tuple[tuple[int, LaunchedDeployment], ...]
    rejected: tuple[tuple[int, str], ...]
    blocks: tuple[tuple[int, int], ...]
    slices: tuple[Slice, ...]
    in_rounds: bool = False
    ceiling_per_s: float | None = None
    has_own_cores: bool = False

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

    @property
    def histograms_by_launch(self) -> dict[int, Histogram]:
        """The durations of each launch's counted windows: latencies in an open loop, else service times."""
        return self._durations[0]

    @cached_property
    def histogram(self) -> Histogram:
        """The durations of all counted windows."""
        return sum(self.histograms_by_launch.values(), Histogram())

    @property
    def medians_ns(self) -> tuple[float, ...]:
        """The median duration of each counted window; nan where nothing was counted."""
        return self._durations[1]

    @cached_property
    def _durations(self) -> tuple[dict[int, Histogram], tuple[float, ...]]:
        """What is asked of the slices' histograms, in one pass: thousands of them would fill gigabytes."""
        merged: dict[int, Histogram] = {}
        medians = []
        for launch, one in zip(self.launches, self.slices, strict=True):
            histogram = Histogram.decode(one.histogram)
            medians.append(histogram.quantile_ns(0.5))
            merged[launch] = merged.get(launch, Histogram()) + histogram
        return merged, tuple(medians)

    @cached_property
    def arrivals(self) -> ArrivalsSummary | None:
        """What was due in all counted windows; None where the load is no open loop or nothing ran."""
        known = [one.arrivals for one in self.slices if one.arrivals is not None]
        if not known:
            return None
        return ArrivalsSummary(
            due=sum(one.due for one in known),
            waited=sum(one.waited for one in known),
            unsent=sum(one.unsent for one in known),
            late=sum((Histogram.decode(one.late) for one in known), Histogram()),
            latest_ns=max(one.latest_ns for one in known),
        )

    @cached_property
    def by_request(self) -> dict[str, RequestSummary]:
        """What each request of several contributed to the counted windows, names in alphabetical order."""
        names = sorted({name for one in self.slices for name in one.by_request})
        return {name: self._request(name) for name in names}

    @property
    def in_flight(self) -> float | None:
        """Requests in flight by Little's law: throughput x mean duration; None where nothing ran."""
        counted_ns = sum(one.counted_ns for one in self.slices)
        return sum(one.duration_sum_ns for one in self.slices) / counted_ns if counted_ns else None

    @property
    def reached_per_s(self) -> float | None:
        """Verified responses a second until the last answer of a slice came; the median over the launches.

        What a server that cannot keep up with a rate achieves. By launch, so that one long pause says little.
        """
        rates = [
            sum(one.answered for one in slices) * NS_PER_S / wall_ns
            for slices in self.slices_by_launch.values()
            if (wall_ns := sum(one.generator_wall_ns for one in slices))
        ]
        return median(rates) if rates else None

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
        return False not in observed if observed else bool(self.deployment.promises_keep_alive)

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
    def slices_by_launch(self) -> dict[int, list[Slice]]:
        """The slices of each launch, in the order they were measured."""
        found: dict[int, list[Slice]] = {}
        for launch, one in zip(self.launches, self.slices, strict=True):
            found.setdefault(launch, []).append(one)
        return found

    @property
    def connections_by_launch(self) -> dict[int, tuple[int, ...]]:
        """Responses of each connection, summed over a launch's slices."""
        return {
            launch: _summed(one.per_connection for one in slices)
            for launch, slices in self.slices_by_launch.items()
        }

    def _request(self, name: str) -> RequestSummary:
        shares = [one.by_request[name] for one in self.slices if name in one.by_request]
        histogram = sum((Histogram.decode(one.histogram) for one in shares), Histogram())
        return RequestSummary(sum(one.requests for one in shares), histogram)


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


def paired_by(run: Run) -> PairedBy:
    """What of two cells ran close enough together in time to be compared."""
    return "launches" if in_rounds(run) else "blocks"


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
    run = measurements.run
    return Tally(
        cell=cell,
        deployment=deployment,
        launched=launched,
        rejected=rejected,
        blocks=blocks,
        slices=slices,
        in_rounds=in_rounds(run),
        ceiling_per_s=run.ceiling_per_s,
        has_own_cores=run.machine.generator_has_own_cores,
    )


def in_rounds(run: Run) -> bool:
    """Whether one deployment at a time was up, as the scenario asked."""
    return bool(run.scenario.get("measure", {}).get("interleave") == "rounds")


def _failed(
    launched: tuple[tuple[int, LaunchedDeployment], ...], rejected: tuple[tuple[int, str], ...]
) -> bool:
    return bool(rejected) or any(
        one.failure is not None and one.failure.code in NO_NUMBER for _, one in launched
    )


def _summed(counts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Counts by position, added up; where some are shorter, the rest of them is 0."""
    return tuple(sum(at) for at in zip_longest(*counts, fillvalue=0))
