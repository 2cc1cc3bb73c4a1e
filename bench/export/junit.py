"""A run as JUnit XML, for whatever shows tests: one suite a cell, one test case a gate.

A regression is a failure. What could not be decided is an error, which is JUnit's word for a test that came
to no result: readers count it apart from failures, and the exit code (3) is not one of success either. What
was not judged is skipped. The elements and attributes are those of Jenkins' xUnit schema, which is what all
readers have in common. The run took its time as a whole and the gates none, which is said: some readers add
up times that are not there to no number.
"""

import re
from collections.abc import Sequence
from datetime import UTC
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bench.export.gates import Gate, Outcome, gates_of
from bench.results.model import Run
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Summary

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS: dict[Outcome, str] = {"regression": "failure", "inconclusive": "error", "not judged": "skipped"}
_NO_TIME = {"time": "0"}
_COUNTS = {"failures": "regression", "errors": "inconclusive", "skipped": "not judged"}


def junit(summary: Summary, check: CheckSummary | None = None) -> bytes:
    """The document, UTF-8. A run that is no check has the validity of its cells and its requirements."""
    gates = gates_of(summary, check)
    counts = _counted(gates)
    del counts["skipped"]  # the schema has it for a suite alone
    root = Element("testsuites", {"name": f"bench {summary.run.id}", "time": _took(summary.run), **counts})
    began = summary.run.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for about, of_cell in groupby(gates, key=lambda gate: gate.about):
        own = tuple(of_cell)
        attributes = {"name": _xml(about), "timestamp": began, **_NO_TIME, **_counted(own)}
        suite = SubElement(root, "testsuite", attributes)
        for gate in own:
            _add_case(suite, gate)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add_case(suite: Element, gate: Gate) -> None:
    names = {"classname": _class_name(gate.about), "name": _xml(gate.gate)}
    case = SubElement(suite, "testcase", {**names, **_NO_TIME})
    text = _xml(gate.what)
    if gate.outcome == "pass":
        SubElement(case, "system-out").text = text
        return
    attributes = {"message": text}
    if gate.outcome != "not judged":
        attributes["type"] = gate.outcome
    SubElement(case, _ELEMENTS[gate.outcome], attributes).text = f"{_xml(gate.about)}\n{text}"


def _took(run: Run) -> str:
    """The seconds from beginning to end; of a run that was killed, none."""
    ended = run.finished_at or run.started_at
    return f"{(ended - run.started_at).total_seconds():.3f}"


def _class_name(about: str) -> str:
    """A name without further dots: readers take what stands before the last one for a package."""
    return f"bench.{_xml(about).replace('.', '_')}"


def _counted(gates: Sequence[Gate]) -> dict[str, str]:
    counts = {name: str(sum(gate.outcome == outcome for gate in gates)) for name, outcome in _COUNTS.items()}
    return {"tests": str(len(gates)), **counts}


def _xml(text: str) -> str:
    """The text without the characters that XML 1.0 has no way to hold."""
    return _NOT_XML.sub("", text)
