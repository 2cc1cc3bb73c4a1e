import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.export.csv_table import csv_table
from bench.histogram import Histogram
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Interval, Summary
from tests.export.synthetic_check import ALL_KINDS, BROKEN, Found, check_of
from tests.report.synthetic import at_rates, cell_of, complete, invalid, mixed


def rows(summary: Summary, check: CheckSummary | None = None) -> list[dict[str, str]]:
    text = csv_table(summary, check).decode()
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(line) for line in lines}) <= 1
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


@pytest.mark.parametrize("report", [complete, at_rates, mixed, invalid])
def test_there_is_one_row_for_each_cell_in_the_order_of_the_run(report: object) -> None:
    assert callable(report)
    summary = report()[0]
    found = rows(summary)
    assert [(row["deployment"], row["app"], row["load"]) for row in found] == [
        (cell.deployment.name, cell.deployment.app, cell.cell.load.label) for cell in summary.cells
    ]


def test_lines_end_as_rfc_4180_has_it() -> None:
    text = csv_table(complete()[0])
    assert text.endswith(b"\r\n")
    assert text.count(b"\r\n") == text.count(b"\n") == 11


def test_numbers_are_whole_and_without_units() -> None:
    report = complete()
    cell = cell_of(report, "uwsgi-app")
    (row,) = (one for one in rows(report[0]) if (one["deployment"], one["app"]) == ("uwsgi", "app"))
    assert cell.goodput is not None
    assert float(row["goodput_per_s"]) == cell.goodput.value
    assert float(row["p99_ns"]) == cell.histogram.quantile_ns(0.99)
    assert int(row["memory_bytes"]) == cell.memory_bytes
    assert (row["durations"], row["valid"], row["rate_per_s"]) == ("service time", "yes", "")


def test_no_percentile_is_above_the_longest() -> None:
    report = complete()
    cell = cell_of(report, "uwsgi-app")
    single = replace(cell, histogram=Histogram.of([1_000_500]), longest_ns=1_000_500)
    assert single.histogram.quantile_ns(0.99) > single.longest_ns
    (row,) = rows(replace(report[0], cells=(single,)))
    assert {float(row[name]) for name in ("p50_ns", "p99_ns", "p99_9_ns", "max_ns")} == {1_000_500.0}


def test_of_a_check_head_has_the_verdict_and_each_metric_its_ratio() -> None:
    check = check_of(ALL_KINDS)
    found = rows(check.summary, check)
    assert [(row["revision"], row["verdict"]) for row in found] == [
        pair for cell in check.cells for pair in (("base", ""), ("head", cell.verdict))
    ]
    red = found[3]
    assert float(red["cpu_to_base"]) == pytest.approx(1.08)
    assert (red["cpu_verdict"], red["p99_verdict"], red["cpu_allowed"]) == ("regression", "", "0.05")
    wrong = found[7]
    assert (wrong["deployment"], wrong["valid"], wrong["cpu_to_base"]) == ("flask", "no", "")


def test_what_is_no_number_is_empty() -> None:
    odd = replace(
        cell_of(complete(), "uwsgi-app"), goodput=None, cpu_us_per_request=Interval(1.0, 0.5, float("inf"))
    )
    (row,) = rows(replace(complete()[0], cells=(odd,)))
    assert (row["goodput_per_s"], row["cpu_us_per_request"], row["cpu_us_per_request_high"]) == (
        "",
        "1.0",
        "",
    )


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_whatever_a_sentence_holds_it_is_read_again_and_is_no_formula(text: str) -> None:
    check = check_of([Found("uwsgi", "regression", reasons=(BROKEN,), why=text)])
    why = rows(check.summary, check)[1]["why"]
    assert why in (text, f"'{text}")
    assert not why.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_run_without_cells_is_an_empty_table() -> None:
    assert csv_table(replace(complete()[0], cells=())) == b""
