"""The record of checks: one JSON object a line, each written as its check ends."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.errors import InputError

VERDICTS = {0: "pass", 1: "regression", 3: "inconclusive"}


@dataclass(frozen=True)
class Checked:
    """One check: of which part, how it ended, how long it took, and what its cells came to.

    `turns` is how many head counts. A cell has its name, its verdict, why, and its metrics, as in the JSON of
    `bench check`.
    """

    part: str
    exit_code: int
    wall_s: float
    turns: int
    cells: list[dict[str, Any]]

    @property
    def verdict(self) -> str:
        """The verdict that its exit code stands for."""
        return VERDICTS[self.exit_code]

    def document(self) -> dict[str, Any]:
        """The check as plain values."""
        return {**asdict(self), "verdict": self.verdict}


def append(record: Path, one: Checked) -> None:
    """Add a check to the record. Raises InputError where it cannot be written."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one)) + "\n")
    except OSError as error:
        raise InputError(f"cannot write {record}: {error.strerror}", "check the path") from error


def read(record: Path) -> Iterator[Checked]:
    """The checks in the record; none where it is not begun. Raises InputError where it is something else."""
    try:
        for line in record.read_text(encoding="utf-8").splitlines():
            yield Checked(**json.loads(line))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot read {record}: {error.strerror}", "check the path") from error
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{record} is no record of checks", "name a file this benchmark has written"
        ) from error
