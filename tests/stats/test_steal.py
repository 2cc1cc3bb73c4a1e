from collections.abc import Callable

import pytest

from bench.stats import steal, validity
from bench.stats.tally import Tally, tallies
from tests.stats.synthetic import COUNTED_NS, Part, measurements, tally, with_slices

STEP_NS = 10_000_000
WALL_NS = round(COUNTED_NS * 1.1)  # of a slice; a cell has 40 of them, in 4 launches


def losing(nanoseconds: Callable[[int], int | None]) -> Tally:
    """A cell whose slices lost so much time, by their number."""
    numbers = iter(range(40))
    return tally(change=lambda one: one.model_copy(update={"stolen_ns": nanoseconds(next(numbers))}))


def codes(measured: Tally) -> list[str]:
    return [reason.code for reason in validity.reasons(measured)]


@pytest.mark.parametrize(("share", "found"), [(0.0, []), (0.015, []), (0.025, ["steal"]), (0.5, ["steal"])])
def test_a_cell_that_lost_more_than_two_percent_of_its_cores_is_not_valid(
    share: float, found: list[str]
) -> None:
    assert codes(losing(lambda _: round(share * WALL_NS))) == found


def test_steps_of_the_systems_count_are_added_up() -> None:
    # One step in every third slice is 3 % of the time, though most slices show none and some 9 %.
    measured = losing(lambda number: STEP_NS if number % 3 == 0 else 0)
    assert steal.stolen_share(measured) == pytest.approx(0.03, abs=0.007)
    (reason,) = validity.reasons(measured)
    assert reason.code == "steal"
    assert "of its cores' time to other machines" in reason.what
    assert reason.remedy


def test_one_launch_that_lost_much_is_left_to_the_interval() -> None:
    assert codes(losing(lambda number: WALL_NS // 2 if number < 10 else 0)) == []


def test_a_few_steps_are_too_coarse_to_judge_a_short_cell_by() -> None:
    made = measurements([Part("gunicorn")], launches=1, blocks=4)
    short = with_slices(made, lambda one: one.model_copy(update={"stolen_ns": STEP_NS}))
    (only,) = tallies(short)
    share = steal.stolen_share(only)
    assert share is not None
    assert share > steal.STOLEN_AT_MOST
    assert codes(only) == []


def test_where_the_system_does_not_tell_nothing_is_held_against_a_cell() -> None:
    assert steal.stolen_share(tally()) is None
    assert codes(tally()) == []


def test_slices_for_which_it_is_known_stand_for_the_others() -> None:
    measured = losing(lambda number: None if number % 2 else round(0.03 * WALL_NS))
    assert steal.stolen_share(measured) == pytest.approx(0.03, rel=0.001)
