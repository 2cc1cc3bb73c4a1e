"""How to launch each deployment: what the scenario chose, turned into the settings of its server."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.conductor import reference_app
from bench.conductor.deployments.site import Site
from bench.conductor.deployments.source import Source
from bench.results.model import App, Machine
from bench.scenario.model import Scenario, ServerChoice
from bench.scenario.reading import LoadedScenario
from bench.scenario.server_choice import COMMAND
from bench.servers import SERVERS, Blueprint, Settings, StaticFiles
from bench.servers.nginx import behind_nginx

PLANNED = Site(port=0, folder=Path("{folder}"))  # no server is ever asked to listen there
_REFERENCE = f"{Path(reference_app.__file__).stem}:app"
_MADE = "application_of_bench"


@dataclass(frozen=True)
class Choice:
    """What is deployed: a server's configuration, the version of it that is there, and what it serves."""

    server: ServerChoice
    version: str
    app: App
    source: Source


def blueprint_of(loaded: LoadedScenario, choice: Choice, machine: Machine, site: Site = PLANNED) -> Blueprint:
    """How to launch what was chosen on this site; without one, as it is planned."""
    chosen, behind = choice.server, choice.server.behind
    served, files = _served(loaded.scenario, choice.app)
    settings = _settings(loaded, choice, machine, site, served)
    server = SERVERS[chosen.server]
    if behind is None:
        blueprint = server.blueprint(settings)
    else:
        blueprint = behind_nginx(server, settings, over=over(chosen), backends=behind.backends)
    if chosen.server == COMMAND:
        blueprint = _as_told(blueprint, chosen)
    return _with_files(blueprint, files, settings.folder, loaded.scenario.environment)


def _as_told(blueprint: Blueprint, choice: ServerChoice) -> Blueprint:
    """A command line tells nothing of itself: the scenario does. A proxy keeps connections in any case."""
    if choice.behind is None:
        return replace(blueprint, processes=choice.processes, keeps_alive=choice.keep_alive)
    processes = None if choice.processes is None else choice.processes * choice.behind.backends
    return replace(blueprint, processes=processes)


def over(choice: ServerChoice) -> Literal["unix", "tcp"]:
    """What is between proxy and server: a unix socket, unless TCP is asked for or the server cannot."""
    if choice.behind is None:
        return "tcp"
    can = "unix" in SERVERS[choice.server].abilities
    return choice.behind.over if can or "over" in choice.behind.model_fields_set else "tcp"


def addresses_of(choice: ServerChoice) -> int:
    """At how many addresses of loopback its port must be free: its own, and over TCP one for each backend."""
    return 1 + choice.behind.backends if choice.behind and over(choice) == "tcp" else 1


def lacking(choice: ServerChoice) -> tuple[str, str] | None:
    """What the server cannot do that was chosen, and what to do about it; None where it can all."""
    abilities = SERVERS[choice.server].abilities
    if choice.behind is None:
        if choice.tls and "tls" not in abilities:
            return f"{choice.server} speaks no TLS", "let a proxy do it: write `behind: nginx`"
    elif over(choice) == "unix" and not {"unix", "uwsgi"} & abilities:
        remedy = "leave `over` out, or write `over: tcp`"
        return f"{choice.server} cannot listen on a unix socket", remedy
    return None


def _settings(loaded: LoadedScenario, choice: Choice, machine: Machine, site: Site, served: str) -> Settings:
    scenario, chosen = loaded.scenario, choice.server
    return Settings(
        app=served,
        version=choice.version,
        framework_app=choice.app == "app",
        address=site.address,
        folder=str(site.folder),
        directory=str(choice.source.directory),
        python=str(choice.source.python.python),
        processes=chosen.processes or len(machine.server_cores),
        threads=chosen.threads,
        connections=_connections(scenario),
        at_once=max(load.most_connections for load in scenario.load),
        cores=len(machine.server_cores),
        profile=chosen.profile,
        tls=site.certificate_files if chosen.tls else None,
        static=_static(loaded, choice),
        command=chosen.command,
        options=chosen.options,
    )


def _static(loaded: LoadedScenario, choice: Choice) -> StaticFiles | None:
    static = loaded.scenario.static
    if static is None or choice.app == "reference":
        return None
    return StaticFiles(static.prefix, str(choice.source.place_of(loaded.beside(static.folder))))


def _served(scenario: Scenario, app: App) -> tuple[str, Mapping[str, str]]:
    """What is served, as `module:attribute`; what a factory makes is an attribute of a module made for it."""
    written = {"app": scenario.app, "floor": scenario.floor, "reference": _REFERENCE}[app] or scenario.app
    module, _, attribute = written.partition(":")
    if not attribute.endswith("()"):
        return written, {}
    factory = attribute.removesuffix("()")
    source = f"from {module} import {factory.partition('.')[0]}\n\napp = {factory}()\n"
    return f"{_MADE}:app", {f"{_MADE}.py": source}


def _with_files(
    blueprint: Blueprint, files: Mapping[str, str], folder: str, environment: Mapping[str, str]
) -> Blueprint:
    """The same with files of ours in its folder, from which every part can import."""
    if not files:
        return blueprint
    path = ":".join(filter(None, (environment.get("PYTHONPATH"), folder)))
    parts = tuple(
        replace(part, environment={**part.environment, "PYTHONPATH": path}) for part in blueprint.parts
    )
    return replace(blueprint, parts=parts, files={**blueprint.files, **files})


def _connections(scenario: Scenario) -> int:
    """How many connections a deployment may have: those of one cell stay open while another is measured."""
    return sum(
        load.most_connections * (1 if load.locustfile is not None else len(scenario.requests))
        for load in scenario.load
    )
