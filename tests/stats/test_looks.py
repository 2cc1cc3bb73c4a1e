import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.inference.looks import Looks, planned
from bench.stats.inference.signed_rank import fewest

plans = st.sets(st.integers(1, 60), min_size=1, max_size=5).map(lambda some: Looks(tuple(sorted(some))))


@pytest.mark.parametrize("pairs", [(), (0, 12), (12, 12), (24, 12)])
def test_looks_that_do_not_ascend_are_refused(pairs: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ever more pairs"):
        Looks(pairs)


@given(plans)
def test_the_looks_share_the_level(looks: Looks) -> None:
    assert looks.share * len(looks.pairs) == pytest.approx(looks.level)


def test_a_look_is_reached_with_its_pairs_and_not_one_sooner() -> None:
    looks = Looks((12, 24, 36))
    assert [looks.reached(pairs) for pairs in (11, 12, 23, 40)] == [(), (12,), (12,), (12, 24, 36)]
    assert [looks.following(pairs) for pairs in (0, 11, 12, 35, 36)] == [12, 12, 24, 36, None]


def test_a_run_cut_short_takes_the_next_look_with_what_it_has() -> None:
    looks = Looks((12, 24, 36))
    assert looks.cut_at(20) == Looks((12, 20, 36))
    assert looks.cut_at(7) == Looks((7, 24, 36))
    assert looks.cut_at(24) == looks.cut_at(50) == looks


@given(plans, st.integers(1, 70))
def test_a_cut_neither_adds_a_look_nor_changes_what_a_look_costs(looks: Looks, pairs: int) -> None:
    cut = looks.cut_at(pairs)
    assert (len(cut.pairs), cut.share) == (len(looks.pairs), looks.share)
    assert cut.reached(pairs)[:-1] == looks.reached(pairs)[: len(cut.reached(pairs)) - 1]


def test_five_cells_get_three_looks_at_even_distances() -> None:
    assert planned(5) == Looks((12, 24, 36), 0.01)


@given(st.integers(1, 200), st.integers(1, 100), st.integers(1, 5))
def test_planned_looks_end_where_they_should_and_none_is_too_early_to_tell(
    family: int, most: int, count: int
) -> None:
    looks = planned(family, most, count)
    assert looks.pairs[-1] == most
    assert len(looks.pairs) in {1, count}
    assert len(looks.pairs) == 1 or looks.pairs[0] >= fewest(looks.share / family)
