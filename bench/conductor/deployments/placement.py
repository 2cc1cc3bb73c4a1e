"""Which deployments there are: every server of the scenario with every version of the app."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.conductor.deployments.blueprints import Choice, addresses_of, blueprint_of, lacking
from bench.conductor.deployments.source import Source
from bench.conductor.environments.availability import Availability, available_servers
from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.processes.ports import free_port, names_every_address
from bench.errors import InputError, ServerFailed
from bench.results.model import App, Deployment, Machine, Part, Skipped
from bench.scenario.model import Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from bench.scenario.server_choice import COMMAND
from bench.servers import Blueprint
from bench.servers.nginx import NGINX


@dataclass(frozen=True)
class Placed:
    """A deployment, and what was chosen for it."""

    deployment: Deployment
    choice: Choice

    @property
    def source(self) -> Source:
        """Where the version of the app that it serves comes from."""
        return self.choice.source


def place(
    loaded: LoadedScenario, sources: Sequence[Source], machine: Machine, reference: Path | None = None
) -> tuple[list[Placed], list[Skipped]]:
    """The deployments that can be started here, and the servers that are missing at any of the sources.

    With a folder that has the reference app in it, that is deployed once more under every server, in the
    environment of the first source.

    Raises ServerFailed where a fixed port is taken, or one version of the app has a server that another has
    not, and InputError where an environment's Python does not run or a server is told to listen for other
    machines, too.
    """
    placed: list[Placed] = []
    skipped: list[Skipped] = []
    for choice in loaded.scenario.servers:
        found = [_look_up(loaded, choice, source) for source in sources]
        missing = [availability for _, availability in found if not availability.is_there]
        if missing and len(missing) < len(found):
            raise ServerFailed(f"{missing[0].reason}, but it is in the other", missing[0].remedy)
        if missing:
            skipped.append(_skipped(choice, missing[0]))
            continue
        free_port(choice.port, (), addresses_of(choice))
        for source, availability in found:
            placed += _deployments(loaded, choice, source, availability, machine)
        if reference is not None:
            source, availability = found[0]
            beside = replace(source, directory=reference, revision=None)
            placed.append(_placed(loaded, choice, "reference", beside, availability, machine))
    return placed, skipped


def python_of(loaded: LoadedScenario) -> PythonEnvironment:
    """The environment of the scenario's Python, ours where it names none."""
    python = loaded.scenario.python
    return OURS if python is None else PythonEnvironment(loaded.python_at(python))


def _look_up(loaded: LoadedScenario, choice: ServerChoice, source: Source) -> tuple[Source, Availability]:
    """Where this server runs with this version of the app, and whether it can run as it was chosen.

    An environment that was made for the version goes before the server's own Python: only there are the
    packages that the version needs.
    """
    if source.python != python_of(loaded):
        found = available_servers(source.python)[choice.server]
        if not found.is_there:
            reason = f"{found.reason} in the environment of {source.revision or 'the app'}"
            found = replace(found, reason=reason, remedy=f"let `setup:` install it: {found.remedy}")
    else:
        if choice.python is not None:
            source = replace(source, python=PythonEnvironment(loaded.python_at(choice.python)))
        written = choice.python or loaded.scenario.python
        found = available_servers(source.python, written)[choice.server]
    found = found.with_programs((NGINX,) if choice.behind else ())
    cannot = lacking(choice) if found.is_there else None
    return source, found if cannot is None else replace(found, reason=cannot[0], remedy=cannot[1])


def _skipped(choice: ServerChoice, missing: Availability) -> Skipped:
    return Skipped(name=choice.name, server=choice.server, reason=missing.reason, remedy=missing.remedy)


def _deployments(
    loaded: LoadedScenario, choice: ServerChoice, source: Source, found: Availability, machine: Machine
) -> Iterator[Placed]:
    """The app under this server, and the floor under it where there is one; in a check the app alone."""
    if source.revision == "base":
        choice = choice.model_copy(update={"port": None})  # head has it
    for app in _apps(loaded.scenario, choice, source):
        yield _placed(loaded, choice, app, source, found, machine)


def _placed(
    loaded: LoadedScenario,
    choice: ServerChoice,
    app: App,
    source: Source,
    found: Availability,
    machine: Machine,
) -> Placed:
    chosen = Choice(choice, found.version or "", app, source)
    blueprint = blueprint_of(loaded, chosen, machine)
    _refuse_other_machines(choice, blueprint)
    deployment = Deployment(
        id=_id(choice, app, source),
        name=choice.name,
        server=choice.server,
        app=app,
        version=chosen.version,
        parts=tuple(
            Part(name=part.name or choice.server, command=part.command, processes=part.processes)
            for part in blueprint.parts
        ),
        processes=blueprint.processes,
        threads=blueprint.threads,
        promises_keep_alive=blueprint.keeps_alive,
        remarks=blueprint.remarks,
        revision=source.revision,
        profile=choice.profile,
        behind=choice.behind.proxy if choice.behind else None,
        tls=choice.tls,
        programs=found.programs,
    )
    return Placed(deployment, chosen)


def _refuse_other_machines(choice: ServerChoice, blueprint: Blueprint) -> None:
    """Raise InputError where a command line says that other machines may connect: nothing is to be undone."""
    for word in (word for part in blueprint.parts for word in part.command):
        if names_every_address(word):
            raise InputError(
                f"{choice.name} would listen for other machines, too: {word}",
                "write 127.0.0.1; only loopback is allowed",
            )


def _apps(scenario: Scenario, choice: ServerChoice, source: Source) -> tuple[App, ...]:
    """What is served; the floor only where it can be.

    There must be a load for it: a locustfile's users ask the app alone. And a command of the user's own names
    what it serves itself.
    """
    is_asked = any(load.locustfile is None for load in scenario.load)
    has_floor = scenario.floor and is_asked and choice.server != COMMAND and source.revision is None
    return ("app", "floor") if has_floor else ("app",)


def _id(choice: ServerChoice, app: App, source: Source) -> str:
    if source.revision is not None:
        return f"{choice.name}@{source.revision}"
    return choice.name if app == "app" else f"{choice.name}/{app}"
