"""`docs/published-mistakes.md` tells what is replayed here, no more and no less."""

import inspect
import re
from collections.abc import Callable

import pytest

from tests.cli.bench_process import ROOT
from tests.published import test_what_holds_requests_up, test_what_is_compared, test_what_is_counted

NO_ROWS = {"nothing_that_misbehaves_is_ranked", "equal_parallelism_is_not_complained_of"}
DOCUMENT = (ROOT / "docs" / "published-mistakes.md").read_text()
ROWS = [
    [column.strip() for column in line.strip("|").split("|")]
    for line in DOCUMENT.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| mistake"))
]


def replays() -> dict[str, Callable[..., None]]:
    """The tests of this folder by their names, without `test_`."""
    modules = (test_what_holds_requests_up, test_what_is_compared, test_what_is_counted)
    return {
        name.removeprefix("test_"): function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("test_")
    }


def test_every_row_has_its_replay_and_every_replay_its_row() -> None:
    named = [row[-1].strip("`") for row in ROWS]
    assert sorted(named) == sorted(replays().keys() - NO_ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_ends_in_is_what_its_replay_asserts(row: list[str]) -> None:
    (ends_in,) = re.findall(r'^[`"](.+)[`"]$', row[3])
    assert ends_in in inspect.getsource(replays()[row[-1].strip("`")])
