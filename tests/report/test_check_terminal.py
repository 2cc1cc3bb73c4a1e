"""What stands on the terminal at the end of a check: the verdict first, worse reads as worse, nothing cut."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from bench.cli.verdicts import print_check
from bench.stats.summary import Interval, RequirementVerdict

from .synthetic_check import BROKEN, WHY_OPEN, WHY_PASS, WHY_RED, Checked, broken, passed, red, undecided


def printed(checked: Checked, width: int = 80, *, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, highlight=False, force_terminal=colours, no_color=not colours
    )
    print_check(checked[0], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rows(text: str, metric: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.startswith(metric)]


def test_the_first_line_is_the_verdict_and_what_was_compared() -> None:
    first = printed(red()).splitlines()[0]
    assert first == (
        "REGRESSION  head 1a2b3c4 with uncommitted changes against main (9f8e7d6); "
        "3 cells: 1 regression, 1 inconclusive, 1 pass"
    )
    assert printed(passed()).startswith("pass  head ")
    assert printed(undecided()).startswith("inconclusive  head ")


def test_what_is_worse_reads_as_worse_for_every_metric() -> None:
    text = printed(red())
    goodput, cpu, memory = (rows(text, metric)[0] for metric in ("goodput", "CPU", "memory"))
    assert goodput[1:5] == ["2,612/s", "2,488/s", "-4.8 %", "slower"]
    assert goodput[-2:] == ["4.8 %", "REGRESSION"]
    assert cpu[1:5] == ["381 us", "400 us", "+5.0 %", "slower"]
    assert memory[3:5] == ["+1.0 %", "more"]
    assert memory[-1] == "not gated"
    assert rows(printed(passed()), "goodput")[0][3:] == ["0.0 %", "-0.5 to +0.5 %", "4.8 %", "pass"]


def test_only_what_did_not_pass_is_explained() -> None:
    text = printed(red())
    assert f"REGRESSION  gunicorn, GET /search, 16 connections: {WHY_RED}" in text.splitlines()
    assert f"inconclusive  uwsgi, GET /json, 16 connections: {WHY_OPEN}" in text.splitlines()
    assert WHY_PASS not in text


def test_a_head_that_is_wrong_is_never_a_faster_one() -> None:
    text = printed(broken())
    assert BROKEN.what in text
    assert f"  {BROKEN.remedy}" in text.splitlines()
    assert "faster" not in text
    assert [row[-1] for row in rows(text, "goodput")] == ["not valid", "not valid"]


@pytest.mark.parametrize("checked", [red, passed, undecided, broken])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_cut_off_and_tables_fit_80_columns(checked: object, width: int) -> None:
    assert callable(checked)
    text = printed(checked(), width)
    assert "\u2026" not in text
    tables = [
        line.rstrip() for metric in ("metric", "CPU") for line in text.splitlines() if line.startswith(metric)
    ]
    assert tables
    assert max(map(len, tables)) <= 80
    assert len({line.index("verdict") for line in tables if "verdict" in line}) == 1


def test_colour_says_nothing_that_words_do_not() -> None:
    coloured = printed(red(), colours=True)
    assert "\x1b[1;31mREGRESSION" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == printed(red()).split()


def test_a_terminal_breaks_sentences_between_words_and_a_file_not_at_all() -> None:
    told = " ".join(WHY_RED.split()[:12])
    assert told in printed(red())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(red(), colours=True, width=60))
    assert told not in shown
    assert told in " ".join(shown.split())


def test_notes_and_warnings_stand_at_the_end() -> None:
    check, measurements = passed()
    warned = replace(check, summary=replace(check.summary, warnings=("The clock may change.",)))
    *_, note, warning = printed((warned, measurements)).splitlines()
    assert note == f"note: {check.notes[0]}"
    assert warning == "note: The clock may change."


def test_a_requirement_is_told_with_its_verdict_and_its_cell() -> None:
    check, measurements = passed()
    cell = check.cells[0].head.cell.id
    kept = RequirementVerdict(cell, "p99", 5e7, Interval(9e6, 8e6, 1e7), "pass", "p99 is 9 ms")
    unkept = replace(kept, figure="p50", verdict="regression", what="p50 is 61 ms, at most 50 ms is required")
    required = replace(check, summary=replace(check.summary, requirements=(kept, unkept)))
    lines = printed((required, measurements)).splitlines()
    assert (
        "REGRESSION    gunicorn, GET /search, 16 connections: p50 is 61 ms, at most 50 ms is required"
        in lines
    )
    assert "pass          gunicorn, GET /search, 16 connections: p99 is 9 ms" in lines
