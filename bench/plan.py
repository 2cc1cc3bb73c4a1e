"""The plan of a run: which cells, in which order, in slices of what length. Pure: one seed, one plan."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.results.model import Cell, Deployment
from bench.scenario.model import Load, Measure, Request
from bench.units import NS_PER_MS, NS_PER_S

RESPONSES_PER_SLICE = 20
SHORTEST_SLICE_NS = 60 * NS_PER_MS
LONGEST_SLICE_NS = 5 * NS_PER_S
FEWEST_BLOCKS = 3
SHORTEST_RAMP_NS = 4 * NS_PER_MS
WARM_UP_NS = 50 * NS_PER_MS

# What a run takes beside the load, for the estimate given before it starts: a launch and the stop of a
# deployment, and a slice's ramp and gap as a share of its length.
_LAUNCH_NS = 900 * NS_PER_MS
_GAP_SHARE = 0.2


@dataclass(frozen=True)
class SliceLength:
    """How long a slice of one cell is: a ramp that is not counted, then the counted window."""

    ramp_ns: int
    counted_ns: int


def cells_of(
    deployments: Sequence[Deployment], requests: Sequence[Request], loads: Sequence[Load]
) -> tuple[Cell, ...]:
    """Every cell: each deployment with each request at each load level."""
    return tuple(
        Cell(
            id=f"{deployment.id} {request.label} x{load.connections}",
            deployment=deployment.id,
            request=request.label,
            connections=load.connections,
        )
        for request in requests
        for load in loads
        for deployment in deployments
    )


def launch_order(deployments: Sequence[str], seed: int, launch: int) -> list[str]:
    """The order in which the deployments are started in this launch."""
    return _shuffled(deployments, f"{seed} launch {launch}")


def block_order(cells: Sequence[str], seed: int, block: int) -> list[str]:
    """The order of the slices of this block."""
    return _shuffled(cells, f"{seed} block {block}")


def slice_lengths(service_times_ns: Mapping[str, float], measure: Measure) -> dict[str, SliceLength]:
    """How long the slices are, from each cell's median service time.

    A slice is long against a response, so that few of them straddle its ends, and short against the noise
    of the machine. Where the time asked for is too short for that, all slices are shortened alike.
    """
    counted = {
        cell: measure.slice_ns
        or min(max(RESPONSES_PER_SLICE * round(median), SHORTEST_SLICE_NS), LONGEST_SLICE_NS)
        for cell, median in service_times_ns.items()
    }
    budget_ns = measure.duration_ns / measure.launches / FEWEST_BLOCKS
    shrink = min(1.0, budget_ns / max(1, sum(counted.values()))) if measure.slice_ns is None else 1.0
    return {
        cell: SliceLength(
            ramp_ns=max(SHORTEST_RAMP_NS, 2 * round(service_times_ns[cell])),
            counted_ns=max(NS_PER_MS, round(length_ns * shrink)),
        )
        for cell, length_ns in counted.items()
    }


def blocks_per_launch(lengths: Mapping[str, SliceLength], measure: Measure) -> int:
    """How many blocks fill a launch's share of the time asked for."""
    block_ns = max(1, sum(length.counted_ns for length in lengths.values()))
    return max(FEWEST_BLOCKS, round(measure.duration_ns / measure.launches / block_ns))


def estimated_duration_ns(measure: Measure, deployments: int, cells: int) -> int:
    """About how long the whole run takes, launches and gaps included."""
    return round(
        measure.duration_ns * (1 + _GAP_SHARE)
        + measure.launches * (deployments * _LAUNCH_NS + cells * WARM_UP_NS)
    )


def _shuffled(items: Sequence[str], seed: str) -> list[str]:
    # Seeding with a text is stable across Python versions: it goes through SHA-512.
    order = list(items)
    random.Random(seed).shuffle(order)  # noqa: S311  (an order, not a secret)
    return order
