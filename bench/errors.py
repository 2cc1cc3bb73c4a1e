"""What can go wrong, and the exit code of each kind.

Every error a user can cause is one of these: its message says what happened, its remedy what to do.
Anything else that reaches the command line is a defect of ours and ends with `INTERNAL`.
"""

from dataclasses import dataclass

OK = 0
INTERNAL = 70


class BenchError(Exception):
    """An error with a message for the user: what happened, and what to do about it."""

    exit_code = INTERNAL

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class Regression(BenchError):
    """The app got slower, or does not keep what is required of it."""

    exit_code = 1


class InputError(BenchError):
    """Something the user wrote or asked for cannot be used."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: line and column (both from 1), what is wrong, what to write instead."""

    line: int
    column: int
    what: str
    remedy: str = ""


class ScenarioError(InputError):
    """A scenario file has mistakes: all of them at once, each with its line and column."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems)
        lines = []
        for problem in self.problems:
            lines.append(f"{path}:{problem.line}:{problem.column}: {problem.what}")
            if problem.remedy:
                lines.append(f"  {problem.remedy}")
        super().__init__("\n".join(lines))


class NothingValid(BenchError):
    """The run ended, but nothing in it can be trusted or decided."""

    exit_code = 3


class Inconclusive(BenchError):
    """The run ended, but something it was to decide it could not."""

    exit_code = 3


class ServerFailed(BenchError):
    """A server did not start, did not answer, or died."""

    exit_code = 4


class GeneratorFailed(BenchError):
    """The load generator died or stopped answering."""

    exit_code = 5


class Interrupted(BenchError):
    """The user stopped the run; what was measured is kept."""

    exit_code = 130
