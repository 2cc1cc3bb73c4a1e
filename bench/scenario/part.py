"""What every part of a scenario is, and the values with units that parts have."""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bench.scenario.mistakes import Mistake, refused
from bench.scenario.texts import DURATION, PRECISION, RATE
from bench.units import parse_duration_ns, parse_rate_per_s, write_duration, write_rate

LOWEST_RATE_PER_S = 1 / 60
HIGHEST_RATE_PER_S = 1e6
FINEST_PRECISION = 0.001
COARSEST_PRECISION = 0.5


class Part(BaseModel):
    """A part of the scenario: frozen, and strict about names it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


def _duration_ns(value: object) -> int:
    try:
        return parse_duration_ns(value if isinstance(value, str) else "")
    except ValueError as error:
        remedy = "write a number and its unit, such as `30s` or `250ms`"
        raise refused(Mistake("must be a duration with its unit", remedy)) from error


def _rate_per_s(value: object) -> float:
    remedy = "write a number and its unit, such as `500/s` or `90/min`"
    try:
        per_second = parse_rate_per_s(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refused(Mistake("must be a rate with its unit", remedy)) from error
    if not LOWEST_RATE_PER_S <= per_second <= HIGHEST_RATE_PER_S:
        lowest, highest = write_rate(LOWEST_RATE_PER_S), write_rate(HIGHEST_RATE_PER_S)
        raise refused(Mistake(f"must be from {lowest} to {highest}"))
    return per_second


def parse_precision(text: str) -> float:
    """The share of a precision written with its per cent sign: `2%`. Raises ValueError where it is none."""
    if re.search(PRECISION, text) is None:
        raise ValueError(f"{text!r} is not a share; write a number with its per cent sign, such as 2%")
    return float(Decimal(text.strip().rstrip("%")) / 100)


def write_precision(share: float) -> str:
    """The share as a person would write it in a scenario: `2%`, `0.5%`."""
    return f"{100 * share:.12g}%"


def precision_of(value: object) -> float:
    """The share as a scenario gives it; what is none, or out of range, is refused."""
    try:
        share = parse_precision(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refused(Mistake("must be a share with its per cent sign", "such as `2%`")) from error
    if not FINEST_PRECISION <= share <= COARSEST_PRECISION:
        finest, coarsest = write_precision(FINEST_PRECISION), write_precision(COARSEST_PRECISION)
        raise refused(Mistake(f"must be from {finest} to {coarsest}"))
    return share


Duration = Annotated[
    int,
    BeforeValidator(_duration_ns, json_schema_input_type=Annotated[str, Field(pattern=DURATION)]),
    PlainSerializer(write_duration, return_type=str),
]
Rate = Annotated[
    float,
    BeforeValidator(_rate_per_s, json_schema_input_type=Annotated[str, Field(pattern=RATE)]),
    PlainSerializer(write_rate, return_type=str),
]
Precision = Annotated[
    float,
    BeforeValidator(precision_of, json_schema_input_type=Annotated[str, Field(pattern=PRECISION)]),
    PlainSerializer(write_precision, return_type=str),
]

_Item = TypeVar("_Item")


def repeated(items: Iterable[_Item], of: Callable[[_Item], object]) -> Iterator[tuple[int, _Item]]:
    """The items, with their places, that share with an earlier one what is not None."""
    seen: set[object] = set()
    for place, item in enumerate(items):
        key = of(item)
        if key is not None and key in seen:
            yield place, item
        seen.add(key)
