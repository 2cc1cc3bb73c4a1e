"""Numbers and names as running text has them."""

import re
from datetime import UTC, datetime

from bench.units import format_duration

LISTED_AT_MOST = 6

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|us|ms|s|min|MB)(?!\w))")


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage that no line break tears from its sign: `12 %`."""
    return f"{share * 100:,.{digits}f}\u00a0%"


def typeset(text: str) -> str:
    """A text of the terminal as a page has it: with a real sign, and no line break before a unit."""
    return _BEFORE_UNIT.sub("\u00a0", text.replace("+-", "\u00b1"))


def ended(text: str) -> str:
    """The text with a full stop at its end; nothing of nothing."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def sentence(text: str) -> str:
    """The text as a sentence: with a capital at its start and a full stop at its end."""
    return ended(typeset(f"{text[:1].upper()}{text[1:]}"))


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
    return typeset(format_duration(duration_ns))


def moment(at: datetime) -> str:
    """A point in time to the minute, in UTC where its zone is known."""
    if at.tzinfo is None:
        return f"{at:%Y-%m-%d %H:%M}"
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
