"""A finding of the doctor: one thing about the machine, whether it is well, and what to do else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["ok", "warning", "unknown"]
Value = float | int | str | None | list[int] | dict[str, str | None]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, one sentence, and the figures behind it.

    There is a remedy where the status is not `ok`, and none where it is.
    """

    name: str
    status: Status
    what: str
    remedy: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


def found(name: str, what: str, remedy: str, **values: Value) -> Finding:
    """What could be seen: a warning where there is something to do about it."""
    return Finding(name, "warning" if remedy else "ok", what, remedy, values)


def unknown(name: str, what: str, remedy: str, **values: Value) -> Finding:
    """What could not be seen, and how it could be."""
    return Finding(name, "unknown", what, remedy, values)
