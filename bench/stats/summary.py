"""The summary of a run: all that the terminal, the JSON and the report say, derived from the measurements."""

from dataclasses import dataclass
from typing import Literal

from bench.histogram import Histogram
from bench.results.model import Cell, Deployment, Run, Skipped


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Reason:
    """Why a cell's numbers cannot be trusted: a stable code, one sentence, and what to do."""

    code: str
    what: str
    remedy: str


@dataclass(frozen=True)
class CellSummary:
    """One cell: what it achieved, what it cost, and whether that can be trusted.

    `goodput` is verified responses a second; `histogram` holds the service times of the counted windows.
    Figures that were not measured are None. `goodput_per_block` has one value a block, in time order, with
    the number of the launch beside it: (launch, goodput).
    """

    cell: Cell
    deployment: Deployment
    goodput: Interval | None
    goodput_per_block: tuple[tuple[int, float], ...]
    histogram: Histogram
    longest_ns: int
    cpu_us_per_request: Interval | None
    memory_bytes: int | None
    start_up_ns: tuple[int, ...]
    keeps_alive: bool
    requests: int
    errors: dict[str, int]
    generator_busy: float | None
    reasons: tuple[Reason, ...]

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against the numbers."""
        return not self.reasons


@dataclass(frozen=True)
class Comparison:
    """The goodput of one cell as a ratio to the best of those it may be ranked with; cells by their ids.

    `pairs` counts the blocks the ratio rests on, `dropped` those left out because a cell answered nothing.
    """

    cell: str
    against: str
    ratio: Interval
    verdict: Literal["faster", "slower", "tie"]
    pairs: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Split:
    """The cost of one request of the app under one server, in CPU microseconds.

    `deployment` is the id of the app's. `server_us` is what the floor costs, `framework_us` what
    the app costs beyond it. `gain_at_most` is the factor by which the app would get faster if the server cost
    nothing: no change of server can gain more; None where the app's cost cannot be told from the floor's.
    `goodput_share_server` is the share of the app's time a request that the floor alone would take.
    """

    deployment: str
    request: str
    connections: int
    server_us: float
    framework_us: float
    goodput_share_server: float
    gain_at_most: float | None


@dataclass(frozen=True)
class Summary:
    """A run, summed up. Cells are in the order of the run; `ranking` holds groups that may be compared.

    A group has one app, request, load and keep-alive mode; its cells (ids) stand best first, valid ones only.
    """

    run: Run
    cells: tuple[CellSummary, ...]
    comparisons: tuple[Comparison, ...]
    ranking: tuple[tuple[str, ...], ...]
    split: tuple[Split, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    load_share_of_wall: float | None
