"""Mistakes a scenario's rules find: said in plain words, with what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

TYPE = "mistakes"
KEY = "[key]"  # ends a location that is a mapping's key, not its value
_LONGEST_SHOWN = 60

Location = tuple[str | int, ...]
"""Where in a scenario a value stands: keys of mappings and places in lists, from the top."""


@dataclass(frozen=True)
class Mistake:
    """One mistake: what is wrong, what to write instead, and where below the value that was checked."""

    what: str
    remedy: str = ""
    at: Location = ()


def refused(*mistakes: Mistake) -> PydanticCustomError:
    """The mistakes as the one validation error a validator may raise; pydantic gives it its place."""
    text = "; ".join(mistake.what for mistake in mistakes)
    return PydanticCustomError(TYPE, "{text}", {"text": text, TYPE: mistakes})


def refuse_any(mistakes: Iterable[Mistake]) -> None:
    """Raise the mistakes, where there are any."""
    found = tuple(mistakes)
    if found:
        raise refused(*found)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word this one probably was meant to be; None where none is near."""
    if len(word) > _LONGEST_SHOWN:  # a long word is no slip of the finger, and comparing it is slow
        return None
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return by_lower_case[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question that names the nearest known word; empty where none is near."""
    meant = nearest(word, known)
    return f"did you mean `{meant}`?" if meant else ""


def quoted(text: str) -> str:
    """Text from the file as a message shows it: in backticks, shortened, nothing unprintable in it."""
    shown = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
    escaped = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in shown)
    return f"`{escaped}`"
