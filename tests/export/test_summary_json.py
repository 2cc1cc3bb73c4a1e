import inspect
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.export.summary_json import summary_document, summary_json
from bench.histogram import Histogram
from bench.results.model import Failure, LoadLevel, Skipped
from bench.stats import closed_loop, open_loop, steal, validity
from bench.stats.summarise import summarise
from bench.stats.summary import Interval, Noise, Reason, Summary
from tests.stats.synthetic import Part, measurements, with_run, with_slices

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "json-summary.md"
FREE_KEYS = {"errors_by_kind", "by_request"}


@pytest.fixture(scope="module")
def summary() -> Summary:
    parts = [
        Part("uwsgi", 3000.0, cpu_us=160),
        Part("uwsgi", 9000.0, app="floor", cpu_us=40),
        Part("flask", 1000.0),
        Part("waitress", failure=Failure(code="died", what="killed by signal 9")),
        Part("uwsgi", rate=500.0, latency_ms=2.0),
        Part("flask", rate=500.0, latency_ms=3.0, names=("GET /", "GET /json")),
        Part("uwsgi", locustfile="flows.py", names=("/", "/json")),
        Part(
            "behind",
            request="GET /",
            behind="nginx",
            made_of=(("uwsgi-1", 0.3), ("uwsgi-2", 0.5), ("nginx", 0.2)),
        ),
    ]
    made = with_slices(
        measurements(parts, blocks=5),
        lambda one: one.model_copy(update={"errors": {"reset": 0, "status": 0}}),
    )
    skipped = Skipped(name="fast", server="granian", reason="not installed", remedy="Install it.")
    noise = Noise("uwsgi-app", "GET /json", parts[0].load, "goodput", Interval(1.003, 0.991, 1.015), 20, 1)
    return replace(summarise(with_run(made, skipped=(skipped,))), noise=noise)


@pytest.fixture(scope="module")
def document(summary: Summary) -> Any:
    return json.loads(summary_json(summary))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(list(inner.values()) if key in FREE_KEYS else inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_the_document_has_its_promised_shape(document: Any) -> None:
    assert document["format"] == 1
    assert document["run"] == "20250101-120000-synthetic"
    assert document["status"] == "complete"
    cell = document["cells"][0]
    assert (cell["deployment"], cell["app"], cell["request"]) == ("uwsgi", "app", "GET /json")
    assert cell["load"] == {"connections": 16}
    assert cell["goodput"].keys() == {"value", "low", "high"}
    assert list(cell["service_time_ms"]) == ["p50", "p90", "p99", "p99_9", "max"]
    assert cell["cpu_us_per_request"] == pytest.approx(160, rel=0.01)
    assert cell["memory_mb"] == 60.0
    assert (cell["errors"], cell["errors_by_kind"]) == (0, {"reset": 0, "status": 0})
    assert (cell["valid"], cell["reasons"]) == (True, [])
    comparison, _ = document["comparisons"]
    ids = [one["id"] for one in document["cells"]]
    assert (comparison["cell"], comparison["against"], comparison["verdict"]) == (ids[2], ids[0], "slower")
    assert comparison["of"] == "goodput"
    assert comparison["ratio"]["high"] < 1
    (split,) = document["split"]
    assert (split["deployment"], split["request"]) == ("uwsgi", "GET /json")
    assert split["gain_at_most"] == pytest.approx(160 / 120, rel=0.02)


def test_the_noise_of_the_run_stands_beside_the_comparisons(summary: Summary, document: Any) -> None:
    assert document["noise"] == {
        "deployment": "uwsgi",
        "request": "GET /json",
        "load": {"connections": 16},
        "of": "goodput",
        "ratio": {"value": 1.003, "low": 0.991, "high": 1.015},
        "told_apart": False,
        "pairs": 20,
        "dropped": 1,
    }
    assert summary_document(replace(summary, noise=None))["noise"] is None


def test_service_times_are_in_milliseconds_of_the_merged_histogram(summary: Summary, document: Any) -> None:
    histogram = summary.cells[0].histogram
    shown = document["cells"][0]["service_time_ms"]
    for name, share in {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}.items():
        assert shown[name] == histogram.quantile_ns(share) / 1e6
    assert shown["max"] == summary.cells[0].longest_ns / 1e6


def test_no_percentile_is_above_the_longest(summary: Summary) -> None:
    single = replace(summary.cells[0], histogram=Histogram.of([1_000_500]), longest_ns=1_000_500)
    assert single.histogram.quantile_ns(0.99) > single.longest_ns
    (cell,) = summary_document(replace(summary, cells=(single,)))["cells"]
    assert set(cell["service_time_ms"].values()) == {1.0005}


def test_at_a_fixed_rate_there_is_latency_and_no_service_time(summary: Summary, document: Any) -> None:
    cell, summed = document["cells"][4], summary.cells[4]
    assert cell["load"] == {"rate": 500, "arrivals": "constant", "connections": 16}
    assert "service_time_ms" not in cell
    assert cell["latency_ms"]["p50"] == summed.histogram.quantile_ns(0.5) / 1e6
    assert summed.median_latency_ns is not None
    assert cell["median_latency_ms"]["low"] == summed.median_latency_ns.low / 1e6
    assert cell["arrivals"] == {"due": 20 * 50, "waited": 0, "unsent": 0}
    assert cell["send_late_us"] == {"p50": 2.0, "p99": 2.0, "max": 2.0}


def test_where_the_server_sets_the_pace_there_is_service_time_and_no_latency(document: Any) -> None:
    for cell in (document["cells"][0], document["cells"][6]):
        assert "service_time_ms" in cell
        assert cell.keys().isdisjoint({"latency_ms", "median_latency_ms", "arrivals", "send_late_us"})


def test_a_comparison_at_a_fixed_rate_is_one_of_latencies(document: Any) -> None:
    ids = [one["id"] for one in document["cells"]]
    _, comparison = document["comparisons"]
    assert (comparison["cell"], comparison["against"]) == (ids[5], ids[4])
    assert (comparison["of"], comparison["verdict"]) == ("median latency", "slower")
    assert comparison["ratio"]["low"] > 1


def test_the_requests_of_a_mix_and_of_a_locustfile_are_told_apart(summary: Summary, document: Any) -> None:
    for at, kind in ((5, "latency_ms"), (6, "service_time_ms")):
        shown, cell = document["cells"][at]["by_request"], summary.cells[at]
        assert list(shown) == list(cell.by_request)
        for name, one in shown.items():
            assert list(one) == ["requests", kind]
            assert one["requests"] == cell.by_request[name].requests
            assert one[kind]["p99"] == cell.by_request[name].histogram.quantile_ns(0.99) / 1e6
            assert one[kind]["max"] <= document["cells"][at][kind]["max"]
    assert "by_request" not in document["cells"][0]


@pytest.mark.parametrize(
    ("load", "shown"),
    [
        (LoadLevel(connections=1), {"connections": 1}),
        (LoadLevel(connections=2, rate_per_s=0.5), {"rate": 0.5, "arrivals": "constant", "connections": 2}),
        (
            LoadLevel(connections=2, rate_per_s=500, poisson=True),
            {"rate": 500, "arrivals": "poisson", "connections": 2},
        ),
        (LoadLevel(connections=16, locustfile="flows.py"), {"locustfile": "flows.py", "users": 16}),
    ],
)
def test_a_load_is_written_as_a_scenario_has_it(
    summary: Summary, load: LoadLevel, shown: dict[str, Any]
) -> None:
    first = summary.cells[0]
    other = replace(first, cell=first.cell.model_copy(update={"load": load}))
    document = summary_document(
        replace(summary, cells=(other,), split=(replace(summary.split[0], load=load),))
    )
    assert document["cells"][0]["load"] == document["split"][0]["load"] == shown
    assert isinstance(shown.get("rate"), int) is isinstance(document["cells"][0]["load"].get("rate"), int)


def test_an_open_loop_that_never_ran_shows_null() -> None:
    part = Part("flask", rate=500.0, failure=Failure(code="died", what="killed by signal 9"))
    (cell,) = summary_document(summarise(measurements([part])))["cells"]
    assert (cell["arrivals"], cell["send_late_us"], cell["median_latency_ms"]) == (None, None, None)
    assert set(cell["latency_ms"].values()) == {None}


def test_a_cell_without_a_number_shows_null_and_its_reason(document: Any) -> None:
    cell = document["cells"][3]
    assert cell["goodput"] is None
    assert cell["cpu_us_per_request"] is None
    assert set(cell["service_time_ms"].values()) == {None}
    assert cell["valid"] is False
    assert [set(reason) for reason in cell["reasons"]] == [{"code", "what", "remedy"}]
    assert cell["reasons"][0]["code"] == "died"


def test_errors_are_a_total_beside_their_kinds(summary: Summary) -> None:
    broken = replace(summary.cells[0], errors={"reset": 3, "status": 4})
    (cell,) = summary_document(replace(summary, cells=(broken,)))["cells"]
    assert (cell["errors"], cell["errors_by_kind"]) == (7, {"reset": 3, "status": 4})


@pytest.mark.parametrize("status", ["partial", "running"])
def test_a_run_that_did_not_end_is_partial(summary: Summary, status: str) -> None:
    stopped = replace(summary, run=summary.run.model_copy(update={"status": status}))
    assert summary_document(stopped)["status"] == "partial"


def test_what_json_has_no_number_for_is_null(summary: Summary) -> None:
    endless = replace(summary.cells[0], goodput=Interval(1.0, math.nan, math.inf))
    changed = replace(summary, cells=(endless,), load_share_of_wall=math.inf)
    loaded = json.loads(summary_json(changed))
    assert loaded["cells"][0]["goodput"] == {"value": 1.0, "low": None, "high": None}
    assert loaded["load_share_of_wall"] is None


def test_the_same_measurements_give_the_same_bytes() -> None:
    loads = [Part("uwsgi", rate=500.0), Part("flask", rate=500.0), Part("uwsgi", locustfile="flows.py")]
    made = measurements([Part("uwsgi"), Part("flask", names=("GET /", "GET /json")), *loads], blocks=3)
    assert summary_json(summarise(made)) == summary_json(summarise(made))


def test_every_key_is_documented(document: Any) -> None:
    named = set(re.findall(r"`([a-z0-9_]+)`", DOCUMENTATION.read_text(encoding="utf-8")))
    # The cell that died brings the keys of a reason, the skipped server those of `skipped`.
    assert set(keys(document)) - named == set()
    assert {"remedy", "gain_at_most", "verdict", "server"} <= set(keys(document))


def test_every_code_of_a_reason_is_documented() -> None:
    modules = (validity, closed_loop, open_loop, steal)
    source = "".join(inspect.getsource(module) for module in modules)
    used = set(re.findall(r'Reason\(\s*"([a-z0-9-]+)"', source))
    used |= set(re.findall(r'_failure\(\s*tally, "[a-z]+", "([a-z0-9-]+)"', source))
    table = DOCUMENTATION.read_text(encoding="utf-8").split("## Codes of reasons")[1]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE)) == used
    assert len(used) == len(validity.RULES)


def test_reasons_keep_code_what_and_remedy(summary: Summary) -> None:
    broken = replace(summary.cells[0], reasons=(Reason("errors", "it failed", "mend it"),))
    (cell,) = summary_document(replace(summary, cells=(broken,)))["cells"]
    assert cell["reasons"] == [{"code": "errors", "what": "it failed", "remedy": "mend it"}]


def test_parts_and_spread_are_those_of_the_summary(summary: Summary, document: Any) -> None:
    cell, written = summary.cells[-1], document["cells"][-1]
    assert (written["behind"], written["profile"], written["tls"]) == ("nginx", "equal", False)
    assert [part["name"] for part in written["parts"]] == ["nginx", "uwsgi-1", "uwsgi-2"]
    assert sum(part["cpu_us_per_request"] for part in written["parts"]) == pytest.approx(
        written["cpu_us_per_request"]
    )
    assert written["parts"][0] == {
        "name": "nginx",
        "cpu_us_per_request": pytest.approx(32.0),
        "cpu_share": pytest.approx(0.2),
        "memory_mb": 12.0,
        "processes": 2,
    }
    assert cell.spread is not None
    assert written["spread"] == {
        "of": "uwsgi",
        "backends": 2,
        "least": cell.spread.least,
        "most": cell.spread.most,
    }
    assert not {"parts", "spread"} & set(document["cells"][0])
