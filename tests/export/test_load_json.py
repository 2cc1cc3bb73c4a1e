import json
import re
from pathlib import Path

import pytest

from bench.export.load_json import load_document, load_json
from bench.results.model import LoadLevel
from tests.conductor.single_loads import CLOSED, OPEN, arrivals_of, single_load

PAGE = (Path(__file__).parents[2] / "docs" / "load.md").read_text()
ALWAYS = {"requests", "ok", "errors", "duration_s", "goodput", "generator_cpu", "connections_opened"}
QUANTILES = ["p50", "p90", "p99", "p99_9", "max"]


def test_a_closed_loop_has_service_times_and_nothing_of_arrivals() -> None:
    document = load_document(single_load(CLOSED))
    assert document.keys() >= ALWAYS
    assert list(document["service_time_ms"]) == QUANTILES
    assert not document.keys() & {"latency_ms", "send_late_us", "due", "waited", "unsent"}


def test_an_open_loop_has_latencies_and_arrivals() -> None:
    document = load_document(single_load(OPEN, arrivals=arrivals_of(5000, waited=10, unsent=2)))
    assert document.keys() >= ALWAYS
    assert list(document["latency_ms"]) == QUANTILES
    assert "service_time_ms" not in document
    assert (document["due"], document["waited"], document["unsent"]) == (5000, 10, 2)
    assert document["send_late_us"] == {"p50": pytest.approx(2, rel=1e-3), "p99": pytest.approx(2, rel=1e-3),
                                        "max": 2.0}  # fmt: skip


def test_the_counts_agree_with_each_other() -> None:
    document = load_document(single_load(errors={"timeout": 3, "body": 4}))
    assert document["requests"] == 1607
    assert document["ok"] == 1600
    assert document["errors"] == {"body": 4, "timeout": 3}
    assert document["goodput"] == 320.0
    assert document["duration_s"] == 5.0
    assert document["answered"] == 1792
    assert document["generator_cpu"] == 0.25


def test_durations_are_milliseconds_known_to_one_part_in_a_thousand() -> None:
    durations_ns = [1_000_000] * 900 + [5_000_000] * 90 + [20_000_000] * 9 + [123_456_789]
    times = load_document(single_load(durations_ns=durations_ns))["service_time_ms"]
    assert [times[name] for name in QUANTILES[:4]] == pytest.approx([1, 1, 5, 20], rel=1e-3)
    assert times["max"] == 123.456789


def test_what_was_not_measured_is_null() -> None:
    load = single_load(OPEN, durations_ns=[], arrivals=arrivals_of(9, waited=9, unsent=9))
    document = json.loads(load_json(load))
    assert set(document["latency_ms"].values()) == {None}
    assert set(document["send_late_us"].values()) == {None}
    assert document["goodput"] == 0
    assert document["valid"] is False
    assert document["reasons"][0].keys() == {"code", "what", "remedy"}


def test_the_same_load_gives_the_same_bytes() -> None:
    assert load_json(single_load(OPEN)) == load_json(single_load(OPEN))


@pytest.mark.parametrize("level", [CLOSED, OPEN, OPEN.model_copy(update={"poisson": True})])
def test_the_load_is_told_as_in_the_summary_of_a_run(level: LoadLevel) -> None:
    assert LoadLevel(**load_document(single_load(level))["load"]) == level


def test_the_page_names_every_key_and_no_other() -> None:
    section = PAGE.partition("## The JSON")[2].partition("\n## ")[0]
    named = set()
    for cell in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", cell))
    there = set(load_document(single_load(CLOSED))) | set(load_document(single_load(OPEN)))
    assert named == there
