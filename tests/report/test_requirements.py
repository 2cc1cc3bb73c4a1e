"""What the scenario requires, on the terminal and in the report: the same verdicts in the same words."""

import io
import re
from dataclasses import replace
from html import unescape

import pytest
from rich.console import Console

from bench.cli.ranking import print_ranking
from bench.report import render_report
from bench.stats.summary import Interval, RequirementVerdict

from .synthetic import Report, complete

MS = 1e6
BECAUSE = "the load generator was busy 95 % of the time <b>"


def requiring() -> Report:
    """A run with a requirement of each verdict, of one cell each."""
    summary, measurements = complete()
    ids = [cell.cell.id for cell in summary.cells if cell.deployment.app == "app"]
    requirements = (
        RequirementVerdict(ids[0], "errors", 0.001, Interval(0.0, 0.0, 0.0002), "pass", "errors are few"),
        RequirementVerdict(
            ids[1], "goodput", 500.0, None, "inconclusive", f"goodput is not known: {BECAUSE}", BECAUSE
        ),
        RequirementVerdict(
            ids[2], "p99", 50 * MS, Interval(61 * MS, 58 * MS, 64 * MS), "regression", "p99 is too long"
        ),
    )
    return replace(summary, requirements=requirements), measurements


def printed(report: Report, **options: object) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False, **options)  # type: ignore[arg-type]  # all kinds
    print_ranking(report[0], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def section() -> str:
    found = re.search(
        r'<section id="requirements">(.*?)</section>', render_report(*requiring()).decode(), re.DOTALL
    )
    assert found
    return found[1]


def test_on_the_terminal_each_requirement_is_a_line_and_the_worst_stand_first() -> None:
    lines = printed(requiring()).splitlines()
    start = lines.index("requirements  1 regression, 1 inconclusive, 1 pass")
    first, second, third = lines[start + 1 : start + 4]
    assert re.fullmatch(r"REGRESSION    \S+, GET /json, 16 connections: p99 is too long", first)
    assert second.startswith("inconclusive  ")
    assert second.endswith(f"goodput is not known: {BECAUSE}")
    assert re.fullmatch(r"pass          \S+, GET /json, 16 connections: errors are few", third)


def test_verdicts_have_colours_where_there_are_any() -> None:
    text = printed(requiring(), force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31mREGRESSION" in text
    assert "\x1b[33minconclusive" in text
    assert "\x1b[32mpass" in text


def test_where_nothing_is_required_nothing_is_said_of_it() -> None:
    assert "requirements" not in printed(complete())
    assert 'id="requirements"' not in render_report(*complete()).decode()


def test_the_report_has_a_row_for_each_requirement_with_its_limit_and_what_was_found(section: str) -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)[1:]
    texts = [[unescape(text) for text in re.findall(r"<t[hd][^>]*>([^<]*)", row)] for row in rows]
    assert [text[1:] for text in texts] == [
        ["regression", "service time p99", "at most 50 ms", "61 ms (58 ms to 64 ms)"],
        ["inconclusive", "goodput", "at least 500/s", "not known"],
        ["pass", "errors", "at most 0.1 %", "0 % (0 % to 0.02 %)"],
    ]
    assert [re.findall(r'<td class="(\w+)">', row) for row in rows] == [
        ["regression"], ["inconclusive"], ["pass"],
    ]  # fmt: skip


def test_the_reason_stands_below_the_verdict_and_is_escaped(section: str) -> None:
    assert re.findall(r"<small>(.*?)</small>", section) == [BECAUSE.replace("<b>", "&lt;b&gt;")]


def test_the_table_can_be_read_without_seeing_it(section: str) -> None:
    assert re.findall(r'<th scope="col">(\w+)</th>', section) == [
        "cell", "verdict", "figure", "required", "found",
    ]  # fmt: skip
    assert section.count('<th scope="row">') == 3
    assert 'role="region" aria-label="What is required"' in section
