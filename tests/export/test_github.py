import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bench.export.github import LONGEST_MESSAGE, LONGEST_TITLE, annotations
from bench.stats.caveats import label
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Interval, RequirementVerdict
from tests.export.synthetic_check import ALL_KINDS, Found, check_of, required
from tests.report.synthetic import SERVERS, complete

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def unescaped(text: str) -> str:
    for escaped, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escaped, char)
    return text


def said_of(check: CheckSummary) -> str:
    return annotations(check.summary, check)


def read(text: str) -> list[tuple[str, ...]]:
    """The commands as the runner reads them: kind, title, message."""
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None
        found.append((match[1], *map(unescaped, match.groups()[1:])))
    return found


def test_a_regression_is_an_error_and_what_is_not_decided_a_warning() -> None:
    assert read(said_of(check_of(ALL_KINDS, notes=("flask: p99 20 % longer.",)))) == [
        (
            "error",
            "Regression: gunicorn, GET /json, 16 connections",
            "goodput 7.4 % lower; confirmed by 12 fresh launches.",
        ),
        (
            "error",
            "Regression: flask, GET /json, 16 connections",
            "head: 0.4 % of the responses were errors. Look into the server's log.",
        ),
        (
            "warning",
            "Inconclusive: waitress, GET /json, 16 connections",
            "goodput 2.9 % lower, at most 6.0 % lower. "
            "Measure longer (`for`), or on a machine that does less besides.",
        ),
        ("notice", "Note", "flask: p99 20 % longer."),
    ]


def test_nothing_is_said_of_what_passed() -> None:
    assert said_of(check_of([Found("uwsgi"), Found("flask")])) == ""


def test_a_requirement_that_is_not_met_is_an_error() -> None:
    cell = check_of([Found("uwsgi")]).cells[0]
    wanted = (required(cell), required(cell, "regression", "p99 is 60 ms"), required(cell, "inconclusive"))
    assert [one[:2] for one in read(said_of(check_of([Found("uwsgi")], requirements=wanted)))] == [
        ("error", "Requirement not met: uwsgi, GET /json, 16 connections"),
        ("warning", "Requirement not decided: uwsgi, GET /json, 16 connections"),
    ]


def test_of_a_run_that_is_no_check_only_requirements_are_told() -> None:
    summary, _ = complete()
    cell = summary.cells[0].cell.id
    unkept = RequirementVerdict(cell, "p99", 5e7, Interval(6e7, 5.9e7, 6.1e7), "regression", "p99 is 60 ms")
    open_ = replace(unkept, figure="p50", verdict="inconclusive")
    assert annotations(summary) == ""
    assert read(annotations(replace(summary, requirements=(unkept, open_)))) == [
        ("error", f"Requirement not met: {label(summary.cells[0])}", "p99 is 60 ms"),
        (
            "warning",
            f"Requirement not decided: {label(summary.cells[0])}",
            "p99 is 60 ms. Measure longer, or in more launches.",
        ),
    ]


def test_there_are_at_most_ten_of_a_kind_and_the_last_tells_the_rest() -> None:
    names = list(SERVERS) * 4
    cells = [Found(name, "regression", why=f"number {at}.") for at, name in enumerate(names)]
    found = read(said_of(check_of([*cells, Found("uwsgi", "inconclusive")])))
    assert [one[0] for one in found] == ["error"] * 10 + ["warning"]
    assert found[9][1] == "11 more"
    assert found[9][2].splitlines()[0].endswith("number 9.")
    assert len(found[9][2].splitlines()) == 11
    assert len(read(said_of(check_of(cells[:10])))) == 10
    assert "more" not in read(said_of(check_of(cells[:10])))[-1][1]


def test_no_annotation_is_longer_than_what_the_runner_passes_on() -> None:
    summary, measurements = complete()
    cells = [
        replace(one, cell=one.cell.model_copy(update={"request": f"GET /{'long/' * 90}"}))
        for one in summary.cells
    ]
    red = [Found("uwsgi", "regression", why="w" * 5_000 + ".")] * 90
    check = check_of(red, report=(replace(summary, cells=tuple(cells)), measurements))
    for _, title, what in read(said_of(check))[:-1]:
        assert (len(title), len(what)) == (LONGEST_TITLE, LONGEST_MESSAGE)
        assert title.endswith("\u2026")
        assert what.endswith("\u2026")
    last = read(said_of(check))[-1]
    assert (last[1], len(last[2])) == ("81 more", LONGEST_MESSAGE)


@given(st.text(alphabet=st.one_of(st.sampled_from("%\r\n:,"), st.characters(codec="utf-8"))))
def test_whatever_a_sentence_holds_it_stays_one_command(text: str) -> None:
    said = said_of(check_of([Found("uwsgi", "regression", why=text)]))
    assert said.count("\n") == 1
    assert "\r" not in said
    match = COMMAND.fullmatch(said.removesuffix("\n"))
    assert match is not None
    assert unescaped(match[3]) == text
