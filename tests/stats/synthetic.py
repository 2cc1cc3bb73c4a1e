"""Measurements made of numbers: what a run would have stored, for tests of everything derived from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.histogram import Histogram
from bench.results.model import (
    App,
    Arrivals,
    Block,
    Cell,
    Deployment,
    Failure,
    Launch,
    LaunchedDeployment,
    LaunchedPart,
    LoadLevel,
    Machine,
    Measurements,
    Profile,
    Run,
    Share,
    Slice,
)
from bench.results.model import Part as DeployedPart
from bench.stats.tally import Tally, tallies

COUNTED_NS = 100_000_000
REQUEST = "GET /json"


@dataclass(frozen=True)
class Part:
    """One deployment and its cell as they shall come out.

    With a `rate` it is an open loop that reaches it, with so many milliseconds as the median `latency_ms`;
    with `names` it is a mix of requests; with a `locustfile` the load of its users. With `made_of` it has
    several processes: their names, and what share of its CPU time each takes.
    """

    name: str
    goodput: float = 2000.0
    app: App = "app"
    cpu_us: float = 160.0
    request: str = REQUEST
    connections: int = 16
    kept: bool = True
    promised: bool | None = True
    failure: Failure | None = None
    rate: float | None = None
    latency_ms: float = 2.0
    names: tuple[str, ...] = ()
    locustfile: str | None = None
    server: str = ""
    processes: int | None = 1
    threads: int | None = 4
    profile: Profile = "equal"
    behind: str | None = None
    made_of: tuple[tuple[str, float], ...] = ()

    @property
    def load(self) -> LoadLevel:
        return LoadLevel(connections=self.connections, rate_per_s=self.rate, locustfile=self.locustfile)

    @property
    def deployment_id(self) -> str:
        return f"{self.name}-{self.app}"

    @property
    def cell_id(self) -> str:
        return f"{self.deployment_id}-{self.request}-{self.load.label}"


def measurements(
    parts: Sequence[Part],
    launches: int = 4,
    blocks: int = 10,
    noise: float = 0.02,
    launch_noise: float = 0.005,
    seed: int = 1,
) -> Measurements:
    """A run of these parts: `blocks` blocks a launch, a drift all cells of a block share, noise on each."""
    generator = np.random.default_rng(seed)
    lucks = generator.normal(0, launch_noise, (launches, len(parts)))
    made = [
        _block(launch, launch * blocks + number, parts, lucks[launch], noise, generator)
        for launch in range(launches)
        for number in range(blocks)
    ]
    return Measurements(
        run=_run(parts, seed),
        launches=tuple(Launch(number=number, deployments=_launched(parts)) for number in range(launches)),
        blocks=tuple(made),
    )


def with_slices(original: Measurements, change: Callable[[Slice], Slice]) -> Measurements:
    """The same run with every slice changed."""
    blocks = tuple(
        block.model_copy(update={"slices": tuple(change(one) for one in block.slices)})
        for block in original.blocks
    )
    return original.model_copy(update={"blocks": blocks})


def with_run(original: Measurements, **update: object) -> Measurements:
    """The same measurements of a run that differs in these fields."""
    return original.model_copy(update={"run": original.run.model_copy(update=update)})


def tally(part: Part | None = None, change: Callable[[Slice], Slice] = lambda one: one) -> Tally:
    """The tally of one steady cell, its slices changed."""
    (only,) = tallies(with_slices(measurements([part or Part("gunicorn")]), change))
    return only


def a_slice(part: Part, goodput: float) -> Slice:
    """A slice of a closed loop in which everything is as it should be for this goodput."""
    requests = round(goodput * COUNTED_NS / 1e9)
    return _slice(part, requests, part.connections * COUNTED_NS // max(1, requests))


def an_open_slice(part: Part, latency_ns: float) -> Slice:
    """A slice at the part's rate in which half of the requests are answered within this latency."""
    assert part.rate is not None
    due = round(part.rate * COUNTED_NS / 1e9)
    late = Histogram.of(np.full(due, 2_000)).encode()
    arrivals = Arrivals(due=due, waited=0, unsent=0, late=late, latest_ns=2_000)
    return _slice(part, due, round(latency_ns)).model_copy(update={"arrivals": arrivals})


def _one(part: Part, factor: float) -> Slice:
    """A slice that is better by this factor than the part is usually."""
    if part.rate is None:
        return a_slice(part, part.goodput * factor)
    return an_open_slice(part, part.latency_ms * 1e6 / factor)


def _slice(part: Part, requests: int, median_ns: int) -> Slice:
    answered = round(requests * 1.1)
    each, rest = divmod(requests, part.connections)
    durations_ns = np.linspace(0.5, 1.5, requests) * median_ns
    return Slice(
        cell=part.cell_id,
        counted_ns=COUNTED_NS,
        requests=requests,
        histogram=Histogram.of(durations_ns).encode(),
        duration_sum_ns=requests * median_ns,
        longest_ns=round(1.5 * median_ns),
        per_connection=tuple(each + (position < rest) for position in range(part.connections)),
        connections_opened=0,
        answered=answered,
        server_cpu_ns=round(answered * part.cpu_us * 1000),
        cpu_by_part_ns=tuple(round(answered * part.cpu_us * 1000 * share) for _, share in part.made_of),
        generator_wall_ns=round(COUNTED_NS * 1.1),
        generator_busy_ns=round(COUNTED_NS * 0.1),
        by_request={name: _share(durations_ns[at :: len(part.names)]) for at, name in enumerate(part.names)},
    )


def _share(durations_ns: np.ndarray) -> Share:
    return Share(requests=len(durations_ns), histogram=Histogram.of(durations_ns).encode())


def _block(
    launch: int,
    number: int,
    parts: Sequence[Part],
    luck: np.ndarray,
    noise: float,
    generator: np.random.Generator,
) -> Block:
    drift = generator.normal(0, 0.1)
    factors = np.exp(drift + luck + generator.normal(0, noise, len(parts)))
    order = generator.permutation(len(parts))
    slices = tuple(_one(parts[at], float(factors[at])) for at in order)
    return Block(launch=launch, number=number, slices=slices)


def _launched(parts: Sequence[Part]) -> tuple[LaunchedDeployment, ...]:
    distinct = {part.deployment_id: part for part in parts}
    return tuple(
        LaunchedDeployment(
            deployment=part.deployment_id,
            parts=tuple(
                LaunchedPart(
                    name=name, command=(name, "--port", "8000"), processes=2, memory_bytes=round(60e6 * share)
                )
                for name, share in part.made_of or ((part.name, 1.0),)
            ),
            start_up_ns=400_000_000,
            keeps_alive=part.kept,
            failure=part.failure,
        )
        for part in distinct.values()
    )


def _run(parts: Sequence[Part], seed: int) -> Run:
    started = datetime(2025, 1, 1, 12, tzinfo=UTC)
    return Run(
        id="20250101-120000-synthetic",
        status="complete",
        started_at=started,
        finished_at=started + timedelta(seconds=100),
        scenario_file="scenario.yaml",
        scenario_text="app: apps.flask_app:app\n",
        scenario={"app": "apps.flask_app:app"},
        seed=seed,
        machine=Machine(
            cpu_model="A processor",
            cores=2,
            server_cores=(0,),
            generator_cores=(1,),
            memory_bytes=4_000_000_000,
            kernel="6.1",
            distribution="Debian 12",
            hypervisor=None,
            frequency_governor=None,
        ),
        versions={"python": "3.11"},
        deployments=tuple({part.deployment_id: _deployment(part) for part in parts}.values()),
        cells=tuple(
            Cell(
                id=part.cell_id,
                deployment=part.deployment_id,
                request=part.request,
                load=part.load,
            )
            for part in parts
        ),
    )


def _deployment(part: Part) -> Deployment:
    return Deployment(
        id=part.deployment_id,
        name=part.name,
        server=part.server or part.name,
        app=part.app,
        version="1.0",
        parts=tuple(
            DeployedPart(name=name, command=(name, "--port", "0"))
            for name, _ in part.made_of or ((part.name, 1.0),)
        ),
        processes=part.processes,
        threads=part.threads,
        promises_keep_alive=part.promised,
        profile=part.profile,
        behind=part.behind,
    )
