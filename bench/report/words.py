"""Numbers and names as running text has them."""

from datetime import UTC, datetime

from bench.units import format_duration

LISTED_AT_MOST = 6


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage that no line break tears from its sign: `12 %`."""
    return f"{share * 100:,.{digits}f}\u00a0%"


def listed(names: list[str]) -> str:
    """Names as a sentence lists them: `a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def first_of(names: list[str]) -> list[str]:
    """The names, and of many only the first and how many others there are."""
    if len(names) <= LISTED_AT_MOST:
        return names
    return [*names[: LISTED_AT_MOST - 2], f"{len(names) - LISTED_AT_MOST + 2} others"]


def duration(duration_ns: float) -> str:
    """A duration that no line break tears from its unit."""
    return format_duration(duration_ns).replace(" ", "\u00a0")


def moment(at: datetime) -> str:
    """A point in time to the minute, in UTC where its zone is known."""
    if at.tzinfo is None:
        return f"{at:%Y-%m-%d %H:%M}"
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
