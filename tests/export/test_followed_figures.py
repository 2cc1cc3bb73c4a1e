"""The formats of tools that follow figures from run to run: Bencher and github-action-benchmark."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from bench.export.bencher import bencher
from bench.export.github_action_benchmark import bigger_is_better, smaller_is_better
from bench.histogram import Histogram
from bench.stats.summary import Interval, Summary
from tests.export.synthetic_check import ALL_KINDS, check_of
from tests.report.synthetic import at_rates, cell_of, complete, invalid, with_cells

BENCHER_METRIC_FORMAT = {  # as it is published, and stricter: no further keys
    "type": "object",
    "patternProperties": {
        "^.{1,1024}$": {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {
                "^[a-z0-9-]{1,64}$": {
                    "type": "object",
                    "properties": {
                        name: {"type": "number"} for name in ("value", "lower_value", "upper_value")
                    },
                    "required": ["value"],
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}

BENCHMARK_RESULTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            **{name: {"type": "string"} for name in ("name", "unit", "range", "extra")},
        },
        "required": ["name", "value", "unit"],
        "additionalProperties": False,
    },
}

UWSGI = "uwsgi, GET /json, 16 connections"


def bencher_of(summary: Summary) -> Any:
    document = json.loads(bencher(summary))
    jsonschema.validate(document, BENCHER_METRIC_FORMAT)
    return document


def results_of(document: bytes) -> dict[str, Any]:
    results = json.loads(document)
    jsonschema.validate(results, BENCHMARK_RESULTS)
    by_name = {one["name"]: one for one in results}
    assert len(by_name) == len(results)
    return by_name


def test_bencher_has_throughput_a_second_and_durations_in_nanoseconds() -> None:
    report = complete()
    cell, found = cell_of(report, "uwsgi-app"), bencher_of(report[0])[UWSGI]
    assert cell.goodput is not None
    assert found["throughput"] == {
        "value": cell.goodput.value,
        "lower_value": cell.goodput.low,
        "upper_value": cell.goodput.high,
    }
    assert found["service-time-p99"] == {"value": cell.histogram.quantile_ns(0.99)}
    assert found["cpu-time"]["value"] == 275_000
    assert found["memory"] == {"value": 48_000_000}
    assert "latency" not in found


def test_durations_are_latency_only_at_a_rate() -> None:
    report = at_rates()
    cell, found = cell_of(report, "uwsgi-app"), bencher_of(report[0])["uwsgi, GET /json, 1000/s"]
    assert cell.median_latency_ns is not None
    assert found["latency"]["value"] == cell.median_latency_ns.value
    assert found["latency-p99"]["value"] == cell.histogram.quantile_ns(0.99)
    assert not [name for name in found if name.startswith("service-time")]


@pytest.mark.parametrize("document", [bencher, bigger_is_better, smaller_is_better])
def test_what_is_not_valid_is_not_followed(document: object) -> None:
    assert callable(document)
    assert "waitress, GET /json" in document(complete()[0]).decode()
    assert "waitress, GET /json" not in document(invalid()[0]).decode()


def test_of_a_check_head_is_followed_under_the_name_it_has_in_any_run() -> None:
    check = check_of(ALL_KINDS)
    valid = [cell for cell in check.cells if not cell.reasons]
    assert list(bencher_of(check.summary)) == [cell.name for cell in valid]
    assert UWSGI in bencher_of(check.summary)
    changed = replace(check.summary.cells[0], goodput=Interval(1.0, 1.0, 1.0))
    assert changed.deployment.revision == "base"
    only_base = replace(check.summary, cells=(changed, *check.summary.cells[1:]))
    assert bencher(only_base) == bencher(check.summary)


def test_each_figure_is_in_the_file_of_its_direction() -> None:
    bigger, smaller = (
        results_of(bigger_is_better(complete()[0])),
        results_of(smaller_is_better(complete()[0])),
    )
    assert {name.partition(": ")[2] for name in bigger} == {"throughput"}
    assert {name.partition(": ")[2] for name in smaller} == {
        *("service-time", "service-time-p99", "cpu-time", "memory")
    }
    assert len(bigger) == 10
    assert len(smaller) == 40


def test_an_entry_tells_its_interval_and_how_many_responses_it_rests_on() -> None:
    report = complete()
    cell = cell_of(report, "uwsgi-app")
    entry = results_of(bigger_is_better(report[0]))[f"{UWSGI}: throughput"]
    assert cell.goodput is not None
    assert entry["unit"] == "responses/s"
    assert entry["value"] == cell.goodput.value
    half = float(entry["range"].removeprefix("\u00b1 "))
    assert half == pytest.approx((cell.goodput.high - cell.goodput.low) / 2, rel=1e-3)
    assert f"{cell.requests:,} responses" in entry["extra"]


def test_what_was_not_measured_is_left_out_and_is_no_zero() -> None:
    nothing = replace(
        cell_of(complete(), "uwsgi-app"),
        goodput=None,
        histogram=Histogram(),
        cpu_us_per_request=Interval(float("nan"), float("nan"), float("nan")),
        memory_bytes=None,
    )
    summary, _ = with_cells(complete(), {"flask-app": cell_of(complete(), "flask-app")})
    cells = tuple(nothing if cell.deployment.id == "uwsgi-app" else cell for cell in summary.cells)
    summary = replace(summary, cells=cells)
    assert UWSGI not in bencher_of(summary)
    assert not [name for name in results_of(smaller_is_better(summary)) if name.startswith(UWSGI)]


def test_an_interval_without_end_has_no_end() -> None:
    endless = replace(cell_of(complete(), "uwsgi-app"), goodput=Interval(10.0, 9.0, float("inf")))
    summary = replace(complete()[0], cells=(endless,))
    assert bencher_of(summary)[UWSGI]["throughput"] == {"value": 10.0, "lower_value": 9.0}
    assert "range" not in results_of(bigger_is_better(summary))[f"{UWSGI}: throughput"]


def test_a_p99_of_few_responses_is_left_out() -> None:
    few = replace(cell_of(complete(), "uwsgi-app"), histogram=Histogram.of([10**6] * 999))
    found = bencher_of(replace(complete()[0], cells=(few,)))[UWSGI]
    assert "service-time" in found
    assert "service-time-p99" not in found
