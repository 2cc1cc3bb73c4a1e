"""What the deployments are asked: a request, or a mix of several."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bench.scenario import short_forms
from bench.scenario.expectation import Expectation
from bench.scenario.mistakes import KEY, Mistake, quoted, refuse_any, refused
from bench.scenario.part import Part, repeated
from bench.scenario.requirement import Requirement
from bench.scenario.texts import CookieName, CookieValue, HeaderName, HeaderValue, Name, Path

REQUEST, MIX = "[request]", "[mix]"

# The generator frames requests by itself: another value of these would break the connection or hang it.
OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "expect"})


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
    cookies: dict[CookieName, CookieValue] = Field({}, description="Cookies to send, in one header.")
    body: str | None = Field(None, description="The body to send, as text.")
    json_body: Any = Field(None, alias="json", description="The body to send, as JSON; sets Content-Type.")
    weight: int = Field(
        1, ge=1, le=1000, description="In a mix: one with twice the weight is sent twice as often."
    )
    expect: Expectation = Field(Expectation(), description="What a right answer is.")
    require: Requirement | None = Field(
        None, description="What is required of this request, in place of what is at the top."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return short_forms.request(value)

    @field_validator("headers")
    @classmethod
    def _not_ours(cls, headers: dict[str, str]) -> dict[str, str]:
        refuse_any(
            Mistake(f"{quoted(name)} is set by the load generator", "leave it out", (name, KEY))
            for name in headers
            if name.lower() in OWN_HEADERS
        )
        return headers

    @field_validator("cookies")
    @classmethod
    def _one_cookie_header(cls, cookies: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if cookies and any(name.lower() == "cookie" for name in info.data.get("headers", {})):
            raise refused(Mistake("there is a `Cookie` among the headers, too", "leave out one of them"))
        return cookies

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

    @property
    def parts(self) -> "tuple[Request, ...]":
        """The requests that are sent: this one alone."""
        return (self,)


def _distinct_parts(parts: tuple[Request, ...]) -> tuple[Request, ...]:
    twice = [
        Mistake(f"the request {quoted(part.label)} is there twice", "list it once, with a `weight`", (place,))
        for place, part in repeated(parts, lambda part: part.label)
    ]
    required = [
        Mistake("what is required holds for the whole mix", "write it beside `mix:`", (place, "require", KEY))
        for place, part in enumerate(parts)
        if part.require is not None
    ]
    refuse_any(twice + required)
    return parts


class Mix(Part):
    """Several requests, measured together; which is sent next is drawn by weight."""

    name: Name = Field(description="What the mix is called in results.")
    parts: Annotated[
        tuple[Request, ...],
        Field(min_length=1, strict=False),
        BeforeValidator(short_forms.one_or_many),
        AfterValidator(_distinct_parts),
    ] = Field(alias="mix", description="The requests of the mix.")
    require: Requirement | None = Field(
        None, description="What is required of this mix, in place of what is at the top."
    )

    @field_validator("name")
    @classmethod
    def _not_a_locustfile(cls, name: str) -> str:
        if name.endswith(".py"):
            raise refused(Mistake("only a locustfile is called so", "leave out the `.py`"))
        return name

    @property
    def label(self) -> str:
        """The mix as reports name it."""
        return self.name


def _kind(value: Any) -> str:
    return MIX if isinstance(value, Mix) or (isinstance(value, dict) and "mix" in value) else REQUEST


RequestOrMix = Annotated[
    Annotated[Request, Tag(REQUEST)] | Annotated[Mix, Tag(MIX)],
    Discriminator(_kind),
]


def distinct_requests(requests: tuple[Request | Mix, ...]) -> tuple[Request | Mix, ...]:
    """The requests, refused where reports could not tell two apart, or one has a weight and no mix."""
    twice = [
        Mistake(f"the request {quoted(request.label)} is there twice", "list it once", (place,))
        for place, request in repeated(requests, lambda request: request.label)
    ]
    weighted = [
        Mistake("a weight counts in a mix only", "leave it out, or write a `mix:`", (place, "weight"))
        for place, request in enumerate(requests)
        if isinstance(request, Request) and request.weight != 1
    ]
    refuse_any(twice + weighted)
    return requests
