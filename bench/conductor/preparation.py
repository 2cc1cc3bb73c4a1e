"""Before a run starts: what will run, under which settings, and everything that can be refused by then."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.conductor import reference_app
from bench.conductor.deployments.blueprints import Choice, blueprint_of
from bench.conductor.deployments.certificate import RunCertificate, make_certificate
from bench.conductor.deployments.placement import Placed, place, python_of
from bench.conductor.deployments.site import Site
from bench.conductor.deployments.source import Source
from bench.conductor.descriptors import allow_connections
from bench.conductor.environments.availability import versions
from bench.conductor.machine import describe_machine
from bench.errors import InputError, ServerFailed
from bench.plan import cells_of, estimated_duration_ns
from bench.results.model import Cell, Deployment, Machine, Run, Skipped
from bench.scenario.model import Scenario
from bench.scenario.reading import LoadedScenario
from bench.servers import Blueprint
from bench.stats.baselines.reference import VERSION_NAME
from bench.stats.decision import Decide
from bench.stats.until import until


@dataclass(frozen=True)
class Prepared:
    """A run that is ready to start: its description, and what was chosen for each deployment (id).

    `certificate` is there where a deployment speaks TLS. `decide` tells after each launch whether to go on;
    without it the run has all its launches.
    """

    loaded: LoadedScenario
    run: Run
    choices: Mapping[str, Choice]
    certificate: RunCertificate | None
    estimated_ns: int
    most_launches: int
    decide: Decide | None = None

    @property
    def has_fixed_ports(self) -> bool:
        """Whether a deployment must have the very port of the one before it."""
        return any(choice.server.port is not None for choice in self.choices.values())

    def site(self, deployment: Deployment, port: int, folder: Path) -> Site:
        """Where this deployment stands with this port and this folder, which is not there yet."""
        return Site(port, folder, self.certificate if deployment.tls else None)

    def blueprint(self, deployment: Deployment, site: Site) -> Blueprint:
        """How to launch this deployment there."""
        return blueprint_of(self.loaded, self.choices[deployment.id], self.run.machine, site)


def prepare(
    loaded: LoadedScenario,
    *,
    seed: int | None = None,
    name: str | None = None,
    machine: Machine | None = None,
    sources: Sequence[Source] | None = None,
    reference: Path | None = None,
) -> Prepared:
    """Plan the run, and raise the soft limit of open files where it is too low for it.

    Without `sources` the app comes from the scenario's folder and runs in the scenario's environment. With
    those of a check every server gets a deployment of each, and there is no floor and no twin. With a
    `reference`, the folder that has the reference app in it, that is measured beside the app under every
    server.

    Raises ServerFailed where a fixed port is taken or no server can be started here, and InputError where
    fewer files may be open than there are connections, a locustfile's users would have to speak TLS, an
    environment's Python does not run, or the path of the app's folder is no text. Give
    `machine` where this process has been bound to some of its cores since they were looked at.
    """
    scenario, measure = loaded.scenario, loaded.scenario.measure
    _refuse_unreadable(loaded.directory)
    machine = machine or describe_machine(measure.generators)
    sources = sources or (Source(loaded.directory, python_of(loaded)),)
    placed, skipped = place(loaded, sources, machine, reference)
    if not placed:
        raise _nothing_to_start(skipped)
    cells = _cells(scenario, placed)
    if (again := _twin(scenario, placed[0])) is not None:
        twin, cell = again
        placed, cells = [*placed, twin], (*cells, cell)
    _refuse_users_over_tls(scenario, placed)
    allow_connections(_most_at_one_end(cells))
    return Prepared(
        loaded=loaded,
        run=_planned(loaded, machine, placed, cells, skipped, seed=seed, name=name),
        choices={one.deployment.id: one.choice for one in placed},
        certificate=make_certificate() if any(one.deployment.tls for one in placed) else None,
        estimated_ns=estimated_duration_ns(measure, len(placed), cells),
        most_launches=measure.launches,
        decide=None if measure.until is None else until(measure.until),
    )


def _planned(  # noqa: PLR0913  (a run is described by all of this)
    loaded: LoadedScenario,
    machine: Machine,
    placed: Sequence[Placed],
    cells: tuple[Cell, ...],
    skipped: Sequence[Skipped],
    *,
    seed: int | None,
    name: str | None,
) -> Run:
    """The run as it is planned, with a name and a seed where none is given."""
    if seed is None:
        seed = loaded.scenario.measure.seed
    started_at = datetime.now(UTC)
    return Run(
        id=name or f"{loaded.path.stem}-{started_at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        status="running",
        started_at=started_at,
        finished_at=None,
        scenario_file=loaded.path.name if loaded.path.is_absolute() else str(loaded.path),
        scenario_text=loaded.text,
        scenario=loaded.scenario.model_dump(mode="json", by_alias=True),
        seed=secrets.randbits(32) if seed is None else seed,
        machine=machine,
        versions=_versions(placed),
        deployments=tuple(one.deployment for one in placed),
        cells=cells,
        skipped=tuple(skipped),
    )


def _nothing_to_start(skipped: Sequence[Skipped]) -> ServerFailed:
    reasons = "\n  ".join(f"{skip.name}: {skip.reason}; {skip.remedy}" for skip in skipped)
    return ServerFailed("none of the scenario's servers can be started here", reasons)


def _refuse_unreadable(directory: Path) -> None:
    """Raise InputError where the folder's path is no text: command lines name it, and they are stored."""
    try:
        str(directory).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the path of the app's folder is not UTF-8: {str(directory)!r}", "rename the folder"
        ) from error


def _refuse_users_over_tls(scenario: Scenario, placed: Sequence[Placed]) -> None:
    """Raise InputError where a locustfile's users would meet a certificate that they cannot check."""
    encrypted = [one.deployment.name for one in placed if one.deployment.tls]
    for load in scenario.load:
        if load.locustfile is not None and encrypted:
            raise InputError(
                f"{encrypted[0]} speaks TLS, and the users of {load.locustfile} do not know the certificate, "
                "which is made for the run",
                "leave `tls` out, or have the load made of `requests:`",
            )


def _cells(scenario: Scenario, placed: Sequence[Placed]) -> tuple[Cell, ...]:
    """Every cell; of a reference only one a load, for it does the same work whatever it is asked."""
    references = [one.deployment for one in placed if one.deployment.app == "reference"]
    others = [one.deployment for one in placed if one.deployment.app != "reference"]
    return (
        *cells_of(others, scenario.requests, scenario.load),
        *cells_of(references, scenario.requests[:1], scenario.load),
    )


def _versions(placed: Sequence[Placed]) -> dict[str, str]:
    """The versions of all that has a part in the numbers; of a check, those of head."""
    found = versions(next(one.source.python for one in placed if one.source.revision != "base"))
    if any(one.deployment.app == "reference" for one in placed):
        found[VERSION_NAME] = reference_app.VERSION
    return found


def _twin(scenario: Scenario, first: Placed) -> tuple[Placed, Cell] | None:
    """The first deployment once more, with the one cell by which the run measures its own noise.

    None where that is switched off, where all load comes from locustfiles, and in a check, whose base and
    head say as much. No other deployment can have its name: names in a scenario hold no space.
    """
    loads = [load for load in scenario.load if load.locustfile is None]
    if not scenario.measure.twin or not loads or first.source.revision is not None:
        return None
    of = first.deployment
    twin = of.model_copy(update={"id": f"{of.id} again", "name": f"{of.name} again", "twin_of": of.id})
    (cell,) = cells_of([twin], scenario.requests[:1], loads[:1])
    return replace(first, deployment=twin), cell


def _most_at_one_end(cells: Sequence[Cell]) -> int:
    """The most connections that one process may have.

    That is the generator with those of all cells, or a server with a proxy in front, which has two for each
    of its own.
    """
    of_deployments: Counter[str] = Counter()
    for cell in cells:
        of_deployments[cell.deployment] += cell.load.connections
    return max(of_deployments.total(), 2 * max(of_deployments.values(), default=0))
