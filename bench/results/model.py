"""What was measured, exactly as it is stored: no figure here is derived from another.

A run is described once (`Run`); each fresh start of the deployments adds a `Launch`, each block of slices
a `Block`. Durations are integer nanoseconds, sizes bytes. `docs/result-format.md` tells the format's history.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from bench.results.history import deployment_of_today, launched_of_today, run_of_today, slice_of_today

FORMAT: Literal[3] = 3

App = Literal["app", "floor", "reference"]
Revision = Literal["base", "head"]
Profile = Literal["equal", "shipped"]


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum of these amounts; None where one of them is not known."""
    known = list(amounts)
    return None if None in known else sum(amount for amount in known if amount is not None)


class Record(BaseModel):
    """A stored record: frozen, and strict about what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Machine(Record):
    """Where it was measured."""

    cpu_model: str
    cores: int
    server_cores: tuple[int, ...]
    generator_cores: tuple[int, ...]
    memory_bytes: int
    kernel: str
    distribution: str
    hypervisor: str | None
    frequency_governor: str | None

    @property
    def generator_has_own_cores(self) -> bool:
        """Whether no server runs where the generator does, so that it need not sleep."""
        return not set(self.server_cores) & set(self.generator_cores)

    @property
    def cores_in_use(self) -> tuple[int, ...]:
        """The cores of servers and generator, each once."""
        return tuple(sorted({*self.server_cores, *self.generator_cores}))


class Part(Record):
    """One process of a deployment, with all it becomes: `nginx`, or the `gunicorn` behind it.

    The port in its command line is 0, and `{folder}` stands for the deployment's own folder. `processes` is
    how many the configuration makes of it, itself included; None where that is not known.
    """

    name: str
    command: tuple[str, ...]
    processes: int | None = None


class Deployment(Record):
    """One server configuration serving one app.

    `processes` and `threads` are what the configuration asks for, None where that is not known.
    `promises_keep_alive` is what it promises, None where nobody can tell; what it did is
    `LaunchedDeployment.keeps_alive`. `behind` is the proxy in front of it. `twin_of` is the id of the
    deployment this one repeats to measure the run's own noise: it is in no ranking. `revision` tells the two
    versions of the app apart that a check compares. `programs` are the versions of the programs of the system
    that it needs, by name.
    """

    _older = model_validator(mode="before")(deployment_of_today)

    id: str
    name: str
    server: str
    app: App
    version: str
    parts: tuple[Part, ...]
    processes: int | None
    threads: int | None
    promises_keep_alive: bool | None
    remarks: tuple[str, ...] = ()
    twin_of: str | None = None
    revision: Revision | None = None
    profile: Profile = "equal"
    behind: str | None = None
    tls: bool = False
    programs: dict[str, str] = {}

    @property
    def expected_processes(self) -> int | None:
        """How many processes its parts make together; None where that is not known."""
        return total(part.processes for part in self.parts)


class LoadLevel(Record):
    """How hard a cell is pressed.

    Closed loop: `connections` that each send when the answer came. Open loop: requests due at `rate_per_s`,
    on so many connections at most. A locustfile: so many of its users, each as good as a connection.
    """

    connections: int
    rate_per_s: float | None = None
    poisson: bool = False
    locustfile: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether requests are sent when they are due, so that their latency is known."""
        return self.rate_per_s is not None

    @property
    def label(self) -> str:
        """The load as reports name it: `16 connections`, `500/s`, `500/s (Poisson)`, `flows.py, 4 users`."""
        plural = "" if self.connections == 1 else "s"
        if self.locustfile is not None:
            return f"{self.locustfile}, {self.connections} user{plural}"
        if self.rate_per_s is not None:
            return f"{self.rate_per_s:.12g}/s{' (Poisson)' if self.poisson else ''}"
        return f"{self.connections} connection{plural}"


class Cell(Record):
    """What gets a number: a deployment, a request and a load level."""

    id: str
    deployment: str
    request: str
    load: LoadLevel


class Skipped(Record):
    """A server of the scenario that could not be measured here, why, and what would help."""

    name: str
    server: str
    reason: str
    remedy: str


class Check(Record):
    """What a check compares, and after how many launches it looks.

    `against` is the git reference as it was given, `base` the commit it named; `head` is the commit that was
    checked out here, and `changed` whether the folder had changes beyond it: head is the folder as it was.
    `looks` are the numbers of launches after which there may be a verdict, `confirmation` how many more a
    regression has to show in. `dependencies` are the files by which the two need different packages. `notes`
    say what a reader should know about how the two were made.
    """

    against: str
    base: str
    head: str | None
    changed: bool
    looks: tuple[int, ...]
    confirmation: int
    dependencies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class BaselineCheck(Record):
    """What a check against a baseline holds the app against, and when it looks.

    `file` is the baseline as it was named, `content` what stood in it (`baseline_file.Baseline`). There is
    one look, after so many `launches`; `confirmation` is how many more a regression has to show in.
    """

    file: str
    content: dict[str, Any]
    launches: int
    confirmation: int


class Run(Record):
    """A run as it was planned and where it took place.

    `check` is there where two versions are compared, `baseline` where one is compared with a stored run.
    `ceiling_per_s` is how many answers a second of a null target the load generator could take at most; None
    where the null target was the limit, or none was asked.
    """

    _older = model_validator(mode="before")(run_of_today)

    format: Literal[3] = FORMAT
    id: str
    status: Literal["running", "complete", "partial"]
    started_at: datetime
    finished_at: datetime | None
    scenario_file: str
    scenario_text: str
    scenario: dict[str, Any]
    seed: int
    machine: Machine
    versions: dict[str, str]
    deployments: tuple[Deployment, ...]
    cells: tuple[Cell, ...]
    skipped: tuple[Skipped, ...] = ()
    check: Check | None = None
    baseline: BaselineCheck | None = None
    ceiling_per_s: float | None = None


class Failure(Record):
    """A deployment that did not start, or died: a stable code, what happened and what its log said last."""

    code: Literal["start", "died", "worker"]
    what: str
    log: tuple[str, ...] = ()


class LaunchedPart(Record):
    """One fresh start of a part of a deployment. Memory is PSS, that of all processes it became."""

    name: str
    command: tuple[str, ...]
    processes: int | None = None
    memory_bytes: int | None = None


class LaunchedDeployment(Record):
    """One fresh start of a deployment. Start-up is from exec to the first good answer.

    `parts` are in the order of the deployment's, `files` what was written into its folder for it.
    """

    _older = model_validator(mode="before")(launched_of_today)

    deployment: str
    parts: tuple[LaunchedPart, ...]
    start_up_ns: int | None
    keeps_alive: bool | None
    files: dict[str, str] = {}
    failure: Failure | None = None

    @property
    def processes(self) -> int | None:
        """How many processes it was; None where that was not seen."""
        return total(part.processes for part in self.parts)

    @property
    def memory_bytes(self) -> int | None:
        """The memory of all its parts together; None where it was not looked at."""
        return total(part.memory_bytes for part in self.parts)


class Answer(Record):
    """The body of an answer, as far as it is remembered."""

    bytes: int
    sha256: str


class Launch(Record):
    """One fresh start of all deployments. `rejected` says of a cell (id) why its answer was not accepted.

    Those of them in `unlike` answered as the scenario expects, but not the same each time, or not what the
    others did or what had come before.

    In a check `answers` holds what each cell (id) answered to each of its requests (by label), where the
    scenario expects the same body from every deployment.

    In a run that goes on until it knows enough, it also holds what was decided after this launch: whether
    that is `enough`; and if not, which cells (ids) are `settled`, so that they take part only in every second
    block of the next, and which are `left_out` of it. A `confirming` launch of a check repeats what was found
    before.
    """

    number: int
    deployments: tuple[LaunchedDeployment, ...]
    rejected: dict[str, str] = {}
    unlike: tuple[str, ...] = ()
    answers: dict[str, dict[str, Answer]] = {}
    settled: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    enough: bool = False
    confirming: bool = False


class Share(Record):
    """What one request of a mix contributed to a slice's counted window."""

    requests: int
    histogram: str


class Arrivals(Record):
    """The arrivals that were due in a slice's counted window, where the load is an open loop.

    `waited` counts those that found every connection taken, `unsent` those that still waited when the window
    ended and were never sent. `late` (histogram) and `latest_ns` tell how late the generator sent the others.
    `behind_before` and `behind_after` count what was due and unanswered when the window began and ended.
    """

    due: int
    waited: int
    unsent: int
    late: str
    latest_ns: int
    behind_before: int = 0
    behind_after: int = 0


class Slice(Record):
    """One short uninterrupted stretch of load on one cell.

    The ramp at its start is not counted: `requests`, `histogram`, `duration_sum_ns`, `longest_ns` and
    `per_connection` belong to the counted window of `counted_ns` alone. `errors`, `answered` (verified
    responses), `connections_opened`, `server_cpu_ns` and the generator's two durations belong to the whole
    slice, from the first send to the last answer. Busy is CPU time, less that of polling in vain.
    `stolen_ns` is what the hypervisor withheld from a core meanwhile, the mean of the run's cores, in steps
    of 10 ms: right only when added up over many slices. `cpu_by_part_ns` is the share of `server_cpu_ns` of
    each part of the deployment, where there are several.

    Durations are service times of the requests that were sent within the window, or in an open loop latencies
    of those that were due within it, whenever they were answered; of a locustfile's, those of the answers
    that came within it. `by_request` tells the requests of a mix apart, by name.
    """

    _older = model_validator(mode="before")(slice_of_today)

    cell: str
    counted_ns: int
    requests: int
    errors: dict[str, int] = {}
    histogram: str
    duration_sum_ns: int
    longest_ns: int
    per_connection: tuple[int, ...]
    connections_opened: int
    answered: int
    server_cpu_ns: int | None
    generator_wall_ns: int
    generator_busy_ns: int
    arrivals: Arrivals | None = None
    by_request: dict[str, Share] = {}
    stolen_ns: int | None = None
    cpu_by_part_ns: tuple[int, ...] = ()


class Block(Record):
    """One slice of every cell that takes part, in the order in which they ran."""

    launch: int
    number: int
    slices: tuple[Slice, ...]


class Measurements(Record):
    """Everything one run has measured."""

    run: Run
    launches: tuple[Launch, ...]
    blocks: tuple[Block, ...]
