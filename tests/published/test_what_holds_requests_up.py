"""Published numbers of servers that were held up by something else than their work."""

from pathlib import Path

import pytest

from tests.published.replay import APPS, Replay, replay

pytestmark = [pytest.mark.integration, pytest.mark.quiet]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """A server that lets only a few of its connections in; the others hang."""
    return replay(
        tmp_path_factory.mktemp("limited"),
        app="tests.fixtures.good:app",
        servers={"server": "waitress", "options": ["--connection-limit=6"]},
        load={"connections": 16},
        measure={"for": "1s", "launches": 1, "slice": "300ms", "response_timeout": "600ms"},
    )


def test_fewer_requests_in_flight_than_there_are_connections(limited: Replay) -> None:
    assert limited.cell("waitress")["requests"] > 0
    assert "littles-law" in limited.codes()
    assert limited.ranked == set()


def test_connections_that_starve(limited: Replay) -> None:
    assert "starved" in limited.codes()


def test_a_40_ms_stall_of_delayed_acknowledgement_published_as_a_slow_server(tmp_path: Path) -> None:
    replayed = replay(
        tmp_path,
        app=f"{APPS}.bodies:long",
        servers={"server": "uwsgi", "options": ["--http-buffer-size", "4096"]},
        load={"connections": 4},
        measure={"for": "2s", "launches": 1, "slice": "600ms"},
    )
    assert replayed.cell("uwsgi")["service_time_ms"]["p50"] >= 38
    assert "stall-40ms" in replayed.codes()
    assert replayed.ranked == set()


def test_a_pause_that_a_closed_loop_does_not_see(tmp_path: Path) -> None:
    replayed = replay(
        tmp_path,
        app=f"{APPS}.waiting:pausing",
        servers={"server": "waitress", "threads": 64},
        load=[{"connections": 4}, {"rate": "200/s"}],
        measure={"for": "2s", "launches": 1, "slice": "600ms"},
    )
    closed, opened = replayed.cell(" x4"), replayed.cell("200/s")
    assert "latency_ms" not in closed
    assert "service_time_ms" not in opened
    assert closed["service_time_ms"]["p90"] < 100 < 200 < opened["latency_ms"]["p90"]
