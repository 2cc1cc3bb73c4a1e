"""Deployments of several processes: what each part takes, and how evenly backends share the work."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.parts import evenness, sentence, spread_of
from bench.stats.summarise import cell_summary
from bench.stats.summary import Interval, PartSummary
from tests.stats.synthetic import Part, tally

BEHIND_NGINX = Part("behind", cpu_us=200.0, made_of=(("gunicorn", 0.9), ("nginx", 0.1)))
BALANCED = Part("balanced", made_of=(("waitress-1", 0.35), ("waitress-2", 0.45), ("nginx", 0.2)))


def test_parts_stand_front_first_with_cost_share_memory_and_processes() -> None:
    front, back = cell_summary(tally(BEHIND_NGINX)).parts
    assert (front.name, back.name) == ("nginx", "gunicorn")
    assert front.cpu_us_per_request is not None
    assert front.cpu_us_per_request.value == pytest.approx(20.0)
    assert front.cpu_share == pytest.approx(0.1)
    assert back.cpu_share == pytest.approx(0.9)
    assert (front.memory_bytes, back.memory_bytes) == (6_000_000, 54_000_000)
    assert (front.processes, back.processes) == (2, 2)


@given(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=5))
def test_the_parts_add_up_to_the_deployment(weights: list[float]) -> None:
    made_of = tuple((f"part {place}", weight / sum(weights)) for place, weight in enumerate(weights))
    cell = cell_summary(tally(Part("several", made_of=made_of)))
    costs = [part.cpu_us_per_request for part in cell.parts]
    assert cell.cpu_us_per_request is not None
    assert sum(cost.value for cost in costs if cost) == pytest.approx(cell.cpu_us_per_request.value, rel=1e-6)
    assert sum(part.cpu_share or 0 for part in cell.parts) == pytest.approx(1)
    assert sum(part.memory_bytes or 0 for part in cell.parts) == pytest.approx(cell.memory_bytes, abs=5)


def test_a_deployment_of_one_process_has_no_parts() -> None:
    cell = cell_summary(tally(Part("gunicorn")))
    assert (cell.parts, cell.spread) == ((), None)
    assert sentence(cell.parts, cell.spread) == ""


def test_cpu_time_that_could_not_be_read_leaves_the_memory_of_the_parts() -> None:
    unread = tally(BEHIND_NGINX, lambda one: one.model_copy(update={"cpu_by_part_ns": ()}))
    cell = cell_summary(unread)
    assert [(part.cpu_us_per_request, part.cpu_share) for part in cell.parts] == [(None, None)] * 2
    assert [part.memory_bytes for part in cell.parts] == [6_000_000, 54_000_000]
    assert sentence(cell.parts, cell.spread) == ""


def test_the_spread_is_the_least_and_the_most_a_backend_did_of_their_work() -> None:
    spread = cell_summary(tally(BALANCED)).spread
    assert spread is not None
    assert (spread.of, spread.backends) == ("waitress", 2)
    assert spread.least == pytest.approx(0.4375)
    assert spread.most == pytest.approx(0.5625)
    assert spread.cpu_us_per_request == pytest.approx(128.0)


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=8))
def test_the_spread_holds_the_even_share(costs: list[float]) -> None:
    parts = [
        PartSummary(f"gunicorn-sync-{place}", 1, Interval(cost, cost, cost), None, None)
        for place, cost in enumerate(costs, 1)
    ]
    spread = spread_of(parts)
    if not sum(costs):
        assert spread is None
    else:
        assert spread is not None
        assert spread.least - 1e-9 <= 1 / len(costs) <= spread.most + 1e-9


@pytest.mark.parametrize(("each", "is_shared"), [(0.01, False), (0.1, True)])
def test_backends_that_are_hardly_asked_have_no_spread(each: float, is_shared: bool) -> None:
    made_of = (("waitress-1", each), ("waitress-2", 2 * each), ("nginx", 1 - 3 * each))
    cell = cell_summary(tally(Part("files", cpu_us=20.0, made_of=made_of)))
    assert (cell.spread is not None) is is_shared
    assert sentence(cell.parts, cell.spread).startswith("nginx")


def test_parts_that_are_no_backends_of_one_kind_have_no_spread() -> None:
    cost = Interval(1, 1, 1)
    named = [PartSummary(name, 1, cost, None, None) for name in ("nginx", "gunicorn-1", "waitress-2")]
    assert spread_of(named) is None
    assert spread_of(named[:2]) is None
    unknown = [PartSummary("waitress-1", 1, None, None, None), replace(named[2])]
    assert spread_of(unknown) is None


def test_the_parts_in_words_tell_backends_together() -> None:
    alone, balanced = cell_summary(tally(BEHIND_NGINX)), cell_summary(tally(BALANCED))
    assert sentence(alone.parts, alone.spread) == "nginx 20 us, gunicorn 180 us"
    assert sentence(balanced.parts, balanced.spread) == "nginx 32 us, 2 x waitress 128 us"
    assert balanced.spread is not None
    assert evenness(balanced.spread) == "43.8 % to 56.2 % each"
