"""Published comparisons of what was not alike, not measured alike, or measured too little."""

import pytest

from tests.published.replay import Replay, replay

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

SERVERS = [
    "waitress",
    {"server": "gunicorn", "processes": 1, "threads": 1},
    "gunicorn-sync",
    {"server": "gunicorn", "name": "closing", "options": ["--keep-alive", "0"]},
]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """One launch, one second, and servers that are not set up alike."""
    return replay(
        tmp_path_factory.mktemp("compared"),
        app="tests.fixtures.good:waiting",
        servers=SERVERS,
        measure={"for": "1s", "launches": 1, "slice": "80ms", "seed": 3},
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Two servers for a second in all."""
    return replay(
        tmp_path_factory.mktemp("short"),
        app="tests.fixtures.good:waiting",
        servers=["waitress", "gunicorn"],
        measure={"for": "1s", "launches": 1, "slice": "200ms"},
    )


def test_unequal_parallelism_one_side_with_one_process_and_no_threads(compared: Replay) -> None:
    assert compared.says("Unequal parallelism (processes x threads): gunicorn 1 x 1, waitress 1 x ")


def test_equal_parallelism_is_not_complained_of(short: Replay) -> None:
    assert not short.says("Unequal parallelism")


def test_keep_alive_in_one_and_not_in_the_other(compared: Replay) -> None:
    groups = [
        group for group in compared.summary["ranking"] if compared.cell("gunicorn-sync ")["id"] in group
    ]
    assert groups == [[compared.cell("gunicorn-sync ")["id"]]]


def test_keep_alive_that_was_switched_off_unsaid(compared: Replay) -> None:
    assert "keep-alive" in compared.codes("closing")
    assert compared.cell("closing")["id"] not in compared.ranked


def test_one_run_only(compared: Replay) -> None:
    assert compared.says("Only one launch")


def test_a_fixed_order_of_servers(compared: Replay) -> None:
    orders = {tuple(one.cell for one in block.slices) for block in compared.measured.blocks}
    assert len(compared.measured.blocks) >= 3
    assert len(orders) > 1


def test_the_best_of_several_as_the_score(compared: Replay) -> None:
    cell = compared.cell("waitress")
    slices = [one for block in compared.measured.blocks for one in block.slices if one.cell == cell["id"]]
    counted_s = sum(one.counted_ns for one in slices) / 1e9
    assert len(slices) >= 3
    assert cell["goodput"]["value"] == pytest.approx(sum(one.requests for one in slices) / counted_s)


def test_too_short_to_tell_anything_apart(short: Replay) -> None:
    assert short.says("is not compared: both answered in fewer than 5 blocks")
    assert short.summary["comparisons"] == []
