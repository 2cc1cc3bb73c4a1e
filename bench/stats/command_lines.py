"""Command lines, fit to be read: a long program that Python is handed as text is told apart, not shown."""

from collections.abc import Sequence
from hashlib import sha256

_SHORT = 60  # characters of a program that may as well be read


def readable(command: Sequence[str]) -> tuple[str, ...]:
    """The command, its program left out where that is long: `python -c <program 1a2b3c4d> shop:app`.

    What stands for a program is the beginning of its SHA-256: equal for equal programs alone.
    """
    return tuple(
        f"<program {sha256(argument.encode()).hexdigest()[:8]}>"
        if place and command[place - 1] == "-c" and len(argument) > _SHORT
        else argument
        for place, argument in enumerate(command)
    )
