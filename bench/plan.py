"""The plan of a run: which cells, in which order, in slices of what length. Pure: one seed, one plan."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.results.model import Cell, Deployment, LoadLevel
from bench.scenario.model import Load, Measure, Mix, Request
from bench.units import NS_PER_MS, NS_PER_S, write_rate

RESPONSES_PER_SLICE = 20
FEWEST_RESPONSES_PER_SLICE = 5  # with fewer, what straddles a slice's ends is most of it
ARRIVALS_PER_SLICE = 30
SHORTEST_SLICE_NS = 60 * NS_PER_MS
SHORTENED_SLICE_NS = 20 * NS_PER_MS  # what is left of it where there is little time
LONGEST_SLICE_NS = 5 * NS_PER_S
FEWEST_BLOCKS = 3
SETTLED_EVERY = 2  # a settled cell takes part in every second block
SHORTEST_RAMP_NS = 4 * NS_PER_MS
SHORTEST_OPEN_RAMP_NS = 20 * NS_PER_MS  # one for all deployments but slow ones: they count the same arrivals
WARM_UP_NS = 50 * NS_PER_MS
LONGEST_WARM_UP_NS = NS_PER_S
ARRIVALS_PER_WARM_UP = 10

# Users log in, think and wait: their slices are seconds, and begin when the last of them has been spawned.
USERS_SLICE_NS = 3 * NS_PER_S
USERS_RAMP_NS = 500 * NS_PER_MS

_CLOSED_LOOP = LoadLevel(connections=1)

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
    deployments: Sequence[Deployment], requests: Sequence[Request | Mix], loads: Sequence[Load]
) -> tuple[Cell, ...]:
    """Every cell: each deployment with each request at each load level, then those with a locustfile.

    A locustfile brings its own requests, so it makes one cell of each deployment of the app; none of a floor,
    which has the answers to the scenario's requests and may know nothing of what the users do.
    """
    asked = [
        _cell(deployment, request.label, load)
        for request in requests
        for load in loads
        if load.locustfile is None
        for deployment in deployments
    ]
    used = [
        _cell(deployment, load.locustfile, load)
        for load in loads
        if load.locustfile is not None
        for deployment in deployments
        if deployment.app == "app"
    ]
    return (*asked, *used)


def _cell(deployment: Deployment, request: str, load: Load) -> Cell:
    pressure = f"x{load.most_connections}"
    if load.rate_per_s is not None:
        pressure = f"@{write_rate(load.rate_per_s)}{' poisson' if load.arrivals == 'poisson' else ''}"
    return Cell(
        id=f"{deployment.id} {request} {pressure}",
        deployment=deployment.id,
        request=request,
        load=LoadLevel(
            connections=load.most_connections,
            rate_per_s=load.rate_per_s,
            poisson=load.arrivals == "poisson",
            locustfile=load.locustfile,
        ),
    )


def launch_order(deployments: Sequence[str], seed: int, launch: int) -> list[str]:
    """The order in which the deployments are started in this launch."""
    return _shuffled(deployments, f"{seed} launch {launch}")


def block_order(cells: Sequence[str], seed: int, block: int) -> list[str]:
    """The order of the slices of this block."""
    return _shuffled(cells, f"{seed} block {block}")


def draw_seed(cell: Cell, seed: int, block: int) -> int:
    """The seed of a slice's arrivals and of the requests of its mix.

    It is the same for every deployment, so that within a block all of them are given the same load.
    """
    text = f"{seed} block {block} draws {cell.request} {cell.load.label}"
    return random.Random(text).getrandbits(63)  # noqa: S311  (as below)


def warm_up_ns(load: LoadLevel) -> int:
    """How long a slice must be to tell about how long a cell's answers take."""
    if load.locustfile is not None:
        return LONGEST_WARM_UP_NS
    if load.rate_per_s is None:
        return WARM_UP_NS
    return min(max(round(ARRIVALS_PER_WARM_UP * NS_PER_S / load.rate_per_s), WARM_UP_NS), LONGEST_WARM_UP_NS)


def slice_lengths(
    medians_ns: Mapping[str, float], measure: Measure, loads: Mapping[str, LoadLevel] | None = None
) -> dict[str, SliceLength]:
    """How long the slices are, from the median duration of each cell's answers and its load, by cell.

    A slice is long against a response, so that few of them straddle its ends, and short against the noise
    of the machine. In an open loop it also has enough arrivals, where that takes no longer than the longest
    slice. Where the time asked for is too short for that, all slices are shortened alike, but none below what
    its answers, arrivals or users need: then the run takes longer. A cell without a load is one of a closed
    loop.
    """
    levels = {cell: (loads or {}).get(cell, _CLOSED_LOOP) for cell in medians_ns}
    wanted = {cell: max(_wanted_ns(median), _needed_ns(levels[cell])) for cell, median in medians_ns.items()}
    budget_ns = measure.duration_ns / measure.launches / FEWEST_BLOCKS
    shrink = min(1.0, budget_ns / max(1, sum(wanted.values())))
    return {
        cell: SliceLength(
            ramp_ns=_ramp_ns(levels[cell], medians_ns[cell]),
            counted_ns=measure.slice_ns
            or max(_needed_ns(levels[cell]), _shortened_ns(medians_ns[cell]), round(length_ns * shrink)),
        )
        for cell, length_ns in wanted.items()
    }


def _wanted_ns(median_ns: float) -> int:
    return min(max(RESPONSES_PER_SLICE * round(median_ns), SHORTEST_SLICE_NS), LONGEST_SLICE_NS)


def _shortened_ns(median_ns: float) -> int:
    """What a slice may not be shortened below, by how long its answers take."""
    return min(FEWEST_RESPONSES_PER_SLICE * round(median_ns), LONGEST_SLICE_NS)


def _needed_ns(load: LoadLevel) -> int:
    """What a slice may not be shortened below, by its load."""
    if load.locustfile is not None:
        return USERS_SLICE_NS
    if load.rate_per_s is None:
        return SHORTENED_SLICE_NS
    return min(round(ARRIVALS_PER_SLICE * NS_PER_S / load.rate_per_s), LONGEST_SLICE_NS)


def _ramp_ns(load: LoadLevel, median_ns: float) -> int:
    if load.locustfile is not None:
        return USERS_RAMP_NS
    return max(SHORTEST_OPEN_RAMP_NS if load.is_open else SHORTEST_RAMP_NS, 2 * round(median_ns))


def blocks_per_launch(
    lengths: Mapping[str, SliceLength], measure: Measure, settled: Collection[str] = ()
) -> int:
    """How many blocks fill a launch's share of the time asked for."""
    block_ns = max(1.0, mean_block_ns(lengths, settled))
    return max(FEWEST_BLOCKS, round(measure.duration_ns / measure.launches / block_ns))


def shares_of(rounds: Sequence[Collection[str]], settled: Collection[str] = ()) -> list[float]:
    """What part of a launch's load each round has, given its cells: the same for each, half for a settled."""
    each = [sum(1 / SETTLED_EVERY if cell in settled else 1.0 for cell in cells) for cells in rounds]
    return [one / (sum(each) or 1.0) for one in each]


def part_of(measure: Measure, share: float) -> Measure:
    """The measure with so much of its time: what falls to one of several rounds."""
    return measure.model_copy(update={"duration_ns": round(measure.duration_ns * share)})


def mean_block_ns(lengths: Mapping[str, SliceLength], settled: Collection[str] = ()) -> float:
    """The counted time of a block, the mean over those with the settled cells and those without."""
    return sum(
        length.counted_ns / (SETTLED_EVERY if cell in settled else 1) for cell, length in lengths.items()
    )


def takes_part(cell: str, settled: Collection[str], place: int) -> bool:
    """Whether the cell has a slice in the block at this place (from 0) of a launch.

    All settled cells sit out the same blocks, so that they are still paired with each other.
    """
    return cell not in settled or place % SETTLED_EVERY == 0


def estimated_duration_ns(measure: Measure, deployments: int, cells: Sequence[Cell]) -> int:
    """About how long the whole run takes at most, launches and gaps included."""
    fewest = measure.launches * FEWEST_BLOCKS
    shortest_ns = fewest * sum(measure.slice_ns or _needed_ns(cell.load) for cell in cells)
    started_ns = deployments * _LAUNCH_NS + sum(warm_up_ns(cell.load) for cell in cells)
    return round(max(measure.duration_ns, shortest_ns) * (1 + _GAP_SHARE) + measure.launches * started_ns)


def _shuffled(items: Sequence[str], seed: str) -> list[str]:
    # Seeding with a text is stable across Python versions: it goes through SHA-512.
    order = list(items)
    random.Random(seed).shuffle(order)  # noqa: S311  (an order, not a secret)
    return order
