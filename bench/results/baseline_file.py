"""The baseline: what a run found relative to its reference, in one file small enough to commit.

Written by `bench check --save-baseline FILE`, read by `--baseline FILE`. One line a fact and a cell, so that
a change of it can be read in a diff. Its format has a number of its own, apart from that of results.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from bench.errors import InputError
from bench.results.model import Answer, LoadLevel, Record
from bench.results.store import write_whole

FORMAT: Literal[1] = 1

_DIGITS = 5  # of a log-ratio: a thousandth of a per cent
_A_LINE_EACH = ("facts", "cells")
_SAVE_AGAIN = "save it again with `--save-baseline`"


@dataclass(frozen=True)
class Fact:
    """One fact of a run, in words, and whether the numbers depend on it.

    `of` is what it is a fact of, where not every run has that: a deployment, a request.
    """

    name: str
    value: str
    matters: bool
    of: str = ""


class KeptMetric(Record):
    """One metric of a cell: a log-ratio to the reference for each launch, above 0 where the cell is worse.

    None where a launch has none. `typical` is the metric's own value, in the units of `checks.summary`.
    """

    log_ratios: tuple[float | None, ...]
    typical: float | None


class KeptCell(Record):
    """One cell by its deployment's name, request and load, with every metric by its name.

    `answers` has what it answered to each of its requests (by label), where that must always be the same.
    """

    deployment: str
    request: str
    load: LoadLevel
    metrics: dict[str, KeptMetric]
    answers: dict[str, Answer] = Field({})


class Baseline(Record):
    """What a run is held against later: which run it was, its facts and its cells."""

    format: Literal[1] = FORMAT
    run: str
    measured_at: datetime
    facts: tuple[Fact, ...]
    cells: tuple[KeptCell, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse what no run can have written."""
        kept = Counter((one.deployment, one.request, one.load) for one in self.cells)
        if not kept:
            raise ValueError("it holds no cell")
        if max(kept.values()) > 1:
            raise ValueError(f"the cell {kept.most_common(1)[0][0][:2]} is there twice")
        if len({len(one.log_ratios) for cell in self.cells for one in cell.metrics.values()}) != 1:
            raise ValueError("its metrics do not all have as many launches")
        return self


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write or replace the file. Raises InputError where it cannot be written."""
    try:
        write_whole(path, _text(baseline).encode())
    except OSError as error:
        raise InputError(
            f"cannot write the baseline to {path}: {error.strerror}", "name a file that can be written"
        ) from error


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises InputError where it is none, is damaged or of a newer format."""
    try:
        stored = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read the baseline {path}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: this is not JSON: {error.msg}", _SAVE_AGAIN) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not a baseline: it is not JSON", _SAVE_AGAIN) from error
    _require_known_format(path, stored)
    try:
        return Baseline.model_validate_json(json.dumps(stored))
    except ValidationError as error:
        raise _damaged(path, error) from error


def _require_known_format(path: Path, stored: Any) -> None:
    """Refuse what is no baseline, and one that a later version wrote."""
    number = stored.get("format") if isinstance(stored, dict) else None
    if type(number) is not int or number < 1 or "cells" not in stored or "facts" not in stored:
        raise InputError(
            f"{path} is not a baseline", "name a file that `--save-baseline` wrote, not a result or a report"
        )
    if number > FORMAT:
        raise InputError(
            f"{path} is of baseline format {number}; this version of bench knows {FORMAT}",
            f"use the version of bench that wrote it, or {_SAVE_AGAIN}",
        )


def _damaged(path: Path, error: ValidationError) -> InputError:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    what = str(first["msg"]).removeprefix("Value error, ")
    return InputError(f"{path} is damaged: {f'{where}: ' if where else ''}{what}", _SAVE_AGAIN)


def _text(baseline: Baseline) -> str:
    """The file: short values first, then one line a fact and a cell."""
    whole = _rounded(baseline.model_dump(mode="json"))
    lines = [f" {json.dumps(name)}: {_value(name, value)}" for name, value in whole.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(name: str, value: Any) -> str:
    if name not in _A_LINE_EACH:
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in value) + "\n ]"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value
