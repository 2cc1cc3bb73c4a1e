"""The requirements in the JSON summary: figures in the units that are named beside them."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from bench.export.summary_json import summary_json
from bench.stats.summarise import summarise
from bench.stats.summary import Interval, RequiredFigure, RequirementVerdict
from tests.stats.synthetic import Part, measurements

PAGE = (Path(__file__).parents[2] / "docs" / "json-summary.md").read_text()
SUMMARY = summarise(measurements([Part("gunicorn")], launches=2, blocks=3))


def written(*requirements: RequirementVerdict) -> list[Any]:
    document = json.loads(summary_json(replace(SUMMARY, requirements=requirements)))
    found: list[Any] = document["requirements"]
    return found


@pytest.mark.parametrize(
    ("figure", "limit", "unit", "shown"),
    [
        ("p99", 50e6, "ms", 50.0),
        ("cpu", 800e3, "us", 800.0),
        ("goodput", 500.0, "per second", 500.0),
        ("errors", 0.001, "share", 0.001),
        ("memory", 200e6, "MB", 200.0),
    ],
)
def test_limit_and_value_are_in_the_unit_beside_them(
    figure: RequiredFigure, limit: float, unit: str, shown: float
) -> None:
    value = Interval(2 * limit, limit, inf)
    (one,) = written(RequirementVerdict("a", figure, limit, value, "inconclusive", "why"))
    assert one == {
        "cell": "a", "figure": figure, "limit": shown, "unit": unit,
        "value": {"value": 2 * shown, "low": shown, "high": None},
        "verdict": "inconclusive", "what": "why",
    }  # fmt: skip
    assert {f"`{key}`" for key in one} <= set(PAGE.split())
    assert f"`{unit}`" in PAGE


def test_what_is_not_known_is_null_and_without_requirements_there_are_none() -> None:
    (one,) = written(RequirementVerdict("a", "p99", 1e6, None, "regression", "it did not start"))
    assert one["value"] is None
    assert written() == []
