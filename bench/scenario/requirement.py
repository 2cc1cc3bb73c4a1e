"""What is required of the app's figures, whatever it is compared with."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from bench.scenario.mistakes import Mistake, refused
from bench.scenario.part import Duration, Part, Rate, parse_precision
from bench.scenario.texts import PRECISION
from bench.units import NS_PER_S, NS_PER_US

SIZE = r"^\s*[0-9]{1,9}(\.[0-9]{1,6})?\s*(MB|GB)\s*$"
LARGEST_BYTES = 10**15
_BYTES_PER_UNIT = {"MB": 10**6, "GB": 10**9}
_LONGEST_NS = 3600 * NS_PER_S  # no histogram holds more


def _share(value: object) -> float:
    try:
        share = parse_precision(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refused(Mistake("must be a share with its per cent sign", "such as `0.1%`")) from error
    if share > 1:
        raise refused(Mistake("must be from 0% to 100%"))
    return share


def _bytes(value: object) -> int:
    text = value.strip() if isinstance(value, str) else ""
    if re.search(SIZE, text) is None:
        raise refused(Mistake("must be a size with its unit", "such as `200MB` or `1.5GB`"))
    number, unit = text[:-2], text[-2:]
    size = int(Decimal(number.strip()) * _BYTES_PER_UNIT[unit])
    if not 1 <= size <= LARGEST_BYTES:
        raise refused(Mistake("must be from 0.000001MB to 1000000GB"))
    return size


def write_share(share: float) -> str:
    """The share as a person would write it, without loss: `0.1%`, `0%`."""
    return f"{_shortened(f'{100 * share:.6f}')}%"


def write_bytes(size: int) -> str:
    """The size as a person would write it, without loss: `200MB`, `1.5GB`."""
    unit = "GB" if size >= _BYTES_PER_UNIT["GB"] and size % 1000 == 0 else "MB"
    return f"{_shortened(f'{Decimal(size) / _BYTES_PER_UNIT[unit]:.6f}')}{unit}"


def _shortened(number: str) -> str:
    return number.rstrip("0").rstrip(".")


Share = Annotated[
    float,
    BeforeValidator(_share, json_schema_input_type=Annotated[str, Field(pattern=PRECISION)]),
    PlainSerializer(write_share, return_type=str),
]
Size = Annotated[
    int,
    BeforeValidator(_bytes, json_schema_input_type=Annotated[str, Field(pattern=SIZE)]),
    PlainSerializer(write_bytes, return_type=str),
]


def _duration(description: str) -> Any:
    return Field(None, ge=NS_PER_US, le=_LONGEST_NS, description=description)


class Requirement(Part):
    """What a figure must at least be, or may at most be; what is left out is not required."""

    p50: Duration | None = _duration("Half of the answers take at most this long, such as 5ms.")
    p90: Duration | None = _duration("90 % of the answers take at most this long.")
    p99: Duration | None = _duration("99 % of the answers take at most this long, such as 50ms.")
    p99_9: Duration | None = _duration("99.9 % of the answers take at most this long.")
    goodput: Rate | None = Field(None, description="At least so many verified responses, such as 500/s.")
    errors: Share | None = Field(
        None, description="At most this share of the answers are errors, such as 0.1%; 0% allows none."
    )
    cpu: Duration | None = _duration("At most this much CPU time a request, such as 800us.")
    memory: Size | None = Field(
        None, description="At most this much memory of all processes together, such as 200MB."
    )

    def limits(self) -> dict[str, float]:
        """The limit of each figure that is required: nanoseconds, a second, a share, bytes."""
        limits = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: limit for name, limit in limits.items() if limit is not None}
