"""Before a run starts: what will run, under which settings, and everything that can be refused by then."""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.conductor.availability import available_servers, versions
from bench.conductor.descriptors import allow_connections
from bench.conductor.machine import describe_machine
from bench.conductor.ports import free_port
from bench.errors import ServerFailed
from bench.plan import cells_of, estimated_duration_ns
from bench.results.model import Cell, Deployment, Machine, Run, Skipped
from bench.scenario.model import Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from bench.servers import SERVERS, Blueprint, Settings
from bench.stats.decision import Decide
from bench.stats.until import until

PORT_PLACEHOLDER = 0  # no server is ever asked to listen there


@dataclass(frozen=True)
class Prepared:
    """A run that is ready to start: its description, and the choice behind each deployment (by id).

    `decide` tells after each launch whether to go on; without it the run has all its launches.
    """

    loaded: LoadedScenario
    run: Run
    choices: Mapping[str, ServerChoice]
    estimated_ns: int
    most_launches: int
    decide: Decide | None = None

    @property
    def has_fixed_ports(self) -> bool:
        """Whether a deployment must have the very port of the one before it."""
        return any(choice.port is not None for choice in self.choices.values())

    def blueprint(self, deployment: Deployment, port: int) -> Blueprint:
        """How to launch this deployment on this port."""
        return _blueprint(self.loaded, self.choices[deployment.id], deployment.app == "app", port,
                          self.run.machine)  # fmt: skip


def prepare(
    loaded: LoadedScenario,
    *,
    seed: int | None = None,
    name: str | None = None,
    machine: Machine | None = None,
) -> Prepared:
    """Plan the run, and raise the soft limit of open files where it is too low for it.

    Raises ServerFailed where a fixed port is taken or no server can be started here, and InputError where
    fewer files may be open than there are connections. Give `machine` where this process has been bound to
    some of its cores since they were looked at.
    """
    scenario = loaded.scenario
    machine = machine or describe_machine(scenario.measure.generators)
    skipped = tuple(_skipped(scenario))
    choices = _choices(loaded, machine)
    if not choices:
        reasons = "\n  ".join(f"{skip.name}: {skip.reason}; {skip.remedy}" for skip in skipped)
        raise ServerFailed("none of the scenario's servers can be started here", reasons)
    cells = cells_of(list(choices), scenario.requests, scenario.load)
    if (again := _twin(scenario, choices)) is not None:
        twin, cell = again
        choices[twin] = next(iter(choices.values()))
        cells = (*cells, cell)
    allow_connections(_most_at_one_end(cells))
    if seed is None:
        seed = scenario.measure.seed
    started_at = datetime.now(UTC)
    run = Run(
        id=name or f"{loaded.path.stem}-{started_at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        status="running",
        started_at=started_at,
        finished_at=None,
        scenario_file=loaded.path.name if loaded.path.is_absolute() else str(loaded.path),
        scenario_text=loaded.text,
        scenario=scenario.model_dump(mode="json", by_alias=True),
        seed=secrets.randbits(32) if seed is None else seed,
        machine=machine,
        versions=versions(),
        deployments=tuple(choices),
        cells=cells,
        skipped=skipped,
    )
    measure = scenario.measure
    return Prepared(
        loaded=loaded,
        run=run,
        choices={deployment.id: choice for deployment, choice in choices.items()},
        estimated_ns=estimated_duration_ns(measure, len(choices), cells),
        most_launches=measure.launches,
        decide=None if measure.until is None else until(measure.until),
    )


def _skipped(scenario: Scenario) -> Iterator[Skipped]:
    """The servers that are not here, each with the reason and the remedy."""
    servers = available_servers()
    for choice in scenario.servers:
        found = servers[choice.server]
        if found.version is None:
            yield Skipped(
                name=choice.name, server=choice.server, reason=found.reason, remedy=found.server.remedy
            )


def _choices(loaded: LoadedScenario, machine: Machine) -> dict[Deployment, ServerChoice]:
    """The deployments that can be started here, each with the choice behind it."""
    servers = available_servers()
    found: dict[Deployment, ServerChoice] = {}
    for choice in loaded.scenario.servers:
        version = servers[choice.server].version
        if version is not None:
            free_port(choice.port, ())
            found |= dict.fromkeys(_deployments(loaded, choice, version, machine), choice)
    return found


def _deployments(
    loaded: LoadedScenario, choice: ServerChoice, version: str, machine: Machine
) -> list[Deployment]:
    """The app under this server, and the floor under it where there is one."""
    found = []
    for app in ("app", "floor"):
        if app == "floor" and not _has_use_for_floor(loaded.scenario):
            continue
        blueprint = _blueprint(loaded, choice, app == "app", PORT_PLACEHOLDER, machine)
        (part,) = blueprint.parts
        found.append(
            Deployment(
                id=choice.name if app == "app" else f"{choice.name}/floor",
                name=choice.name,
                server=choice.server,
                app="app" if app == "app" else "floor",
                version=version,
                command=part.command,
                processes=blueprint.processes,
                threads=blueprint.threads,
                promises_keep_alive=blueprint.keeps_alive,
                remarks=blueprint.remarks,
            )
        )
    return found


def _twin(scenario: Scenario, choices: Mapping[Deployment, ServerChoice]) -> tuple[Deployment, Cell] | None:
    """The first deployment once more, with the one cell by which the run measures its own noise.

    None where that is switched off, or where all load comes from locustfiles. No other deployment can have
    its name: names in a scenario hold no space.
    """
    loads = [load for load in scenario.load if load.locustfile is None]
    if not scenario.measure.twin or not loads:
        return None
    first = next(iter(choices))
    twin = first.model_copy(
        update={"id": f"{first.id} again", "name": f"{first.name} again", "twin_of": first.id}
    )
    (cell,) = cells_of([twin], scenario.requests[:1], loads[:1])
    return twin, cell


def _has_use_for_floor(scenario: Scenario) -> bool:
    """Whether there is a floor and a load for it: the users of a locustfile ask only the app."""
    return scenario.floor is not None and any(load.locustfile is None for load in scenario.load)


def _connections(scenario: Scenario) -> int:
    """How many connections a deployment may have: those of one cell stay open while another is measured."""
    return sum(
        load.most_connections * (1 if load.locustfile is not None else len(scenario.requests))
        for load in scenario.load
    )


def _most_at_one_end(cells: Sequence[Cell]) -> int:
    """The most connections that one process may have.

    That is the generator with those of all cells, or a server with a proxy in front, which has two for each
    of its own.
    """
    of_deployments: Counter[str] = Counter()
    for cell in cells:
        of_deployments[cell.deployment] += cell.load.connections
    return max(of_deployments.total(), 2 * max(of_deployments.values(), default=0))


def _blueprint(
    loaded: LoadedScenario, choice: ServerChoice, framework_app: bool, port: int, machine: Machine
) -> Blueprint:
    scenario = loaded.scenario
    return SERVERS[choice.server].blueprint(
        Settings(
            app=scenario.app if framework_app else scenario.floor or scenario.app,
            framework_app=framework_app,
            port=port,
            processes=choice.processes or len(machine.server_cores),
            threads=choice.threads,
            connections=_connections(scenario),
            at_once=max(load.most_connections for load in scenario.load),
            options=choice.options,
        )
    )
