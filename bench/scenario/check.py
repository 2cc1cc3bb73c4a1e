"""What a check of one version of an app against another decides by."""

from collections.abc import Collection, Iterator, Sequence
from math import ceil, log2
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from bench.scenario import short_forms
from bench.scenario.mistakes import Mistake, did_you_mean, quoted, refused
from bench.scenario.part import Part, Precision, parse_precision, precision_of
from bench.scenario.texts import PRECISION, Name

Metric = Literal["goodput", "cpu", "median", "p99", "memory"]
METRICS: tuple[Metric, ...] = ("goodput", "cpu", "median", "p99", "memory")
GATED: tuple[Metric, ...] = ("goodput", "cpu", "median")
ALLOWED = 0.05
LAUNCHES = 36
LEVEL = 0.01
"""The chance of a false alarm that all figures of a check have together."""


def _by_metric(value: Any) -> Any:
    """`{goodput: 5%, cpu: 5%, ...}` for `5%`; what is no such share is refused once, not once a metric."""
    if isinstance(value, dict):
        return value
    try:
        parse_precision(value if isinstance(value, str) else "")
    except ValueError as error:
        remedy = "such as `5%`, or `{goodput: 5%, p99: 15%}`"
        raise refused(Mistake("must be a share with its per cent sign", remedy)) from error
    precision_of(value)
    return dict.fromkeys(METRICS, value)


def _distinct(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    return tuple(dict.fromkeys(metrics))


Metrics = Annotated[
    tuple[Metric, ...],
    Field(min_length=1, strict=False),
    BeforeValidator(short_forms.one_or_many, json_schema_input_type=Metric | list[Metric]),
]
Allowance = Annotated[
    dict[Metric, Precision],
    BeforeValidator(
        _by_metric, json_schema_input_type=Annotated[str, Field(pattern=PRECISION)] | dict[Metric, str]
    ),
]

_NOTHING_SELECTED = Mistake("this is an exception for every cell", "name its `request` or its `server`")


class CheckException(Part):
    """What is different for some cells of a check."""

    request: str | None = Field(None, description="The request, as `GET /search` or by its name.")
    server: Name | None = Field(None, description="The server, by its name.")
    gate: Metrics | None = Field(None, description="What decides for these cells.")
    allow: Allowance = Field(
        {}, description="How much slower these cells may be, for all metrics or by metric."
    )

    @model_validator(mode="after")
    def _of_some_cells(self) -> "CheckException":
        if self.server is None and self.request is None:
            raise refused(_NOTHING_SELECTED)
        return self


class Check(Part):
    """How `bench check` decides whether one version of the app is slower than another."""

    gate: Metrics = Field(
        GATED,
        description="What decides: goodput, cpu (time a request), median, p99, memory. The others are told.",
    )
    allow: Allowance = Field(
        dict.fromkeys(METRICS, ALLOWED),
        description="How much slower it may be, such as 5%: for all metrics, or by metric. "
        "What is surely below it passes.",
    )
    launches: int = Field(
        LAUNCHES,
        ge=1,
        le=100,
        description="The most launches there are before a verdict. The time there is (`for`) is divided "
        "among them; a check that is sure ends sooner.",
    )
    cells: tuple[CheckException, ...] = Field(
        (), strict=False, description="Cells for which something else holds; of several, the first."
    )

    def gate_of(self, server: str, request: str) -> tuple[Metric, ...]:
        """The metrics that decide for a cell, each once."""
        exception = self._exception(server, request)
        return _distinct(self.gate if exception is None or exception.gate is None else exception.gate)

    def allowed(self, server: str, request: str, metric: Metric) -> float:
        """How much slower a cell may be by this metric, as a fraction."""
        exception = self._exception(server, request)
        own = exception.allow if exception is not None else {}
        return own.get(metric, self.allow.get(metric, ALLOWED))

    def figures(self, servers: Sequence[str], requests: Sequence[str]) -> int:
        """How many figures decide, with a cell for every server and request of those named."""
        return sum(len(self.gate_of(server, request)) for server in servers for request in requests)

    def _exception(self, server: str, request: str) -> CheckException | None:
        return next(
            (one for one in self.cells if one.server in (None, server) and one.request in (None, request)),
            None,
        )


def unknown_cells(check: Check, servers: Collection[str], requests: Collection[str]) -> Iterator[Mistake]:
    """Exceptions for servers or requests that the scenario does not have."""
    for place, one in enumerate(check.cells):
        for key, name, known in (("server", one.server, servers), ("request", one.request, requests)):
            if name is not None and name not in known:
                remedy = did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}"
                what = f"the scenario has no {key} {quoted(name)}"
                yield Mistake(what, remedy, ("check", "cells", place, key))


def fewest_launches(figures: int) -> int:
    """How many launches it takes before the clearest slow-down could be told from chance.

    Head is slower than base in all of n launches once in 2**n times by chance alone.
    """
    return ceil(log2(figures / LEVEL))


def too_few_launches(check: Check, figures: int) -> Iterator[Mistake]:
    """A number of launches with which there is no verdict, whatever is measured."""
    least = fewest_launches(figures)
    if check.launches < least:
        what = f"{check.launches} launches cannot tell anything about {figures} figures: it takes {least}"
        remedy = f"write `launches: {least}` at least, or let fewer metrics or cells decide"
        yield Mistake(what, remedy, ("check", "launches"))
