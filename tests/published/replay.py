"""A published mistake, replayed: a real `bench run` of something that misbehaves, and what is said of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.results.model import Measurements
from tests.cli.bench_process import assert_told_once, bench, scenario, stored

APPS = "tests.published.apps"


@dataclass(frozen=True)
class Replay:
    """What came of it: the JSON summary and the stored measurements."""

    summary: dict[str, Any]
    measured: Measurements

    def cell(self, cell: str) -> dict[str, Any]:
        """The only cell whose id has this in it."""
        (found,) = (one for one in self.summary["cells"] if cell in one["id"])
        return dict(found)

    def codes(self, cell: str = "") -> set[str]:
        """The reasons for which this cell is not valid."""
        return {reason["code"] for reason in self.cell(cell)["reasons"]}

    def says(self, words: str) -> bool:
        """Whether a warning has these words."""
        return any(words in warning for warning in self.summary["warnings"])

    @property
    def ranked(self) -> set[str]:
        """The ids of all cells that are ranked."""
        return {cell for group in self.summary["ranking"] for cell in group}


def replay(folder: Path, **parts: Any) -> Replay:
    """Run this scenario to its end."""
    path = scenario(folder, **parts)
    told = bench("run", path.name, "--json", "summary.json", cwd=folder)
    assert_told_once(told)
    assert told.exit_code in (0, 3), told.stderr
    return Replay(json.loads((folder / "summary.json").read_text()), stored(folder))
