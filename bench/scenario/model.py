"""The scenario: what is measured, under which servers, with which load, for how long.

Every field has its meaning in its description, which is also what the JSON Schema shows in an editor.
Short forms (`GET /json`, `gunicorn`, `30s`) are turned into the full ones before validation.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bench.scenario import short_forms
from bench.scenario.mistakes import Mistake, did_you_mean, quoted, refuse_any, refused
from bench.scenario.texts import (
    DURATION,
    AppReference,
    Argument,
    HeaderName,
    HeaderValue,
    Name,
    Path,
    VariableName,
)
from bench.units import NS_PER_MS, NS_PER_S, parse_duration_ns, write_duration

DEFAULT_SERVERS = ("flask", "gunicorn", "gunicorn-sync", "uwsgi", "waitress")

# The generator frames requests by itself: another value of these would break the connection or hang it.
OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "expect"})


def _duration_ns(value: object) -> int:
    try:
        return parse_duration_ns(value if isinstance(value, str) else "")
    except ValueError as error:
        remedy = "write a number and its unit, such as `30s` or `250ms`"
        raise refused(Mistake("must be a duration with its unit", remedy)) from error


Duration = Annotated[
    int,
    BeforeValidator(_duration_ns, json_schema_input_type=Annotated[str, Field(pattern=DURATION)]),
    PlainSerializer(write_duration, return_type=str),
]


class Part(BaseModel):
    """A part of the scenario: frozen, and strict about names it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


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


class Expectation(Part):
    """What the app must answer."""

    status: int = Field(200, ge=100, le=599, description="The status code of a right answer.")
    body: Literal["same", "any"] = Field(
        "same",
        description="`same`: every deployment gives the same body each time. `any`: bodies are not compared.",
    )


class Request(Part):
    """One request, sent again and again."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        "GET", description="The request's method."
    )
    path: Path = Field(
        description="Path and query, starting with one slash. Never a host: only our own servers are asked."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        {}, description="Headers to send beside Host and those of the connection."
    )
    body: str | None = Field(None, description="The body to send, as text.")
    json_body: Any = Field(None, alias="json", description="The body to send, as JSON; sets Content-Type.")
    expect: Expectation = Field(Expectation(), description="What a right answer is.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return short_forms.request(value)

    @field_validator("headers")
    @classmethod
    def _not_ours(cls, headers: dict[str, str]) -> dict[str, str]:
        refuse_any(
            Mistake(f"{quoted(name)} is set by the load generator", "leave it out", (name, "[key]"))
            for name in headers
            if name.lower() in OWN_HEADERS
        )
        return headers

    @field_validator("json_body")
    @classmethod
    def _one_body(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("body") is not None:
            raise refused(Mistake("a request has `body` or `json`, not both", "leave out one of them"))
        return value

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
        le=24 * 3600 * NS_PER_S,
        description="Load over all cells together, such as 60s or 5m.",
    )
    launches: int = Field(8, ge=1, le=100, description="Fresh starts of all deployments.")
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
        None, ge=0, lt=2**63, description="Seed of the order of slices; drawn and recorded if not given."
    )


_Item = TypeVar("_Item")


def _repeated(items: Iterable[_Item], of: Callable[[_Item], object]) -> Iterator[tuple[int, _Item]]:
    """The items, with their places, that share with an earlier one what is not None."""
    seen: set[object] = set()
    for place, item in enumerate(items):
        key = of(item)
        if key is not None and key in seen:
            yield place, item
        seen.add(key)


def _distinct_servers(choices: tuple[ServerChoice, ...]) -> tuple[ServerChoice, ...]:
    own_name, own_port = "give each its own `name:`", "give each its own, or leave `port:` out"
    names = [
        Mistake(f"the deployment {quoted(choice.name)} is there twice", own_name, (place, "name"))
        for place, choice in _repeated(choices, lambda choice: choice.name)
    ]
    ports = [
        Mistake(f"port {choice.port} is given to two deployments", own_port, (place, "port"))
        for place, choice in _repeated(choices, lambda choice: choice.port)
    ]
    refuse_any(names + ports)
    return choices


def _distinct_requests(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    refuse_any(
        Mistake(f"the request {quoted(request.label)} is there twice", "list it once", (place,))
        for place, request in _repeated(requests, lambda request: request.label)
    )
    return requests


def _distinct_loads(loads: tuple[Load, ...]) -> tuple[Load, ...]:
    refuse_any(
        Mistake(f"a load of {load.connections} connections is there twice", "list it once", (place,))
        for place, load in _repeated(loads, lambda load: load.connections)
    )
    return loads


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
        tuple[Request, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many),
        AfterValidator(_distinct_requests),
    ] = Field((Request(path="/"),), description="The requests; each is measured by itself.")
    load: Annotated[
        tuple[Load, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many),
        AfterValidator(_distinct_loads),
    ] = Field((Load(),), description="The load levels; each is measured by itself.")
    measure: Measure = Field(Measure(), description="How long it is measured, and how.")
