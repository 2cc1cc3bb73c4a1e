"""Command lines in a scenario: a text, split as a shell would split it, or the list of its arguments."""

import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from bench.scenario.mistakes import Mistake, quoted, refused
from bench.scenario.texts import ARGUMENT, Argument

_NOTHING_TO_RUN = Mistake("no command is named", "such as `pip install -r requirements.txt`")
_UNBALANCED = Mistake("a quotation mark is not closed, or a backslash has nothing after it",
                      "close it, or write the command as a list of its arguments")  # fmt: skip
_NO_COMMAND_LINE = Mistake("must be a command line", "write it as a text, or as the list of its arguments")
_OPERATORS = frozenset({"&&", "||", "|", "&", ";", ">", ">>", "<", "2>", "2>&1"})
_NO_COMMANDS = Mistake("must be a command line, or a list of them", "such as `[make assets, make database]`")
_NO_SHELL = "put what needs a shell in a script; of several commands write a list, `[make a, make b]`"
_ONE_IN_A_LIST = (
    "a list is several commands: write the arguments of one as a list in it, `[[pip, install, .]]`"
)


def _split(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    if not isinstance(value, str):
        raise refused(_NO_COMMAND_LINE)
    try:
        arguments = shlex.split(value)
    except ValueError as error:
        raise refused(_UNBALANCED) from error
    if not arguments:
        raise refused(_NOTHING_TO_RUN)
    if operator := _shell_operator(value, arguments):
        raise refused(Mistake(f"{quoted(operator)} is for a shell, and no shell reads this", _NO_SHELL))
    return arguments


def _shell_operator(text: str, arguments: list[str]) -> str | None:
    """What only a shell would understand, unquoted, and a word of its own or the end of one; or None."""
    unquoted = set(arguments).intersection(text.split())
    endings = {";" for word in unquoted if word.endswith(";")}
    return min(endings | (unquoted & _OPERATORS), default=None)


def _named(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if arguments and not arguments[0]:
        raise refused(_NOTHING_TO_RUN)
    return arguments


def _one_of_several(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if not arguments:
        raise refused(_NOTHING_TO_RUN)
    if arguments[0].startswith("-"):
        raise refused(Mistake(f"{quoted(arguments[0])} is no command", _ONE_IN_A_LIST))
    return arguments


def _list_of_commands(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    if not isinstance(value, str):
        raise refused(_NO_COMMANDS)
    return [value]


_WRITTEN = Annotated[str, Field(pattern=ARGUMENT)] | list[Argument]

CommandLine = Annotated[
    tuple[Argument, ...],
    Field(strict=False),
    BeforeValidator(_split, json_schema_input_type=_WRITTEN),
    AfterValidator(_named),
]
"""Arguments of a command, the command itself first; empty where there is none. Never given to a shell."""

CommandLines = Annotated[
    tuple[Annotated[CommandLine, AfterValidator(_one_of_several)], ...],
    Field(strict=False),
    BeforeValidator(
        _list_of_commands, json_schema_input_type=Annotated[str, Field(pattern=ARGUMENT)] | list[_WRITTEN]
    ),
]
"""Commands, one after the other, each as its arguments; a text is one command."""
