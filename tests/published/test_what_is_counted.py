"""Published numbers that counted what is no right answer, or showed a figure that was not its own."""

from pathlib import Path

import pytest

from bench.stats.tally import tallies
from bench.stats.validity import GENERATOR_BUSY_AT_MOST
from tests.published.apps import counting, hasty
from tests.published.replay import APPS, Replay, replay

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

ATTEMPTS = 4


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """One run of everything that misbehaves by its path."""
    return replay(
        tmp_path_factory.mktemp("misbehaving"),
        app=f"{APPS}.paths:app",
        servers={"server": "waitress", "processes": 1, "threads": 64},
        requests=["/hasty", "/wrong-later", "/counting", "/stalled"],
        load={"connections": 8},
        measure={"for": "3s", "launches": 1, "slice": "400ms", "response_timeout": "700ms"},
    )


def test_errors_that_take_no_time_counted_as_throughput(misbehaving: Replay) -> None:
    cell = misbehaving.cell("/hasty")
    most_per_s = hasty.SLOTS / hasty.TAKES_S
    assert cell["errors"] > cell["requests"] > 0
    assert 0 < cell["goodput"]["value"] < 1.5 * most_per_s
    assert "errors" in misbehaving.codes("/hasty")


def test_a_wrong_body_that_nobody_looked_at(misbehaving: Replay) -> None:
    cell = misbehaving.cell("/wrong-later")
    assert cell["errors_by_kind"].keys() == {"body"}
    assert cell["requests"] == 0
    assert "errors" in misbehaving.codes("/wrong-later")


def test_error_counters_that_never_change(misbehaving: Replay) -> None:
    cell = misbehaving.cell("/counting")
    answered = sum(one.answered for block in misbehaving.measured.blocks for one in block.slices
                   if one.cell == cell["id"])  # fmt: skip
    assert cell["errors_by_kind"].keys() == {"status 500"}
    assert cell["errors"] / (answered + cell["errors"]) == pytest.approx(0.2, rel=0.1)
    assert "errors" in misbehaving.codes("/counting")


def test_a_p99_column_filled_from_the_p95(misbehaving: Replay) -> None:
    times = misbehaving.cell("/counting")["service_time_ms"]
    slow_ms = 1000 * counting.SLOW_S
    assert 5 <= times["p50"] <= times["p90"] < slow_ms
    assert slow_ms <= times["p99"] <= times["p99_9"] <= times["max"] * 1.01
    assert "service_time_ms" in misbehaving.cell("/counting")


def test_a_stalled_server_at_no_cpu_published_as_a_slow_one(misbehaving: Replay) -> None:
    assert misbehaving.cell("/stalled")["requests"] > 0
    assert misbehaving.codes("/stalled") >= {"both-idle", "littles-law", "errors"}


def test_nothing_that_misbehaves_is_ranked(misbehaving: Replay) -> None:
    assert misbehaving.ranked == set()


def test_a_generator_that_saturates_first(tmp_path: Path) -> None:
    """Only on a core to itself is it the limit: where other work has a part of that, neither side is."""
    for number in range(ATTEMPTS):
        replayed = saturated(tmp_path / str(number))
        if not is_disturbed(replayed):
            break
    else:
        pytest.skip("other work here leaves neither the generator nor the server a core to itself")
    assert "generator-bound" in replayed.codes()
    assert replayed.ranked == set()


def saturated(folder: Path) -> Replay:
    folder.mkdir()
    return replay(
        folder,
        app=f"{APPS}.heavy:app",
        requests=[{"path": "/", "expect": {"body": {"json": {"$.items[0]": 0}}}}],
        load={"connections": 16},
        measure={"for": "1s", "launches": 1, "slice": "300ms"},
    )


def is_disturbed(replayed: Replay) -> bool:
    """Whether neither side had a core to itself: other work here was the limit, and nothing is told."""
    (tally,) = tallies(replayed.measured)
    return max(tally.generator_busy or 0.0, tally.server_busy or 0.0) <= GENERATOR_BUSY_AT_MOST
