"""A check as JSON: the promised shape, nothing that is no number, every key documented."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.export.check_json import check_document, check_json
from bench.stats.checks.check import check_of
from tests.report.synthetic_check import BASE, BROKEN, HEAD, LOOKED, REPEATED, Checked, broken, red, undecided
from tests.stats.synthetic_baseline import APP, held, measured

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "check-json.md"


def loaded(checked: Checked) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(check_json(checked[0]), parse_constant=refuse)


@pytest.fixture(scope="module")
def document() -> Any:
    return loaded(red())


def test_the_document_says_what_was_compared_and_what_came_of_it(document: Any) -> None:
    assert (document["format"], document["verdict"], document["status"]) == (1, "regression", "complete")
    compared = document["compared"]
    assert (compared["against"], compared["base"], compared["head"]) == ("main", BASE, HEAD)
    assert compared["uncommitted_changes"] is True
    assert compared["dependencies"] == ["requirements.txt"]
    assert [cell["verdict"] for cell in document["cells"]] == ["regression", "inconclusive", "pass"]
    cell = document["cells"][0]
    assert (cell["server"], cell["request"], cell["load"]) == ("gunicorn", "GET /search", {"connections": 16})
    assert cell["base"]["id"] != cell["head"]["id"]


def test_a_slow_down_is_above_0_where_head_is_worse_whatever_the_metric(document: Any) -> None:
    goodput, cpu, median, p99, _ = document["cells"][0]["metrics"]
    assert goodput["ratio"]["value"] == pytest.approx(1 / 1.05)
    assert cpu["ratio"]["value"] == pytest.approx(1.05)
    for one in (goodput, cpu, median):
        assert one["slow_down"]["value"] == pytest.approx(0.05)
        assert one["slow_down"]["low"] < one["slow_down"]["value"] < one["slow_down"]["high"]
        assert one["confirmation"]["verdict"] == one["verdict"] == "regression"
    assert (p99["gated"], p99["verdict"], p99["confirmation"]["pairs"]) == (False, None, REPEATED)


def test_every_launch_stands_there_and_one_without_a_value_is_null(document: Any) -> None:
    one = document["cells"][0]["metrics"][0]
    assert (len(one["slow_downs"]), len(one["confirming"])) == (LOOKED, REPEATED)
    assert one["slow_downs"][0] is None
    assert all(-0.05 < value < 0.15 for value in one["slow_downs"][1:])


def test_typical_values_are_in_the_unit_they_name(document: Any) -> None:
    metrics = document["cells"][0]["metrics"]
    assert [(one["metric"], one["unit"]) for one in metrics] == [
        ("goodput", "1/s"), ("cpu", "us"), ("median", "ms"), ("p99", "ms"), ("memory", "MB"),
    ]  # fmt: skip
    assert [one["base"] for one in metrics] == pytest.approx([2612.0, 381.4, 6.08, 9.73, 92.8])


def test_what_is_inconclusive_says_what_it_could_have_seen() -> None:
    (cell,) = check_document(undecided()[0])["cells"]
    assert {one["judgement"]["detectable"] for one in cell["metrics"]} == {0.062}


def test_what_json_has_no_number_for_is_null() -> None:
    wrong, dead = loaded(broken())["cells"]
    assert wrong["reasons"] == [{"code": "errors", "what": BROKEN.what, "remedy": BROKEN.remedy}]
    judgement = wrong["metrics"][0]["judgement"]
    assert (judgement["effect"], judgement["at_most"], judgement["pairs"]) == (None, None, 0)
    first = dead["metrics"][0]
    assert (first["head"], first["ratio"], first["slow_down"]) == (None, None, None)
    assert set(first["slow_downs"]) == {None}


@pytest.mark.parametrize("checked", [red, broken])
def test_the_same_check_gives_the_same_bytes(checked: Callable[[], Checked]) -> None:
    assert check_json(checked()[0]) == check_json(checked()[0])


def own_keys(document: Any) -> Iterator[str]:
    """Every key but those below `base` and `head` of a cell, which the summary's page documents."""
    yield from document
    yield from document["compared"] or {}
    yield from document["baseline"] or {}
    for cell in document["cells"]:
        yield from cell
        for inner in (*cell["reasons"], *cell["metrics"]):
            yield from inner
            yield from inner.get("judgement") or {}
            yield from inner.get("ratio") or {}


def against_a_baseline() -> Any:
    held_against = held(measured(APP, seed=2), APP)
    return loaded((check_of(held_against), held_against))


def test_against_a_baseline_it_says_which_and_that_base_was_not_measured_here() -> None:
    document = against_a_baseline()
    assert document["compared"] is None
    assert (document["baseline"]["file"], document["baseline"]["launches"]) == ("b.json", 24)
    (cell,) = document["cells"]
    assert cell["base"] is None
    assert cell["head"]["app"] == "app"
    cpu = cell["metrics"][1]
    assert cpu["base"] * cpu["ratio"]["value"] == pytest.approx(cpu["head"])


def test_every_key_is_documented_and_every_documented_key_is_there(document: Any) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    found = {*own_keys(document), *own_keys(loaded(broken())), *own_keys(against_a_baseline())}
    assert found - set(re.findall(r"`([a-z0-9_]+)`", text)) == set()
    rows = re.findall(r"^\| (`[a-z0-9_`, ]+`) \|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} - found == set()
