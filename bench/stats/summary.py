"""The summary of a run: all that the terminal, the JSON and the report say, derived from the measurements."""

from dataclasses import dataclass, field
from typing import Literal

from bench.histogram import Histogram
from bench.results.model import Cell, Deployment, LoadLevel, Run, Skipped
from bench.stats.inference.verdict import Verdict

MeritName = Literal["goodput", "median latency"]
RequiredFigure = Literal["p50", "p90", "p99", "p99_9", "goodput", "errors", "cpu", "memory"]


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
class RequestSummary:
    """What one request of several contributed to a cell; durations as the cell's."""

    requests: int
    histogram: Histogram


@dataclass(frozen=True)
class PartSummary:
    """What one of several parts of a deployment took: its CPU time a request, also as a share of all parts'.

    `processes` is how many it was, the most of its launches; `memory_bytes` the median over them. What was
    not seen is None.
    """

    name: str
    processes: int | None
    cpu_us_per_request: Interval | None
    cpu_share: float | None
    memory_bytes: int | None


@dataclass(frozen=True)
class Spread:
    """How evenly the backends of one deployment worked: the least and the largest share of their CPU time.

    `of` is what each backend is, `waitress` where they are `waitress-1` and `waitress-2`.
    `cpu_us_per_request` is that of all of them together. An even share would be 1 / `backends`.
    """

    of: str
    backends: int
    cpu_us_per_request: float
    least: float
    most: float


@dataclass(frozen=True)
class ArrivalsSummary:
    """What was due in the counted windows of an open loop, and how late the generator itself sent it.

    `waited` counts arrivals that found every connection taken, `unsent` those that never got one.
    """

    due: int
    waited: int
    unsent: int
    late: Histogram
    latest_ns: int


@dataclass(frozen=True)
class CellSummary:
    """One cell: what it achieved, what it cost, and whether that can be trusted.

    `goodput` is verified responses a second; `histogram` holds the durations of the counted windows:
    latencies in an open loop, service times otherwise. `median_latency_ns` is that of a typical slice, in an
    open loop alone. Figures that were not measured are None. What is `per_block` has one value a block, in
    time order, with the number of its launch: (launch, value). `by_request` is empty where there is one,
    and so is `parts`, which begins with the part in front; `spread` is there where backends share the work.
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
    median_latency_ns: Interval | None = None
    median_latency_ns_per_block: tuple[tuple[int, float], ...] = ()
    arrivals: ArrivalsSummary | None = None
    by_request: dict[str, RequestSummary] = field(default_factory=dict)
    parts: tuple[PartSummary, ...] = ()
    spread: Spread | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against the numbers."""
        return not self.reasons


@dataclass(frozen=True)
class Comparison:
    """One cell against the best of those it may be ranked with; cells by their ids.

    `of` names what was compared, and `ratio` is the cell's as a multiple of the best's: a worse goodput is
    below 1, a worse median latency above. The verdict says the same in a word, whatever was compared.
    `pairs` counts the blocks the ratio rests on, `dropped` those left out because a cell answered nothing;
    in rounds they are whole launches. The ratio is that of typical blocks; `of_means` that of the goodputs of
    all of them together, None where that is not what is compared or no two cells shared a block.
    """

    cell: str
    against: str
    ratio: Interval
    verdict: Literal["faster", "slower", "tie"]
    of: MeritName = "goodput"
    pairs: int = 0
    dropped: int = 0
    of_means: float | None = None


@dataclass(frozen=True)
class Split:
    """The cost of one request of the app under one server, in CPU microseconds.

    `deployment` is the id of the app's. `server_us` is what the floor costs, `framework_us` what
    the app costs beyond it. `gain_at_most` is the factor by which the app would get faster if the server cost
    nothing: no change of server can gain more; None where the app's cost cannot be told from the floor's.
    `goodput_share_server` is the share of the app's time a request that the floor alone would take; None
    where something else than the server sets the pace: a rate, or the users of a locustfile.
    """

    deployment: str
    request: str
    load: LoadLevel
    server_us: float
    framework_us: float
    goodput_share_server: float | None
    gain_at_most: float | None


@dataclass(frozen=True)
class Noise:
    """What one deployment came out at against itself, entered twice (its id): the run's own noise.

    `ratio` is the twin's figure of merit as a multiple of the first's, paired as any comparison is;
    `pairs` and `dropped` are those of a comparison.
    """

    deployment: str
    request: str
    load: LoadLevel
    of: MeritName
    ratio: Interval
    pairs: int
    dropped: int

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out 1, though the two are the same."""
        return not self.ratio.low <= 1 <= self.ratio.high

    @property
    def reach(self) -> float:
        """How far the interval reaches from 1, as a share: smaller differences are not to be believed."""
        return max(abs(self.ratio.low - 1), abs(self.ratio.high - 1))


@dataclass(frozen=True)
class RequirementVerdict:
    """Whether a cell (id) keeps what the scenario requires of one figure.

    `limit` and `value` are nanoseconds, responses a second, a share or bytes. `value` is None where nothing
    was measured; a bound of it that cannot be told is 0 or infinite. `what` says it all in one sentence;
    `because` is the end of it, the reason where the numbers are not all of it, or empty.
    """

    cell: str
    figure: RequiredFigure
    limit: float
    value: Interval | None
    verdict: Verdict
    what: str
    because: str = ""


@dataclass(frozen=True)
class Summary:
    """A run, summed up. Cells are in the order of the run; `ranking` holds groups that may be compared.

    A group has one app, request, load and keep-alive mode; its cells (ids) stand best first, valid ones only.
    A deployment that was entered twice is in it once; what its twin achieved is in `noise` alone.
    """

    run: Run
    cells: tuple[CellSummary, ...]
    comparisons: tuple[Comparison, ...]
    ranking: tuple[tuple[str, ...], ...]
    split: tuple[Split, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    load_share_of_wall: float | None
    noise: Noise | None = None
    requirements: tuple[RequirementVerdict, ...] = ()
