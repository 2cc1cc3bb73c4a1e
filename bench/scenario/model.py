"""The scenario: what is measured, under which servers, with which load, for how long.

Every field has its meaning in its description, which is also what the JSON Schema shows in an editor.
Short forms (`GET /json`, `gunicorn`, `30s`) are turned into the full ones before validation.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bench.scenario import short_forms
from bench.scenario.check import Check, unknown_cells
from bench.scenario.command_line import CommandLine
from bench.scenario.expectation import Expectation
from bench.scenario.load import Load, distinct_loads
from bench.scenario.mistakes import Mistake, did_you_mean, quoted, refuse_any, refused
from bench.scenario.part import Duration, Part, Precision, repeated
from bench.scenario.request import Mix, Request, RequestOrMix, distinct_requests
from bench.scenario.requirement import Requirement
from bench.scenario.texts import AppReference, Argument, FilePath, Name, VariableName
from bench.units import NS_PER_MS, NS_PER_S

__all__ = [
    "DEFAULT_SERVERS", "Check", "Expectation", "Load", "Measure", "Mix", "Request", "Scenario",
    "ServerChoice",
]  # fmt: skip

LAUNCHES = 8
LAUNCHES_BEFORE_ENOUGH = 8  # with fewer, launches that agree by chance would end a run too often
LAUNCHES_TO_LOOK_AFTER = (12, 24)
LAUNCH_NS = 10 * NS_PER_S  # of load, where the number of launches follows from the time there is

DEFAULT_SERVERS = ("flask", "gunicorn", "gunicorn-sync", "uwsgi", "waitress")


class ServerChoice(Part):
    """One server configuration; with the app it becomes a deployment."""

    server: Name = Field(description="The server: see `bench servers` for those there are.")
    name: Name = Field(
        default_factory=lambda fields: fields.get("server", ""),
        description="What the deployment is called in results; the server's name if not given.",
    )
    processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Worker processes; one for each core the servers may use if not given.",
    )
    threads: int = Field(4, ge=1, le=1024, description="Threads in each worker process.")
    port: int | None = Field(
        None, ge=1024, le=65535, description="A fixed port on 127.0.0.1; a free one is taken if not given."
    )
    options: tuple[Argument, ...] = Field(
        (), strict=False, description="Further command-line options, passed to the server as they are."
    )
    python: FilePath | None = Field(
        None, description="The Python it runs in, relative to the scenario file; the scenario's if not given."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return short_forms.server_choice(value, cls.model_fields)

    @field_validator("server", mode="before")
    @classmethod
    def _known_server(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a server that is not among the validation context's, where there is one."""
        known = info.context
        if known is not None and isinstance(value, str) and value not in known:
            remedy = did_you_mean(value, known) or f"there are: {', '.join(sorted(known))}"
            raise refused(Mistake(f"there is no server {quoted(value)}", remedy))
        return value


_TOO_FEW_TO_LOOK_AFTER = Mistake(
    f"with `until` there must be at least {LAUNCHES_BEFORE_ENOUGH} launches",
    "leave `launches` out, or raise it",
)


Interleave = Literal["slices", "rounds"]


class Measure(Part):
    """How long and how finely it is measured."""

    duration_ns: Duration = Field(
        60 * NS_PER_S,
        alias="for",
        ge=NS_PER_S,
        le=24 * 3600 * NS_PER_S,
        description="Load over all cells together, such as 60s or 5m.",
    )
    until: Precision | None = Field(
        None,
        description="End as soon as every comparison is known this well, such as 2%: half its interval. "
        "`for` is then the most load there may be.",
    )
    launches: int = Field(
        default_factory=lambda fields: _launches(fields.get("until"), fields.get("duration_ns", 0)),
        ge=1,
        le=100,
        description="Fresh starts of all deployments; 8 if not given. With `until` the most there may be: "
        "one for each 10 s of load, from 12 to 24, if not given.",
    )
    slice_ns: Duration | None = Field(
        None,
        alias="slice",
        ge=5 * NS_PER_MS,
        le=60 * NS_PER_S,
        description="One stretch of load on one cell; fitted to the cell's service time if not given.",
    )
    start_timeout_ns: Duration = Field(
        30 * NS_PER_S,
        alias="start_timeout",
        ge=NS_PER_S,
        le=3600 * NS_PER_S,
        description="A server must answer within this time.",
    )
    response_timeout_ns: Duration = Field(
        10 * NS_PER_S,
        alias="response_timeout",
        ge=10 * NS_PER_MS,
        le=600 * NS_PER_S,
        description="An answer must come within this time.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        lt=2**63,
        description="Seed of the order of slices, of mixes and arrivals; drawn and recorded if not given.",
    )
    generators: int = Field(
        1, ge=1, le=64, description="Processes that generate the load, each on a core of its own if it can."
    )
    twin: bool = Field(True, description="Enter one deployment twice: the run measures its own noise.")
    interleave: Interleave = Field(
        "slices",
        description="slices: all deployments are up at once, and the load hops between them. rounds: one "
        "at a time is up, for those that cannot live side by side; intervals are wider.",
    )

    @property
    def in_rounds(self) -> bool:
        """Whether only one deployment is up at a time."""
        return self.interleave == "rounds"

    @field_validator("launches")
    @classmethod
    def _enough_to_look_after(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("until") is not None and value < LAUNCHES_BEFORE_ENOUGH:
            raise refused(_TOO_FEW_TO_LOOK_AFTER)
        return value


def _launches(until: float | None, duration_ns: int) -> int:
    """How many launches there are, or may be, where nothing is said about it."""
    if until is None:
        return LAUNCHES
    fewest, most = LAUNCHES_TO_LOOK_AFTER
    return min(max(fewest, duration_ns // LAUNCH_NS), most)


def _distinct_servers(choices: tuple[ServerChoice, ...]) -> tuple[ServerChoice, ...]:
    own_name = "give each its own `name:`"
    refuse_any(
        Mistake(f"the deployment {quoted(choice.name)} is there twice", own_name, (place, "name"))
        for place, choice in repeated(choices, lambda choice: choice.name)
    )
    return choices


def _shared_ports(choices: tuple[ServerChoice, ...]) -> Iterator[Mistake]:
    """Ports that several deployments are given, which only those can share that are never up together."""
    remedy = "give each its own, leave `port:` out, or write `interleave: rounds` below `measure:`"
    for place, choice in repeated(choices, lambda choice: choice.port):
        yield Mistake(f"port {choice.port} is given to two deployments", remedy, ("servers", place, "port"))


class Scenario(Part):
    """What is measured: one app, under which servers, asked what, how hard and for how long.

    Where the validation context is a collection of servers, a scenario that names another is refused.
    """

    app: AppReference = Field(description="The WSGI application, as `package.module:attribute`.")
    floor: AppReference | None = Field(
        None,
        description="A bare WSGI callable that gives the same answers: what the server alone costs.",
    )
    directory: Argument = Field(
        ".", min_length=1, description="The folder the app is imported from, relative to the scenario file."
    )
    python: FilePath | None = Field(
        None,
        description="The Python whose environment the app and its servers run in, relative to the scenario "
        "file, such as ../app/.venv/bin/python; the one that `bench` runs in if not given.",
    )
    setup: CommandLine = Field(
        (),
        description="Run with `bench check` in a fresh virtual environment where base and head need "
        "different packages, such as `pip install -r requirements.txt`.",
    )
    environment: dict[VariableName, Argument] = Field(
        {}, description="Environment variables for the servers; of ours they get only a few harmless ones."
    )
    servers: Annotated[
        tuple[ServerChoice, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.server_list),
        AfterValidator(_distinct_servers),
    ] = Field(
        tuple(ServerChoice(server=name, name=name) for name in DEFAULT_SERVERS), description="The servers."
    )
    requests: Annotated[
        tuple[RequestOrMix, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many),
        AfterValidator(distinct_requests),
    ] = Field((Request(path="/"),), description="The requests; each, or each mix, is measured by itself.")
    load: Annotated[
        tuple[Load, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many),
        AfterValidator(distinct_loads),
    ] = Field((Load(),), description="The load levels; each is measured by itself.")
    measure: Measure = Field(Measure(), description="How long it is measured, and how.")
    require: Requirement | None = Field(
        None, description="What is required of every request, such as {p99: 50ms, errors: 0.1%}."
    )
    check: Check = Field(Check(), description="How `bench check` decides whether the app got slower.")

    @model_validator(mode="after")
    def _has_ports_for_all_that_are_up(self) -> "Scenario":
        if not self.measure.in_rounds:
            refuse_any(_shared_ports(self.servers))
        return self

    @model_validator(mode="after")
    def _checks_cells_there_are(self) -> "Scenario":
        servers = [choice.name for choice in self.servers]
        requests = [request.label for request in self.requests]
        refuse_any(unknown_cells(self.check, servers, requests))
        return self
