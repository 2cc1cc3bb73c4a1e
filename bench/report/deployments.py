"""How each deployment was started: its command lines and generated files, and what it was made of."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from bench.report.words import sentence
from bench.results.model import Deployment, LaunchedDeployment, LaunchedPart, Measurements, Part
from bench.stats.command_lines import readable
from bench.stats.parts import front_first


@dataclass(frozen=True)
class PartFacts:
    """One part: its command line fit to be read, and the whole of it where that is not it.

    Both are as a shell would take them. `title` is empty where the deployment has no other part.
    """

    title: str
    command: str
    whole: str


@dataclass(frozen=True)
class FileFacts:
    """A generated file: its name with the number of its lines, and all that stands in it."""

    title: str
    text: str


@dataclass(frozen=True)
class DeploymentFacts:
    """How one deployment was started: its parts, the one in front first, and its files, ready to copy."""

    title: str
    facts: str
    parts: tuple[PartFacts, ...]
    files: tuple[FileFacts, ...]
    note: str


def deployments_of(measurements: Measurements) -> tuple[DeploymentFacts, ...]:
    """Every deployment as it was launched the first time, or as it was planned if it never was."""
    return tuple(_facts(each, _first_launch(each, measurements)) for each in measurements.run.deployments)


def _first_launch(deployment: Deployment, measurements: Measurements) -> LaunchedDeployment | None:
    launched = (each for launch in measurements.launches for each in launch.deployments)
    return next((each for each in launched if each.deployment == deployment.id), None)


def _facts(deployment: Deployment, launched: LaunchedDeployment | None) -> DeploymentFacts:
    parts: tuple[Part | LaunchedPart, ...] = launched.parts if launched else deployment.parts
    return DeploymentFacts(
        title=f"{deployment.name} ({deployment.revision or deployment.app})",
        facts=" ".join((f"{'; '.join(_what_it_is(deployment))}.", *map(sentence, deployment.remarks))),
        parts=tuple(_part(each, alone=len(parts) == 1) for each in front_first(parts)),
        files=tuple(_file(name, text) for name, text in launched.files.items()) if launched else (),
        note="" if launched else "Never launched: as it was planned.",
    )


def _what_it_is(deployment: Deployment) -> Iterator[str]:
    """Versions, proxy, TLS, profile, and how much it works on at a time."""
    programs = dict(deployment.programs)
    yield f"{deployment.server} {deployment.version}".strip()
    if deployment.behind is not None:
        yield f"behind {deployment.behind} {programs.pop(deployment.behind, '')}".strip()
    yield from (f"{name} {version}".strip() for name, version in programs.items())
    if deployment.tls:
        yield "TLS"
    yield f"profile {deployment.profile}"
    processes = _counted(deployment.processes, "process", "processes")
    each = "" if deployment.processes == 1 else " each"
    yield f"{processes}, {_counted(deployment.threads, 'thread', 'threads')}{each}"


def _part(part: Part | LaunchedPart, *, alone: bool) -> PartFacts:
    whole, command = shlex.join(part.command), shlex.join(readable(part.command))
    processes = "" if part.processes is None else f", {_counted(part.processes, 'process', 'processes')}"
    return PartFacts(
        title="" if alone else f"{part.name}{processes}",
        command=command,
        whole=whole if whole != command else "",
    )


def _file(name: str, text: str) -> FileFacts:
    lines = len(text.splitlines())
    return FileFacts(f"{name}, {lines} line{'' if lines == 1 else 's'}", text)


def _counted(count: int | None, one: str, many: str) -> str:
    if count is None:
        return f"an unknown number of {many}"
    return f"{count} {one if count == 1 else many}"
