"""The scenario: what is measured, under which servers, with which load, for how long.

Every field has its meaning in its description, which is also what the JSON Schema shows in an editor.
Short forms (`GET /json`, `gunicorn`, `30s`) are turned into the full ones before validation.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from bench.units import NS_PER_MS, NS_PER_S, parse_duration_ns, write_duration

DEFAULT_SERVERS = ("flask", "gunicorn", "gunicorn-sync", "uwsgi", "waitress")

_REQUEST_LINE = re.compile(r"([A-Z]+)\s+(\S.*)")


def _duration_ns(value: object) -> object:
    if isinstance(value, str):
        return parse_duration_ns(value)
    raise ValueError("a duration is written with its unit, such as 30s or 250ms")


Duration = Annotated[
    int,
    BeforeValidator(_duration_ns, json_schema_input_type=str),
    PlainSerializer(write_duration, return_type=str),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
AppReference = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\t\x20-\x7e]*$")]


class Part(BaseModel):
    """A part of the scenario: frozen, and strict about names it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


class ServerChoice(Part):
    """One server configuration; with the app it becomes a deployment."""

    server: str = Field(description="The server: see `bench servers` for those there are.")
    name: Name = Field(
        description="What the deployment is called in results; the server's name if not given."
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
    options: tuple[str, ...] = Field(
        (), description="Further command-line options, passed to the server as they are."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """Accept `gunicorn`, and `gunicorn: {threads: 8}`, for `{server: gunicorn, threads: 8}`."""
        if isinstance(value, str):
            value = {"server": value}
        elif isinstance(value, dict) and len(value) == 1 and "server" not in value:
            ((server, settings),) = value.items()
            if settings is None or isinstance(settings, dict):
                value = {"server": server, **(settings or {})}
        if isinstance(value, dict) and "name" not in value and isinstance(value.get("server"), str):
            value = {**value, "name": value["server"]}
        return value


class Expectation(Part):
    """What the app must answer; the body must be the same from every deployment in any case."""

    status: int = Field(200, ge=100, le=599, description="The status code of a right answer.")


class Request(Part):
    """One request, sent again and again."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        "GET", description="The request's method."
    )
    path: Annotated[str, Field(pattern=r"^/(?!/)[\x21-\x7e]*$")] = Field(
        description="Path and query, starting with one slash. Never a host: only our own servers are asked."
    )
    headers: dict[HeaderName, HeaderValue] = Field({}, description="Headers to send beside Host.")
    body: str | None = Field(None, description="The body to send, as text.")
    json_body: Any = Field(None, alias="json", description="The body to send, as JSON; sets Content-Type.")
    expect: Expectation = Field(Expectation(), description="What a right answer is.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """Accept `GET /json` and `/json` for `{method: GET, path: /json}`."""
        if not isinstance(value, str):
            return value
        match = _REQUEST_LINE.fullmatch(value.strip())
        return {"method": match[1], "path": match[2]} if match else {"path": value.strip()}

    @model_validator(mode="after")
    def _one_body(self) -> "Request":
        if self.body is not None and self.json_body is not None:
            raise ValueError("a request has `body` or `json`, not both")
        return self

    @property
    def label(self) -> str:
        """The request as reports name it: `GET /json`."""
        return f"{self.method} {self.path}"


class Load(Part):
    """How hard a deployment is pressed: closed loop, this many connections with one request each."""

    connections: int = Field(
        16, ge=1, le=10_000, description="Connections; each sends its next request when the answer came."
    )


class Measure(Part):
    """How long and how finely it is measured."""

    duration_ns: Duration = Field(
        60 * NS_PER_S,
        alias="for",
        ge=NS_PER_S,
        description="Load over all cells together, such as 60s or 5m.",
    )
    launches: int = Field(4, ge=1, le=100, description="Fresh starts of all deployments.")
    slice_ns: Duration | None = Field(
        None, alias="slice", ge=5 * NS_PER_MS, le=60 * NS_PER_S,
        description="One stretch of load on one cell; fitted to the cell's service time if not given.",
    )  # fmt: skip
    start_timeout_ns: Duration = Field(
        30 * NS_PER_S,
        alias="start_timeout",
        ge=NS_PER_S,
        description="A server must answer within this time.",
    )
    response_timeout_ns: Duration = Field(
        10 * NS_PER_S,
        alias="response_timeout",
        ge=10 * NS_PER_MS,
        description="An answer must come within this time.",
    )
    seed: int | None = Field(
        None, ge=0, lt=2**63, description="Seed of the order of slices; drawn and recorded if not given."
    )


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _server_list(value: Any) -> Any:
    """Accept a mapping of servers to settings for the list of them."""
    if isinstance(value, dict) and "server" not in value:
        return [{server: settings} for server, settings in value.items()]
    return _one_or_many(value)


class Scenario(Part):
    """What is measured: one app, under which servers, asked what, how hard and for how long."""

    app: AppReference = Field(description="The WSGI application, as `package.module:attribute`.")
    floor: AppReference | None = Field(
        None,
        description="A bare WSGI callable that gives the same answers: what the server alone costs.",
    )
    directory: str = Field(
        ".", min_length=1, description="The folder the app is imported from, relative to the scenario file."
    )
    environment: dict[VariableName, str] = Field(
        {}, description="Environment variables for the servers; of ours they get only a few harmless ones."
    )
    servers: Annotated[tuple[ServerChoice, ...], BeforeValidator(_server_list), Field(min_length=1)] = Field(
        tuple(ServerChoice(server=name, name=name) for name in DEFAULT_SERVERS), description="The servers."
    )
    requests: Annotated[tuple[Request, ...], BeforeValidator(_one_or_many), Field(min_length=1)] = Field(
        (Request(path="/"),), description="The requests; each is measured by itself."
    )
    load: Annotated[tuple[Load, ...], BeforeValidator(_one_or_many), Field(min_length=1)] = Field(
        (Load(),), description="The load levels; each is measured by itself."
    )
    measure: Measure = Field(Measure(), description="How long it is measured, and how.")

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Scenario":
        _refuse_twice("deployment", [choice.name for choice in self.servers], "give each its own `name:`")
        _refuse_twice("request", [request.label for request in self.requests], "list it once")
        _refuse_twice("load", [f"{load.connections} connections" for load in self.load], "list it once")
        return self


def _refuse_twice(what: str, names: list[str], remedy: str) -> None:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise ValueError(f"{what} {name!r} is there twice; {remedy}")
