"""The two ways of measuring twins, the neighbour, and what is found of them."""

import os
from itertools import islice
from pathlib import Path

import pytest

from bench.stats.summary import Interval
from benchmarks.neighbour import DUTY, bursts, neighbour
from benchmarks.twins import CONDITIONS, WAYS, Tries, Try, findings_of, ways_of
from tests.benchmarks.test_targets import stage_in


def tries() -> Tries:
    usual = [Try(ratio, 15.0) for ratio in (0.8, 1.0, 1.2)]
    ours = [Try(ratio, 15.5, Interval(ratio, ratio - 0.01, ratio + 0.01)) for ratio in (0.98, 1.0, 1.02)]
    found = dict(zip(WAYS, (usual, ours), strict=True))
    return {(condition, way): found[way] for condition in CONDITIONS for way in WAYS}


def test_the_bars_stand_on_the_half_width_as_it_is_and_on_the_spread_with_a_neighbour() -> None:
    barred = {one.what: one for one in findings_of(tries()) if one.bar}
    assert set(barred) == {
        "half-width of our interval (median), as it is",
        "spread one after the other / spread of paired slices, with a neighbour",
    }
    assert [one.value for one in barred.values()] == pytest.approx([0.01, 10.0])
    assert all(one.met for one in barred.values())


def test_intervals_that_leave_out_1_are_counted() -> None:
    holding = [one for one in findings_of(tries()) if "hold 1" in one.what]
    assert [one.shown for one in holding] == ["1 of 3", "1 of 3"]


def test_the_table_has_a_row_for_each_way_and_condition() -> None:
    assert len(ways_of(tries()).splitlines()) == 2 + len(CONDITIONS) * len(WAYS)


def test_the_same_seed_gives_the_same_bursts_and_these_take_their_share() -> None:
    first, again = (list(islice(bursts(7), 500)) for _ in range(2))
    assert first == again
    working = sum(burst for _, burst in first)
    assert working / sum(pause + burst for pause, burst in first) == pytest.approx(DUTY, abs=0.02)


def test_a_neighbour_ends_with_its_try(tmp_path: Path) -> None:
    before = children()
    with neighbour(stage_in(tmp_path), seed=1):
        assert len(children() - before) == 1
    assert children() == before


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
