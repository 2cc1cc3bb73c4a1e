"""Findings as Markdown and as plain values."""

import json

from bench.stats.summary import Interval
from benchmarks.findings import Bar, Finding, Findings, ratio_finding, table

BAR = Bar("at least 10", lowest=10)


def test_a_bar_is_met_by_its_own_ends() -> None:
    bar = Bar("0.95 to 1.05", lowest=0.95, highest=1.05)
    assert [bar.met_by(value) for value in (0.94, 0.95, 1.05, 1.06)] == [False, True, True, False]


def test_a_finding_without_a_bar_is_neither_met_nor_missed() -> None:
    assert Finding("wall time", 60, "60 s").met is None


def test_markdown_says_what_was_missed() -> None:
    findings = Findings("some", "How.", [ratio_finding("ours / it", Interval(9.87, 9.5, 10.1), BAR)])
    assert "| ours / it | 9.87 (9.50 to 10.1) | at least 10 | **missed** |" in findings.markdown()


def test_document_is_json_and_holds_the_interval() -> None:
    findings = Findings("some", "How.", [ratio_finding("ours / it", Interval(18.3, 17.0, 20.0), BAR)])
    (found,) = json.loads(json.dumps(findings.document()))["findings"]
    assert (found["value"], found["low"], found["high"], found["met"]) == (18.3, 17.0, 20.0, True)


def test_table_keeps_its_columns_where_a_cell_holds_a_bar() -> None:
    lines = table(("a", "b"), (("x | y", "1"),)).splitlines()
    assert lines[2] == "| x \\| y | 1   |"
    assert len({len(line) for line in lines}) == 1
