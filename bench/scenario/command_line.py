"""A command line in a scenario: a text, split as a shell would split it, or the list of its arguments."""

import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from bench.scenario.mistakes import Mistake, refused
from bench.scenario.texts import ARGUMENT, Argument

_NOTHING_TO_RUN = Mistake("no command is named", "such as `pip install -r requirements.txt`")
_UNBALANCED = Mistake("a quotation mark is not closed, or a backslash has nothing after it",
                      "close it, or write the command as a list of its arguments")  # fmt: skip


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        arguments = shlex.split(value)
    except ValueError as error:
        raise refused(_UNBALANCED) from error
    if not arguments:
        raise refused(_NOTHING_TO_RUN)
    return arguments


def _named(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if arguments and not arguments[0]:
        raise refused(_NOTHING_TO_RUN)
    return arguments


CommandLine = Annotated[
    tuple[Argument, ...],
    Field(strict=False),
    BeforeValidator(_split, json_schema_input_type=Annotated[str, Field(pattern=ARGUMENT)] | list[Argument]),
    AfterValidator(_named),
]
"""Arguments of a command, the command itself first; empty where there is none. Never given to a shell."""
