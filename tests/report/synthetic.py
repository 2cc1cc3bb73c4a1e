"""Runs that never took place, with realistic numbers, to draw reports from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from bench.histogram import Histogram
from bench.results.model import (
    App,
    Block,
    Cell,
    Deployment,
    Launch,
    LaunchedDeployment,
    LaunchedPart,
    LoadLevel,
    Machine,
    Measurements,
    Part,
    Profile,
    Run,
    Skipped,
    Slice,
)
from bench.stats.merit import merit_of
from bench.stats.parts import spread_of
from bench.stats.summary import (
    ArrivalsSummary,
    CellSummary,
    Comparison,
    Interval,
    Noise,
    PartSummary,
    Reason,
    RequestSummary,
    Split,
    Summary,
)

CONNECTIONS = 16
CLOSED = LoadLevel(connections=CONNECTIONS)
OPEN = LoadLevel(connections=128, rate_per_s=1000)
POISSON = LoadLevel(connections=256, rate_per_s=1500, poisson=True)
LOCUSTFILE = LoadLevel(connections=8, locustfile="flows.py")
MIX = {
    "browsing": ("GET /", "GET /json", "POST /echo?price=$1&sum=$2")
}  # its name, and those of its requests
LAUNCHES, BLOCKS = 4, 12
PROFILES: tuple[Profile, ...] = ("shipped", "equal")
COUNTED_NS = 400_000_000

# goodput of app and floor, keep-alive, spread of service times, CPU us of app and floor, MB, start-up ms
SERVERS: dict[str, tuple[float, float, bool, float, float, float, float, float]] = {
    "flask": (1200, 1640, False, 0.55, 815, 610, 34.2, 410),
    "gunicorn": (2600, 5600, True, 0.35, 381, 176, 92.8, 620),
    "gunicorn-sync": (2400, 4850, False, 0.25, 410, 204, 61.5, 590),
    "uwsgi": (3600, 14000, True, 0.18, 275, 71, 48.0, 330),
    "waitress": (3100, 8500, True, 0.30, 320, 117, 38.6, 450),
}

SCENARIO = """\
app: apps.flask_app:app
floor: apps.bare:app
servers: [flask, gunicorn, gunicorn-sync, uwsgi, waitress]
requests: [GET /json]
load: {connections: 16}
measure: {for: 60s}
"""

Report = tuple[Summary, Measurements]


@lru_cache(maxsize=8)
def complete(requests: tuple[str, ...] = ("GET /json",), loads: tuple[LoadLevel, ...] = (CLOSED,)) -> Report:
    """A run in which nothing went wrong, but for servers that a rate is too high for."""
    random = np.random.default_rng(20_251_121)
    deployments = tuple(_deployment(name, app) for app in ("app", "floor") for name in SERVERS)
    cells = tuple(
        Cell(id=f"{each.id}-{index}", deployment=each.id, request=request, load=load)
        for index, (request, load) in enumerate(product(requests, loads))
        for each in deployments
    )
    run = _run(deployments, cells)
    machine_noise = (
        1 + 0.02 * np.sin(np.arange(LAUNCHES * BLOCKS) / 5) + random.normal(0, 0.012, LAUNCHES * BLOCKS)
    )
    measured = {cell.id: _measure(cell, deployments, machine_noise, random) for cell in cells}
    summaries = tuple(_summed(cell, deployments, measured[cell.id]) for cell in cells)
    measurements = Measurements(run=run, launches=_launches(deployments), blocks=_blocks(cells, measured))
    return _summary(run, summaries), measurements


def with_cells(report: Report, changed: dict[str, CellSummary]) -> Report:
    """The report with these cells (by deployment id) in place of its own; ranked and compared anew."""
    summary, measurements = report
    cells = tuple(changed.get(cell.deployment.id, cell) for cell in summary.cells)
    return replace(
        _summary(summary.run, cells), skipped=summary.skipped, warnings=summary.warnings
    ), measurements


def cell_of(report: Report, deployment: str) -> CellSummary:
    """The first cell of this deployment id."""
    return next(cell for cell in report[0].cells if cell.deployment.id == deployment)


def at_rates() -> Report:
    """A run at two rates, of which flask bears only the first."""
    return complete(loads=(OPEN, POISSON))


def entered_twice() -> Report:
    """A run in which one deployment was entered twice."""
    summary, measurements = complete()
    noise = Noise("uwsgi-app", "GET /json", CLOSED, "goodput", Interval(1.003, 0.991, 1.015), 48, 0)
    return replace(summary, noise=noise), measurements


def mixed() -> Report:
    """A run of all kinds of load with a mix of requests."""
    return complete(tuple(MIX), (CLOSED, POISSON, LOCUSTFILE))


def invalid() -> Report:
    """A run with a cell that the generator limited, and a server that is not there."""
    cell = cell_of(complete(), "waitress-app")
    reasons = (
        Reason(
            "generator",
            "The generator was busy 94 % of the time.",
            "Give it a core of its own with `generator_cores`.",
        ),
        Reason(
            "errors",
            "0.4 % of the responses were errors: 31 times the status was 503.",
            "Look into the server's log.",
        ),
    )
    broken = replace(cell, reasons=reasons, generator_busy=0.94, errors={"status 503": 31})
    summary, measurements = with_cells(complete(), {"waitress-app": broken})
    skipped = (
        Skipped(
            name="mod_wsgi",
            server="mod_wsgi",
            reason="apache2 is not installed.",
            remedy="Install apache2-dev.",
        ),
    )
    warnings = ("The hypervisor took 3.1 % of the processor's time from this machine (steal).",)
    return replace(summary, skipped=skipped, warnings=warnings), measurements


def partial() -> Report:
    """A run that was stopped in its second launch."""
    summary, measurements = complete()
    run = summary.run.model_copy(update={"status": "partial", "finished_at": None})
    blocks = tuple(
        block for block in measurements.blocks if block.launch == 1 or (block.launch, block.number) < (2, 19)
    )
    cells = tuple(
        replace(cell, goodput_per_block=cell.goodput_per_block[: len(blocks)]) for cell in summary.cells
    )
    kept = Measurements(run=run, launches=measurements.launches[:2], blocks=blocks)
    return replace(_summary(run, cells), warnings=("The run was stopped after 18 of 48 blocks.",)), kept


def tied() -> Report:
    """A run whose two best cannot be told apart."""
    report = complete()
    best, other = cell_of(report, "uwsgi-app"), cell_of(report, "waitress-app")
    assert best.goodput is not None
    close = Interval(best.goodput.value * 0.998, best.goodput.low * 0.998, best.goodput.high * 0.998)
    return with_cells(report, {"waitress-app": replace(other, goodput=close)})


@lru_cache(maxsize=1)
def many() -> Report:
    """A run of 16 deployments with long names: nginx before one, two or four backends, in both profiles."""
    summary, measurements = complete()
    of_app = {each.deployment.name: each for each in summary.cells if each.deployment.app == "app"}
    cells = tuple(
        _behind_nginx(of_app[name], backends, profile, better=1 + place / 50)
        for place, (name, backends, profile) in enumerate(
            product(("gunicorn", "gunicorn-sync", "uwsgi", "waitress"), (2, 4), PROFILES)
        )
    )
    run = summary.run.model_copy(
        update={
            "deployments": tuple(cell.deployment for cell in cells),
            "cells": tuple(cell.cell for cell in cells),
        }
    )
    launched = tuple(_launched_behind(each.deployment) for each in cells)
    launches = tuple(each.model_copy(update={"deployments": launched}) for each in measurements.launches)
    return _summary(run, cells), measurements.model_copy(update={"run": run, "launches": launches})


def _behind_nginx(cell: CellSummary, backends: int, profile: Profile, better: float) -> CellSummary:
    """The cell with nginx before so many backends, of which the last works least; by this factor better."""
    name = f"{cell.deployment.name}-behind-nginx-{backends}-tcp-{profile}"
    server, cost, goodput = cell.deployment.server, cell.cpu_us_per_request, cell.goodput
    assert cost is not None
    assert goodput is not None
    names = [f"{server}-{number}" for number in range(1, backends + 1)]
    weights = [0.12, *(0.88 / backends * (1 + tilt) for tilt in np.linspace(0.1, -0.1, backends))]
    parts = tuple(
        PartSummary(each, 1, Interval(*(bound * weight for bound in (cost.value, cost.low, cost.high))),
                    weight, round(20e6 * (1 + weight)))
        for each, weight in zip(("nginx", *names), weights, strict=True)
    )  # fmt: skip
    deployment = cell.deployment.model_copy(
        update={
            "id": f"{name}-app",
            "name": name,
            "profile": profile,
            "behind": "nginx",
            "tls": backends == 4,
            "programs": {"nginx": "1.22.1"},
            "processes": backends,
            "parts": tuple(
                Part(name=each, command=(each, "--port", "0"), processes=2) for each in (*names, "nginx")
            ),
        }
    )
    return replace(
        cell,
        cell=cell.cell.model_copy(update={"id": f"{name}-cell", "deployment": deployment.id}),
        deployment=deployment,
        goodput=Interval(*(bound * better for bound in (goodput.value, goodput.low, goodput.high))),
        memory_bytes=sum(part.memory_bytes or 0 for part in parts),
        parts=parts,
        spread=spread_of(parts),
    )


def _launched_behind(deployment: Deployment) -> LaunchedDeployment:
    return LaunchedDeployment(
        deployment=deployment.id,
        parts=tuple(
            LaunchedPart(name=each.name, command=each.command, processes=2) for each in deployment.parts
        ),
        start_up_ns=300_000_000,
        keeps_alive=deployment.promises_keep_alive,
        files={"nginx.conf": "events {}\nhttp { # <script>document.title='ran'</script>\n}\n"},
    )


def _deployment(name: str, app: App) -> Deployment:
    module = "apps.flask_app:app" if app == "app" else "apps.bare:app"
    return Deployment(
        id=f"{name}-{app}",
        name=name,
        server=name.removesuffix("-sync"),
        app=app,
        version="27.0.1" if name.startswith("gunicorn") else "3.1.3",
        parts=(
            Part(name=name, command=("python", "-m", name, "--bind", "127.0.0.1:0", "--name", "a b", module)),
        ),
        processes=1,
        threads=1 if name.endswith("sync") else 4,
        promises_keep_alive=SERVERS[name][2],
        remarks=("Meant for development",) if name == "flask" else (),
    )


def _run(deployments: tuple[Deployment, ...], cells: tuple[Cell, ...]) -> Run:
    started = datetime(2025, 11, 21, 8, 12, tzinfo=UTC)
    return Run(
        id="20251121-081200-json",
        status="complete",
        started_at=started,
        finished_at=started + timedelta(seconds=131),
        scenario_file="scenarios/my json.yaml",
        scenario_text=SCENARIO,
        scenario={"app": "apps.flask_app:app", "floor": "apps.bare:app"},
        seed=8_246_913,
        machine=Machine(
            cpu_model="AMD EPYC 7763 64-Core Processor",
            cores=2,
            server_cores=(0,),
            generator_cores=(1,),
            memory_bytes=8_323_000_000,
            kernel="6.1.0-18-amd64",
            distribution="Debian GNU/Linux 12 (bookworm)",
            hypervisor="KVM",
            frequency_governor=None,
        ),
        versions={"wsgi-bench": "0.1.0", "python": "3.11.7", "flask": "3.1.3", "gunicorn": "27.0.1"},
        deployments=deployments,
        cells=cells,
    )


def _by_id(deployments: tuple[Deployment, ...], deployment: str) -> Deployment:
    return next(each for each in deployments if each.id == deployment)


Measured = list[tuple[Histogram, int, int]]  # a block: service times, their sum, the longest


def _measure(
    cell: Cell, deployments: tuple[Deployment, ...], noise: np.ndarray, random: np.random.Generator
) -> Measured:
    deployment = _by_id(deployments, cell.deployment)
    goodput = SERVERS[deployment.name][0 if deployment.app == "app" else 1]
    spread = SERVERS[deployment.name][3]
    found = []
    for machine in noise:
        rate = goodput * machine * (1 + random.normal(0, 0.01))
        count, mean_ns = round(rate * COUNTED_NS / 1e9), cell.load.connections / rate * 1e9
        if cell.load.rate_per_s is not None:
            count = round(cell.load.rate_per_s * COUNTED_NS / 1e9)
            mean_ns = 1e9 / rate / max(0.05, 1 - cell.load.rate_per_s / rate)
        times = random.lognormal(np.log(mean_ns) - spread**2 / 2, spread, count)
        found.append((Histogram.of(times.astype(np.int64)), int(times.sum()), int(times.max())))
    return found


def _summed(cell: Cell, deployments: tuple[Deployment, ...], measured: Measured) -> CellSummary:
    deployment = _by_id(deployments, cell.deployment)
    _, _, keeps_alive, _, app_us, floor_us, megabytes, start_up_ms = SERVERS[deployment.name]
    goodputs = np.array([histogram.total for histogram, _, _ in measured]) / COUNTED_NS * 1e9
    cost = app_us if deployment.app == "app" else floor_us
    return CellSummary(
        cell=cell,
        deployment=deployment,
        goodput=_interval(goodputs),
        goodput_per_block=tuple((index // BLOCKS + 1, float(value)) for index, value in enumerate(goodputs)),
        histogram=sum((histogram for histogram, _, _ in measured), Histogram()),
        longest_ns=max(longest for _, _, longest in measured),
        cpu_us_per_request=Interval(cost, cost * 0.992, cost * 1.009),
        memory_bytes=int(megabytes * 1e6 * (1 if deployment.app == "app" else 0.55)),
        start_up_ns=tuple(int(start_up_ms * 1e6 * (1 + launch * 0.03)) for launch in range(LAUNCHES)),
        keeps_alive=keeps_alive,
        requests=sum(histogram.total for histogram, _, _ in measured),
        errors={},
        generator_busy=float(goodputs.mean()) / 40_000,
        reasons=_overloaded(cell, deployment),
        by_request=_by_request(cell, measured),
        **_latency(cell, measured),
    )


def _overloaded(cell: Cell, deployment: Deployment) -> tuple[Reason, ...]:
    reached = SERVERS[deployment.name][0 if deployment.app == "app" else 1]
    if cell.load.rate_per_s is None or cell.load.rate_per_s < reached:
        return ()
    return (Reason("overloaded", f"the server cannot keep up; it reached {reached}/s", "ask for less"),)


def _latency(cell: Cell, measured: Measured) -> dict[str, Any]:
    """What only a cell of an open loop has."""
    if not cell.load.is_open:
        return {}
    medians = np.array([histogram.quantile_ns(0.5) for histogram, _, _ in measured])
    due = sum(histogram.total for histogram, _, _ in measured)
    late = Histogram.of(np.linspace(500, 9_000, due))
    return {
        "median_latency_ns": _interval(medians),
        "median_latency_ns_per_block": tuple(
            (index // BLOCKS + 1, float(value)) for index, value in enumerate(medians)
        ),
        "arrivals": ArrivalsSummary(due, waited=due // 50, unsent=0, late=late, latest_ns=81_000),
    }


def _by_request(cell: Cell, measured: Measured) -> dict[str, RequestSummary]:
    """The measured durations, dealt out to the requests of a mix."""
    names = MIX.get(cell.request, ())
    dealt = {
        name: sum((histogram for histogram, _, _ in measured[at :: len(names)]), Histogram())
        for at, name in enumerate(names)
    }
    return {name: RequestSummary(histogram.total, histogram) for name, histogram in dealt.items()}


def _interval(values: np.ndarray) -> Interval:
    value, error = float(values.mean()), float(values.std() / np.sqrt(values.size))
    return Interval(value, value - 1.96 * error, value + 1.96 * error)


def _launches(deployments: tuple[Deployment, ...]) -> tuple[Launch, ...]:
    return tuple(
        Launch(
            number=number,
            deployments=tuple(_launched(each, number, place) for place, each in enumerate(deployments)),
        )
        for number in range(1, LAUNCHES + 1)
    )


def _launched(deployment: Deployment, number: int, place: int) -> LaunchedDeployment:
    port = str(20_000 + 100 * number + place)
    return LaunchedDeployment(
        deployment=deployment.id,
        parts=tuple(
            LaunchedPart(
                name=part.name,
                command=tuple(word.replace(":0", f":{port}") for word in part.command),
                processes=1,
                memory_bytes=int(SERVERS[deployment.name][6] * 1e6),
            )
            for part in deployment.parts
        ),
        start_up_ns=int(SERVERS[deployment.name][7] * 1e6),
        keeps_alive=deployment.promises_keep_alive,
    )


def _blocks(cells: tuple[Cell, ...], measured: dict[str, Measured]) -> tuple[Block, ...]:
    empty = Histogram().encode()  # reports read the summary's histograms; encoding 480 of them takes seconds
    return tuple(
        Block(
            launch=number // BLOCKS + 1,
            number=number + 1,
            slices=tuple(_slice(cell, *measured[cell.id][number], encoded=empty) for cell in cells),
        )
        for number in range(LAUNCHES * BLOCKS)
    )


def _slice(cell: Cell, histogram: Histogram, total_ns: int, longest_ns: int, *, encoded: str) -> Slice:
    return Slice(
        cell=cell.id,
        counted_ns=COUNTED_NS,
        requests=histogram.total,
        histogram=encoded,
        duration_sum_ns=total_ns,
        longest_ns=longest_ns,
        per_connection=(histogram.total // CONNECTIONS,) * CONNECTIONS,
        connections_opened=0,
        answered=histogram.total,
        server_cpu_ns=histogram.total * 100_000,
        generator_wall_ns=COUNTED_NS,
        generator_busy_ns=histogram.total * 12_000,
    )


def _summary(run: Run, cells: tuple[CellSummary, ...]) -> Summary:
    comparisons: list[Comparison] = []
    ranking = []
    for key in dict.fromkeys(_kind(each) for each in cells):
        group = [each for each in cells if _kind(each) == key and each.valid]
        group.sort(key=lambda each: merit_of(each.cell.load).rank(_figure(each)))
        if group:
            ranking.append(tuple(each.cell.id for each in group))
            comparisons += [_comparison(each, group[0]) for each in group[1:]]
    return Summary(
        run=run,
        cells=cells,
        comparisons=tuple(comparisons),
        ranking=tuple(ranking),
        split=_splits(cells),
        skipped=(),
        warnings=(),
        load_share_of_wall=0.62,
    )


def _kind(cell: CellSummary) -> tuple[object, ...]:
    return cell.deployment.app, cell.cell.request, cell.cell.load, cell.keeps_alive


def _figure(cell: CellSummary) -> float:
    figure = merit_of(cell.cell.load).of_cell(cell)
    assert figure is not None
    return figure.value


def _comparison(cell: CellSummary, best: CellSummary) -> Comparison:
    merit, ratio = merit_of(cell.cell.load), _figure(cell) / _figure(best)
    interval = Interval(ratio, ratio - 0.008, ratio + 0.008)
    return Comparison(cell.cell.id, best.cell.id, interval, merit.verdict(interval), merit.name)


def _splits(cells: tuple[CellSummary, ...]) -> tuple[Split, ...]:
    found = []
    for cell in cells:
        if cell.deployment.app == "app" and cell.valid:
            server = cell.deployment.name.split("-behind")[0]
            _, _, _, _, app_us, floor_us, _, _ = SERVERS[server]
            app, floor = SERVERS[server][:2]
            found.append(
                Split(
                    deployment=cell.deployment.id,
                    request=cell.cell.request,
                    load=cell.cell.load,
                    server_us=floor_us,
                    framework_us=app_us - floor_us,
                    goodput_share_server=app / floor if cell.cell.load == CLOSED else None,
                    gain_at_most=app_us / (app_us - floor_us),
                )
            )
    return tuple(found)
