from collections.abc import Callable
from dataclasses import dataclass, replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.export.junit import junit
from bench.stats.inference.gate import Verdict
from tests.export.synthetic_check import ALL_KINDS, BROKEN, Found, check_of, required
from tests.report.synthetic import SERVERS, Report, at_rates, complete, invalid, mixed, partial


@dataclass(frozen=True)
class Rule:
    """What an element may hold, after Jenkins' junit-10.xsd: that part of it which is used here."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    text: bool = False


def rule(required: str = "", optional: str = "", children: str = "", *, text: bool = False) -> Rule:
    return Rule(frozenset(required.split()), frozenset(optional.split()), frozenset(children.split()), text)


SCHEMA = {
    "testsuites": rule("", "name time tests failures errors", "testsuite"),
    "testsuite": rule(
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "testcase": rule("name", "time classname group", "skipped error failure system-out system-err"),
    "failure": rule("", "type message", text=True),
    "error": rule("", "type message", text=True),
    "skipped": rule("", "type message", text=True),
    "system-out": rule(text=True),
}


def assert_follows_schema(element: Element) -> None:
    allowed = SCHEMA[element.tag]
    assert allowed.required <= set(element.attrib) <= allowed.required | allowed.optional
    assert allowed.text or not (element.text or "").strip()
    for child in element:
        assert child.tag in allowed.children
        assert not (child.tail or "").strip()
        assert_follows_schema(child)


def outcome(case: Element) -> str:
    return next((child.tag for child in case if child.tag != "system-out"), "pass")


def outcomes(root: Element, server: str) -> dict[str, str]:
    (suite,) = (one for one in root if one.attrib["name"].startswith(f"{server}, "))
    return {case.attrib["name"]: outcome(case) for case in suite}


def parsed(document: bytes) -> Element:
    root = ElementTree.fromstring(document)
    assert root.tag == "testsuites"
    assert_follows_schema(root)
    return root


def test_a_check_has_a_case_for_each_gated_metric_and_one_for_validity() -> None:
    check = check_of(ALL_KINDS)
    root = parsed(junit(check.summary, check))
    assert outcomes(root, "uwsgi") == dict.fromkeys(("validity", "goodput", "cpu", "median"), "pass")
    assert outcomes(root, "gunicorn") == {
        **dict.fromkeys(("goodput", "cpu", "median"), "failure"),
        "validity": "pass",
    }
    assert outcomes(root, "waitress") == {
        **dict.fromkeys(("goodput", "cpu", "median"), "error"),
        "validity": "pass",
    }


def test_a_head_that_is_wrong_fails_by_its_reason_and_its_metrics_are_not_judged() -> None:
    check = check_of(ALL_KINDS)
    root = parsed(junit(check.summary, check))
    assert outcomes(root, "flask") == {
        "validity": "failure",
        **dict.fromkeys(("goodput", "cpu", "median"), "skipped"),
    }
    (failure,) = (one for one in root.iter("failure") if "errors" in one.attrib["message"])
    assert BROKEN.what in failure.attrib["message"]
    assert failure.attrib["message"].endswith(" Look into the server's log.")
    skipped = [one.attrib["message"] for one in root.iter("skipped")]
    assert len(skipped) == 3
    assert not any("(" in one or "allowed" in one for one in skipped)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pass", "regression", "inconclusive"]), st.sampled_from([(), (BROKEN,)])
        ).filter(lambda one: one != ("pass", (BROKEN,))),
        max_size=len(SERVERS),
    )
)
def test_there_is_a_failure_or_an_error_just_where_the_verdict_is_no_pass(
    kinds: list[tuple[Verdict, tuple[()]]],
) -> None:
    found = [Found(name, verdict, reasons=why) for name, (verdict, why) in zip(SERVERS, kinds, strict=False)]
    check = check_of(found)
    root = parsed(junit(check.summary, check))
    words = {"pass": set(), "regression": {"failure"}, "inconclusive": {"error"}}
    for one in found:
        assert set(outcomes(root, one.server).values()) - {"pass", "skipped"} == words[one.verdict]


def test_where_base_cannot_be_trusted_its_reason_decides_and_no_metric() -> None:
    check = check_of([Found("uwsgi", "inconclusive")])
    (cell,) = check.cells
    wrong = replace(cell, base=replace(cell.base, reasons=(BROKEN,)), why="base: errors.")
    root = parsed(junit(check.summary, replace(check, cells=(wrong,))))
    assert outcomes(root, "uwsgi") == {
        "validity": "error",
        **dict.fromkeys(("goodput", "cpu", "median"), "skipped"),
    }


def test_a_verdict_that_no_metric_explains_is_told_as_it_is() -> None:
    check = check_of([Found("uwsgi", "pass")])
    odd = replace(check.cells[0], verdict="inconclusive", why="head answers something else.")
    root = parsed(junit(check.summary, replace(check, cells=(odd,))))
    assert outcomes(root, "uwsgi")["validity"] == "error"
    assert [one.attrib["message"] for one in root.iter("error")] == ["head answers something else."]


def test_the_counts_are_those_of_the_cases() -> None:
    check = check_of(ALL_KINDS)
    root = parsed(junit(check.summary, check))
    for element in (root, *root):
        cases = [outcome(case) for case in element.iter("testcase")]
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == cases.count("failure")
        assert int(element.attrib["errors"]) == cases.count("error")
    assert sum(int(suite.attrib["skipped"]) for suite in root) == 3


@pytest.mark.parametrize(
    ("verdict", "element"), [("pass", "pass"), ("regression", "failure"), ("inconclusive", "error")]
)
def test_each_requirement_is_a_case_beside_the_gates_of_its_cell(verdict: Verdict, element: str) -> None:
    check = check_of([Found("uwsgi")])
    check = check_of([Found("uwsgi")], requirements=(required(check.cells[0], verdict, "p99 is <40> ms"),))
    root = parsed(junit(check.summary, check))
    assert outcomes(root, "uwsgi")["require p99"] == element
    assert any(
        "p99 is <40> ms" in (one.text or "")
        for one in root.iter(element if verdict != "pass" else "system-out")
    )


def test_a_run_that_is_no_check_has_the_validity_of_its_cells_and_what_was_skipped() -> None:
    root = parsed(junit(invalid()[0]))
    assert [suite.attrib["name"] for suite in root][-1] == "mod_wsgi"
    assert outcome(root[-1][0]) == "skipped"
    wrong = [one.attrib["message"] for one in root.iter("error")]
    assert len(wrong) == 1
    assert "busy 94 %" in wrong[0]
    assert "generator_cores" in wrong[0]


@pytest.mark.parametrize("report", [complete, at_rates, mixed])
def test_every_kind_of_run_follows_the_schema(report: object) -> None:
    assert callable(report)
    parsed(junit(report()[0]))


@given(st.text(alphabet=st.characters(codec=None)))
def test_whatever_a_sentence_holds_the_document_can_be_read(text: str) -> None:
    reason = replace(BROKEN, what=text, remedy="")
    check = check_of([Found("uwsgi", "regression", reasons=(reason,), why=text)])
    root = parsed(junit(check.summary, check))
    (failure,) = root.iter("failure")
    kept = "".join(char for char in text if is_xml(char))
    assert failure.attrib["message"] == kept


def is_xml(char: str) -> bool:
    return char in "\t\n\r" or "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"


def test_a_class_name_has_one_dot_whatever_is_requested() -> None:
    check = check_of([Found("uwsgi")], report=complete(requests=("GET /v1.2/a.json",)))
    root = parsed(junit(check.summary, check))
    for case in root.iter("testcase"):
        assert case.attrib["classname"] == "bench.uwsgi, GET /v1_2/a_json, 16 connections"


@pytest.mark.parametrize("report", [complete, partial])
def test_times_are_numbers_that_add_up(report: Callable[[], Report]) -> None:
    summary = report()[0]
    root = parsed(junit(summary))
    run = summary.run
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
    assert float(root.attrib["time"]) == pytest.approx(took)
    assert sum(float(each.attrib["time"]) for suite in root for each in (suite, *suite)) <= took


def test_what_only_more_launches_decide_says_so() -> None:
    cell = check_of([Found("uwsgi")]).cells[0]
    open_ = required(cell, "inconclusive", "p99 is 49 ms (47 ms to 52 ms), at most 50 ms is required")
    explained = replace(open_, figure="p50", because="one launch does not tell")
    check = check_of([Found("uwsgi")], requirements=(open_, explained))
    said = [case.attrib["message"] for case in parsed(junit(check.summary, check)).iter("error")]
    assert said == [f"{open_.what}. Measure longer, or in more launches.", open_.what]
