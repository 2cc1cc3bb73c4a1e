"""The scenario: what is measured, under which servers, with which load, for how long.

Every field has its meaning in its description, which is also what the JSON Schema shows in an editor.
Short forms (`GET /json`, `gunicorn`, `30s`) are turned into the full ones before validation.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)

from bench.scenario import short_forms
from bench.scenario.check import Check, too_few_launches, unknown_cells
from bench.scenario.command_line import CommandLines
from bench.scenario.expectation import Expectation
from bench.scenario.load import Load, distinct_loads
from bench.scenario.matrix import DEFAULT_SERVERS, MOST_DEPLOYMENTS, choices
from bench.scenario.measure import LAUNCHES_BEFORE_ENOUGH, Measure
from bench.scenario.mistakes import Mistake, quoted, refuse_any, refused
from bench.scenario.part import Part, repeated
from bench.scenario.request import Mix, Request, RequestOrMix, distinct_requests
from bench.scenario.requirement import Requirement
from bench.scenario.server_choice import DEFAULT_PROFILE, Behind, Profile, ServerChoice
from bench.scenario.static_files import StaticFiles
from bench.scenario.texts import AppReference, Argument, CallableReference, FilePath, VariableName

__all__ = [
    "DEFAULT_SERVERS", "LAUNCHES_BEFORE_ENOUGH", "Behind", "Check", "Expectation", "Load", "Measure", "Mix",
    "Request", "Scenario", "ServerChoice", "StaticFiles",
]  # fmt: skip


def _not_too_many(choices: Any) -> Any:
    if len(choices) > MOST_DEPLOYMENTS:
        remedy = "shorten the lists of settings, which multiply, or make several scenarios of it"
        raise refused(Mistake(f"these are more than {MOST_DEPLOYMENTS} deployments", remedy))
    return choices


def _distinct_servers(choices: tuple[ServerChoice, ...]) -> tuple[ServerChoice, ...]:
    own_name = "give each its own `name:`, or leave one out"
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

    Where the validation context is a collection of servers, as for what is yet to be measured, a scenario is
    refused that names another, or has a check in which nothing could be decided.
    """

    app: AppReference = Field(
        description="The WSGI application, as `package.module:attribute`, or `package.module:create_app()` "
        "where a call makes it."
    )
    floor: CallableReference | None = Field(
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
    setup: CommandLines = Field(
        (),
        description="A command, or a list of commands, run in the app's folder, the commands of its Python "
        "first: by `bench run` once before the first launch; by `bench check --against` in fresh virtual "
        "environments where base and head need different packages, such as "
        "`pip install -r requirements.txt`.",
    )
    teardown: CommandLines = Field(
        (),
        description="A command, or a list of commands, run in the same way after the last launch, whatever "
        "happened.",
    )
    environment: dict[VariableName, Argument] = Field(
        {}, description="Environment variables for the servers; of ours they get only a few harmless ones."
    )
    static: StaticFiles | None = Field(
        None,
        description="Files that servers serve by themselves where they can; the others leave it to the app.",
    )
    tls: bool = Field(False, description="Whether servers speak TLS, with a certificate made for the run.")
    profile: Annotated[
        tuple[Profile, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many, json_schema_input_type=Profile | list[Profile]),
    ] = Field(
        (DEFAULT_PROFILE,),
        description="equal: the same processes, threads and keep-alive for every server. shipped: what each "
        "has by default. With a list of both every server is there twice.",
    )
    servers: Annotated[
        tuple[ServerChoice, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(_not_too_many),
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

    @model_validator(mode="before")
    @classmethod
    def _each_server_in_full(cls, value: Any) -> Any:
        """A choice for every deployment; see `matrix`."""
        if not isinstance(value, dict):
            return value
        return {**value, "servers": [choice.data for choice in choices(value)]}

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

    @model_validator(mode="after")
    def _checks_in_launches_enough(self, info: ValidationInfo) -> "Scenario":
        if info.context is None:
            return self
        servers = [choice.name for choice in self.servers]
        figures = self.check.figures(servers, [cell for load in self.load for cell in self._asked(load)])
        refuse_any(too_few_launches(self.check, figures))
        return self

    def _asked(self, load: Load) -> list[str]:
        """What a deployment is asked at this load, as cells name it: a locustfile brings its own requests."""
        return [request.label for request in self.requests] if load.locustfile is None else [load.locustfile]
