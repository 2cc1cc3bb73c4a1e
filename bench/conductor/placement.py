"""Which deployments there are: every server of the scenario with every version of the app."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.conductor import reference_app
from bench.conductor.availability import Availability, available_servers
from bench.conductor.ports import free_port
from bench.conductor.python_environment import OURS, PythonEnvironment
from bench.conductor.source import Source
from bench.errors import ServerFailed
from bench.results.model import App, Deployment, Machine, Skipped
from bench.scenario.model import Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from bench.servers import SERVERS, Blueprint, Settings

PORT_PLACEHOLDER = 0  # no server is ever asked to listen there
_REFERENCE = f"{Path(reference_app.__file__).stem}:app"


@dataclass(frozen=True)
class Placed:
    """A deployment, the choice behind it, and where the version of the app that it serves comes from."""

    deployment: Deployment
    choice: ServerChoice
    source: Source


def place(
    loaded: LoadedScenario, sources: Sequence[Source], machine: Machine, reference: Path | None = None
) -> tuple[list[Placed], list[Skipped]]:
    """The deployments that can be started here, and the servers that are missing at any of the sources.

    With a folder that has the reference app in it, that is deployed once more under every server, in the
    environment of the first source.

    Raises ServerFailed where a fixed port is taken, or one version of the app has a server that another has
    not, and InputError where an environment's Python does not run.
    """
    placed: list[Placed] = []
    skipped: list[Skipped] = []
    for choice in loaded.scenario.servers:
        found = [_look_up(loaded, choice, source) for source in sources]
        missing = [availability for _, availability in found if availability.version is None]
        if missing and len(missing) < len(found):
            raise ServerFailed(f"{missing[0].reason}, but it is in the other", missing[0].remedy)
        if missing:
            skipped.append(_skipped(choice, missing[0]))
            continue
        free_port(choice.port, ())
        for source, availability in found:
            placed += _deployments(loaded, choice, source, availability.version or "", machine)
        if reference is not None:
            source, availability = found[0]
            beside = replace(source, directory=reference, revision=None)
            version = availability.version or ""
            placed.append(_placed(loaded, choice, "reference", beside, version, machine))
    return placed, skipped


def python_of(loaded: LoadedScenario) -> PythonEnvironment:
    """The environment of the scenario's Python, ours where it names none."""
    python = loaded.scenario.python
    return OURS if python is None else PythonEnvironment(loaded.python_at(python))


def _look_up(loaded: LoadedScenario, choice: ServerChoice, source: Source) -> tuple[Source, Availability]:
    """Where this server runs with this version of the app, and whether it is there.

    An environment that was made for the version goes before the server's own Python: only there are the
    packages that the version needs.
    """
    if source.python != python_of(loaded):
        found = available_servers(source.python)[choice.server]
        reason = f"{found.reason} in the environment of {source.revision or 'the app'}"
        return source, replace(found, reason=reason, remedy=f"let `setup:` install it: {found.remedy}")
    if choice.python is not None:
        source = replace(source, python=PythonEnvironment(loaded.python_at(choice.python)))
    written = choice.python or loaded.scenario.python
    return source, available_servers(source.python, written)[choice.server]


def _skipped(choice: ServerChoice, missing: Availability) -> Skipped:
    return Skipped(name=choice.name, server=choice.server, reason=missing.reason, remedy=missing.remedy)


def _deployments(
    loaded: LoadedScenario, choice: ServerChoice, source: Source, version: str, machine: Machine
) -> Iterator[Placed]:
    """The app under this server, and the floor under it where there is one; in a check the app alone."""
    if source.revision == "base":
        choice = choice.model_copy(update={"port": None})  # head has it
    for app in _apps(loaded.scenario, source):
        yield _placed(loaded, choice, app, source, version, machine)


def _placed(
    loaded: LoadedScenario, choice: ServerChoice, app: App, source: Source, version: str, machine: Machine
) -> Placed:
    blueprint = blueprint_of(loaded.scenario, choice, app, version, PORT_PLACEHOLDER, machine)
    (part,) = blueprint.parts
    deployment = Deployment(
        id=_id(choice, app, source),
        name=choice.name,
        server=choice.server,
        app=app,
        version=version,
        command=part.command,
        processes=blueprint.processes,
        threads=blueprint.threads,
        promises_keep_alive=blueprint.keeps_alive,
        expected_processes=part.processes,
        remarks=blueprint.remarks,
        revision=source.revision,
    )
    return Placed(deployment, choice, source)


def _apps(scenario: Scenario, source: Source) -> tuple[App, ...]:
    """What is served; the floor only where there is a load for it: a locustfile's users ask the app alone."""
    is_asked = any(load.locustfile is None for load in scenario.load)
    return ("app", "floor") if scenario.floor and is_asked and source.revision is None else ("app",)


def _id(choice: ServerChoice, app: App, source: Source) -> str:
    if source.revision is not None:
        return f"{choice.name}@{source.revision}"
    return choice.name if app == "app" else f"{choice.name}/{app}"


def blueprint_of(
    scenario: Scenario, choice: ServerChoice, app: App, version: str, port: int, machine: Machine
) -> Blueprint:
    """How to launch the app, the floor or the reference under this version of the server on this port."""
    served: dict[App, str | None] = {"app": scenario.app, "floor": scenario.floor, "reference": _REFERENCE}
    return SERVERS[choice.server].blueprint(
        Settings(
            app=served[app] or scenario.app,
            version=version,
            framework_app=app == "app",
            port=port,
            processes=choice.processes or len(machine.server_cores),
            threads=choice.threads,
            connections=_connections(scenario),
            at_once=max(load.most_connections for load in scenario.load),
            options=choice.options,
        )
    )


def _connections(scenario: Scenario) -> int:
    """How many connections a deployment may have: those of one cell stay open while another is measured."""
    return sum(
        load.most_connections * (1 if load.locustfile is not None else len(scenario.requests))
        for load in scenario.load
    )
