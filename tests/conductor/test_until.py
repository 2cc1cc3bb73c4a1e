"""Runs that go on until their comparisons are known well enough, or their time is used up."""

from itertools import groupby
from pathlib import Path

import pytest

from bench.plan import block_order, takes_part
from bench.results.model import Launch, Measurements
from bench.scenario.model import LAUNCHES_BEFORE_ENOUGH
from bench.stats.precision import asked_precision, decide
from bench.stats.summarise import summarise
from tests.cli.bench_process import Ended, assert_told_once, bench, scenario, stored

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

GOOD = "tests.fixtures.good:app"
SYNC = {"server": "gunicorn-sync", "name": "closing", "processes": 1}
SERVERS = [{"server": "waitress", "name": name} for name in ("one", "other")]


def run_until(folder: Path, *more: object, **measure: object) -> tuple[Ended, Measurements]:
    whole = {"slice": "25ms", "twin": False, "seed": 3, **measure}
    path = scenario(folder, app=GOOD, servers=[*SERVERS, *more], measure=whole)
    ended = bench("run", path.name, cwd=folder)
    assert_told_once(ended)
    assert ended.exit_code in (0, 3), ended.stderr
    return ended, stored(folder)


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Measurements]:
    return run_until(tmp_path_factory.mktemp("reached"), **{"for": "6s", "until": "50%", "launches": 20})


@pytest.fixture(scope="module")
def used_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Measurements]:
    measure = {"for": "3s", "until": "0.1%", "launches": 9}
    return run_until(tmp_path_factory.mktemp("used-up"), SYNC, **measure)


def until_then(measured: Measurements, launch: Launch) -> Measurements:
    """What had been measured when this launch ended."""
    return Measurements(
        run=measured.run,
        launches=tuple(one for one in measured.launches if one.number <= launch.number),
        blocks=tuple(block for block in measured.blocks if block.launch <= launch.number),
    )


def test_a_run_ends_when_it_is_precise_enough_and_says_so(reached: tuple[Ended, Measurements]) -> None:
    ended, measured = reached
    assert measured.run.status == "complete"
    assert LAUNCHES_BEFORE_ENOUGH <= len(measured.launches) < 20
    assert [launch.enough for launch in measured.launches[:-1]] == [False] * (len(measured.launches) - 1)
    assert measured.launches[-1].enough
    assert "at most 6s of load on 2 cells, in at most 20 launches" in ended.stderr
    assert "until        every comparison is known to +-50%" in ended.stderr
    assert "widest interval +-" in ended.stderr
    assert (
        f"+-50 % or better, as was asked for: after {len(measured.launches)} of at most 20 " in ended.stdout
    )


def test_a_run_whose_time_is_used_up_says_what_is_still_wider(used_up: tuple[Ended, Measurements]) -> None:
    ended, measured = used_up
    assert measured.run.status == "complete"
    assert [launch.number for launch in measured.launches] == list(range(1, 10))
    assert not any(launch.enough for launch in measured.launches)
    assert "+-0.1 %, as was asked for, after 9 of at most 9 launches in " in ended.stdout


def test_a_cell_that_is_compared_with_nothing_gets_less_of_the_time(
    used_up: tuple[Ended, Measurements],
) -> None:
    """On a disturbed machine a cell may not be valid, and what is left of its group is alone, too."""
    _, measured = used_up
    *before, eighth, _ = measured.launches
    assert [launch.settled for launch in before] == [()] * 7
    known = summarise(until_then(measured, eighth))
    alone = {group[0] for group in known.ranking if len(group) == 1}
    (closing,) = (cell for cell in known.cells if cell.cell.deployment == "closing")
    assert (closing.cell.id in alone) == closing.valid
    assert set(eighth.settled) == alone
    last = [len(block.slices) for block in measured.blocks if block.launch == 9]
    assert last == [3 - place % 2 * len(alone) for place in range(len(last))]
    assert len(last) >= 3


@pytest.mark.parametrize("which", ["reached", "used_up"])
def test_every_decision_can_be_made_again_from_what_is_stored(
    which: str, request: pytest.FixtureRequest
) -> None:
    _, measured = request.getfixturevalue(which)
    until = asked_precision(measured.run)
    assert until is not None
    for launch in measured.launches:
        again = decide(summarise(until_then(measured, launch)), until)
        assert (again.settled, again.enough) == (launch.settled, launch.enough)


@pytest.mark.parametrize("which", ["reached", "used_up"])
def test_every_block_can_be_planned_again_from_the_seed_and_the_decisions(
    which: str, request: pytest.FixtureRequest
) -> None:
    _, measured = request.getfixturevalue(which)
    settled = {launch.number + 1: launch.settled for launch in measured.launches}
    cells = sorted(cell.id for cell in measured.run.cells)
    for launch, blocks in groupby(measured.blocks, key=lambda block: block.launch):
        for place, block in enumerate(blocks):
            part = [cell for cell in cells if takes_part(cell, settled.get(launch, ()), place)]
            assert [one.cell for one in block.slices] == block_order(part, 3, block.number)
