"""The fingerprint of a run: every fact that its numbers may depend on, and in which two runs differ.

Facts that matter change the numbers by themselves: the processor, the interpreter, how servers are started,
what is asked. The others are worth telling: they may explain something, and seldom do.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bench.results.baseline_file import Fact
from bench.results.model import Deployment, Run
from bench.stats.command_lines import readable
from bench.units import format_bytes

NOT_THERE = "not there"

_GENERATOR = frozenset({"locust", "gevent", "httptools", "numpy"})  # what measures, and not what is measured
_TOLD_ELSEWHERE = frozenset(
    {"id", "name", "app", "revision", "twin_of", "remarks", "parts"}
)  # by the name of the fact, and by the command lines
_OLDER_RUNS: dict[str, Any] = {"generators": 1, "interleave": "slices", "until": None, "twin": False}
"""What runs did whose version of bench had no such key under `measure`."""
_NAMES = {"wsgi-bench": "wsgi-bench (this harness)", "python": "Python"}


@dataclass(frozen=True)
class Difference:
    """A fact in which two runs differ; what one of them does not have is `not there`."""

    name: str
    first: str
    second: str
    matters: bool


def differences(first: Run, second: Run) -> tuple[Difference, ...]:
    """Every fact in which the runs differ, those that matter first."""
    return differences_of(facts(first), facts(second))


def differences_of(first: tuple[Fact, ...], second: tuple[Fact, ...]) -> tuple[Difference, ...]:
    """The same of facts that were kept without their run.

    What only one of them has, such as a deployment, is one difference and not one for each of its facts.
    """
    both = {one.of for one in first} & {one.of for one in second}
    ours, theirs = ({one.name: one for one in some if one.of in both} for some in (first, second))
    found = [
        Difference(
            name,
            ours[name].value if name in ours else NOT_THERE,
            theirs[name].value if name in theirs else NOT_THERE,
            any(some[name].matters for some in (ours, theirs) if name in some),
        )
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
    return tuple(sorted(found, key=lambda one: not one.matters))


def facts(run: Run) -> tuple[Fact, ...]:
    """Every fact of the run, each name once."""
    found = (
        *_of_machine(run),
        *_of_versions(run),
        *_of_deployments(run),
        *_of_scenario(run),
        *_of_course(run),
    )
    return tuple(found)


def _of_machine(run: Run) -> Iterator[Fact]:
    machine = run.machine
    yield Fact("processor", machine.cpu_model, matters=True)
    yield Fact("number of cores", str(machine.cores), matters=True)
    yield Fact("cores of the servers", _numbers(machine.server_cores), matters=True)
    yield Fact("cores of the generator", _numbers(machine.generator_cores), matters=True)
    yield Fact("hypervisor", machine.hypervisor or "none found", matters=True)
    yield Fact("frequency governor", machine.frequency_governor or "not visible", matters=True)
    # To a tenth of a GB: a machine made from the same template has a few pages more or less.
    yield Fact("memory", format_bytes(round(machine.memory_bytes, -8)), matters=False)
    yield Fact("kernel", machine.kernel, matters=False)
    yield Fact("distribution", machine.distribution, matters=False)


def _of_versions(run: Run) -> Iterator[Fact]:
    for name, version in run.versions.items():
        yield Fact(f"version of {_NAMES.get(name, name)}", version, matters=name not in _GENERATOR)


def _of_deployments(run: Run) -> Iterator[Fact]:
    measured = {_named(one): one for one in run.deployments if one.twin_of is None}
    yield Fact("deployments", ", ".join(measured), matters=False)
    for named, one in measured.items():
        # Whatever a deployment is made of, also what later versions of the model add to it.
        for name, value in one.model_dump(mode="json", exclude=set(_TOLD_ELSEWHERE)).items():
            yield Fact(f"{named}: {name.replace('_', ' ')}", _written(value), matters=True, of=named)
        for part in one.parts:
            of = f" of {part.name}" if len(one.parts) > 1 else ""
            command = " ".join(readable(part.command))
            yield Fact(f"{named}: command{of}", command, matters=True, of=named)


def _named(one: Deployment) -> str:
    kind = "" if one.app == "app" else f" ({one.app})"
    return f"{one.name}{kind}{f' of {one.revision}' if one.revision else ''}"


def _of_scenario(run: Run) -> Iterator[Fact]:
    scenario = run.scenario
    yield Fact("app", _written(scenario.get("app")), matters=True)
    if scenario.get("floor"):
        yield Fact("floor", _written(scenario["floor"]), matters=True, of="floor")
    yield Fact("scenario file", run.scenario_file, matters=False)
    requests = {_asked(one): one for one in scenario.get("requests") or ()}
    yield Fact("requests", ", ".join(requests), matters=False)
    for name, request in requests.items():
        yield Fact(f"request {name}", _written(_telling(request)), matters=True, of=f"request {name}")
    # As it was measured, not as the scenario has it: a default may be another one today.
    loads = {cell.load.label: cell.load for cell in run.cells}
    yield Fact("loads", ", ".join(loads), matters=False)
    for name, load in loads.items():
        yield Fact(f"load {name}: connections", str(load.connections), matters=True, of=f"load {name}")
    for name, value in sorted((scenario.get("environment") or {}).items()):
        yield Fact(f"environment variable {name}", _kept_secret(str(value)), matters=True)


def _of_course(run: Run) -> Iterator[Fact]:
    measure = {**_OLDER_RUNS, **(run.scenario.get("measure") or {})}
    for name, value in measure.items():
        if name != "seed":
            yield Fact(f"measure: {name}", _written(value), matters=name == "generators")
    yield Fact("seed", str(run.seed), matters=False)
    yield Fact("status", run.status, matters=False)
    if run.check is not None:
        yield Fact("base", run.check.base, matters=False)
        yield Fact("head", f"{run.check.head}{', changed' if run.check.changed else ''}", matters=False)


def _asked(request: dict[str, Any]) -> str:
    if request.get("name"):
        return str(request["name"])
    return f"{request.get('method', 'GET')} {request.get('path', '')}"


def _kept_secret(value: str) -> str:
    """Enough of a value to see that it changed, and not the value: it may be a password."""
    return f"sha256 {sha256(value.encode()).hexdigest()[:8]}"


def _telling(request: dict[str, Any]) -> Any:
    """A request without what is empty in it, and without the weight that each has who says none."""
    return _without_nothings({key: one for key, one in request.items() if (key, one) != ("weight", 1)})


def _without_nothings(value: Any) -> Any:
    """The value without what is empty in it: a key that an older version did not know says nothing then."""
    if isinstance(value, dict):
        kept = {key: _without_nothings(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, {}, [])}
    if isinstance(value, list):
        return [_without_nothings(one) for one in value]
    return value


def _written(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _numbers(cores: tuple[int, ...]) -> str:
    return ", ".join(map(str, cores)) or "none"
