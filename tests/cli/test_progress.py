"""What a run says before it starts: how long it takes, and what may follow."""

import io
import re

import pytest
from rich.console import Console

from bench.cli.progress import RunProgress
from bench.results.model import Measurements
from bench.units import NS_PER_S
from tests.stats.synthetic import Part, measurements, with_run
from tests.stats.synthetic_baseline import APP as KEPT
from tests.stats.synthetic_baseline import held, measured
from tests.stats.synthetic_check import check_run

APP = Part("gunicorn")
MORE = "             and about 1 min more, 12 launches, to confirm a regression"


def said(made: Measurements) -> list[str]:
    """What is said of it where 24 launches take two minutes."""
    scenario = made.run.scenario
    measure = {"for": "60s", "launches": 24}
    console = Console(file=io.StringIO(), width=200)
    run = with_run(made, scenario={**scenario, "measure": measure}).run
    RunProgress(console).planned(run, 120 * NS_PER_S)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("made", "how_long"),
    [(check_run((APP, APP)), "at most 2 min: "), (held(measured(KEPT), KEPT), "about 2 min: ")],
)
def test_a_check_says_that_a_regression_takes_launches_to_confirm(made: Measurements, how_long: str) -> None:
    lines = said(made)
    (takes,) = (place for place, line in enumerate(lines) if line.startswith("takes "))
    assert lines[takes].split(maxsplit=1)[1].startswith(how_long)
    assert lines[takes + 1] == MORE


def test_a_run_has_none_to_confirm_with() -> None:
    assert not any("confirm" in line for line in said(measurements([APP])))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_live_line_has_as_many_deployments_as_there_is_room_for(width: int) -> None:
    made = measurements([Part(f"gunicorn-behind-nginx-{count}-tcp-shipped") for count in range(10, 26)])
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    progress = RunProgress(console)
    run = with_run(made, scenario={**made.run.scenario, "measure": {"for": "60s", "launches": 4}}).run
    progress.planned(run, NS_PER_S)
    progress.measured(made.blocks[0], NS_PER_S)
    progress.close()
    assert isinstance(console.file, io.StringIO)
    drawn = " ".join(console.file.getvalue().split())
    shown = set(re.findall(r"nginx-(\d+)-tcp-shipped [\d,]+/s", drawn))
    more = re.search(r"and (\d+) more", drawn)
    assert more is not None
    assert len(shown) + int(more[1]) == 16
    assert len(shown) == {80: 1, 120: 3, 200: 7}[width]
