"""What a right answer is: its status, its body, its headers."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from bench.scenario import short_forms
from bench.scenario.json_path import fault_in_json_path
from bench.scenario.mistakes import KEY, Mistake, quoted, refuse_any, refused
from bench.scenario.part import Part
from bench.scenario.texts import HeaderName, HeaderValue, Sha256

WORD, CHECKS = "[word]", "[checks]"


class ExpectedBody(Part):
    """What a right body is; of several checks all must hold."""

    equal: str | None = Field(None, description="The whole body, as text.")
    contains: Annotated[
        tuple[str, ...],
        Field(strict=False),
        BeforeValidator(short_forms.one_or_many, json_schema_input_type=str | list[str]),
    ] = Field((), description="A text, or several, that the body has in it.")
    json_values: dict[str, Any] = Field(
        {},
        alias="json",
        description="JSONPath expressions (RFC 9535) and the value each selects, such as `$.items[0].name`.",
    )
    sha256: Sha256 | None = Field(None, description="The SHA-256 of the body, in hexadecimal.")

    @field_validator("json_values")
    @classmethod
    def _json_paths(cls, values: dict[str, Any]) -> dict[str, Any]:
        faults = {path: fault_in_json_path(path) for path in values}
        refuse_any(
            Mistake(f"{quoted(path)} is no JSONPath: {fault}", "such as `$.items[0].name`", (path, KEY))
            for path, fault in faults.items()
            if fault is not None
        )
        return values

    @model_validator(mode="after")
    def _not_empty(self) -> "ExpectedBody":
        if self.equal is None and self.sha256 is None and not self.contains and not self.json_values:
            raise refused(Mistake("nothing is expected of the body", "write `any` where any body is right"))
        return self


class ExpectedHeader(Part):
    """A header that a right answer has; of several with its name one must be right."""

    equal: HeaderValue | None = Field(None, description="Its whole value.")
    contains: HeaderValue | None = Field(None, description="A text that its value has in it.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "ExpectedHeader":
        if (self.equal is None) == (self.contains is None):
            raise refused(
                Mistake("a header has either `equal` or `contains`", "write its value, or `{contains: text}`")
            )
        return self


def _kind_of_body(value: Any) -> str:
    return CHECKS if isinstance(value, dict | ExpectedBody) else WORD


class Expectation(Part):
    """What the app must answer."""

    status: int = Field(200, ge=100, le=599, description="The status code of a right answer.")
    body: Annotated[
        Annotated[Literal["same", "any"], Tag(WORD)] | Annotated[ExpectedBody, Tag(CHECKS)],
        Discriminator(_kind_of_body),
    ] = Field(
        "same",
        description="`same`: every deployment gives the same body each time. `any`: bodies are not compared. "
        "Otherwise what must be so: `equal`, `contains`, `json`, `sha256`.",
    )
    headers: dict[
        HeaderName,
        Annotated[
            ExpectedHeader,
            BeforeValidator(short_forms.expected_header, json_schema_input_type=HeaderValue | ExpectedHeader),
        ],
    ] = Field({}, description="Headers of a right answer: the value each has, or `{contains: text}`.")
