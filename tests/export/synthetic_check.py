"""Checks that never took place: base and head with the differences, verdicts and reasons of a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from bench.results.model import Check
from bench.scenario.check import GATED, METRICS, Metric
from bench.stats.checks.summary import LESS_IS_BETTER, CheckedCell, CheckSummary, MetricCheck
from bench.stats.inference.gate import Judgement, Verdict
from bench.stats.summary import CellSummary, Interval, Reason, RequirementVerdict, Summary
from tests.report.synthetic import Report, complete

CHECK = Check(
    against="main",
    base="1111111111222222222233333333334444444444",
    head="5555555555666666666677777777778888888888",
    changed=True,
    looks=(12, 24, 36),
    confirmation=12,
)
BROKEN = Reason("errors", "0.4 % of the responses were errors", "look into the server's log")


@dataclass(frozen=True)
class Found:
    """One cell as it shall come out: what each gated metric came to, or what is wrong with head."""

    server: str
    verdict: Verdict = "pass"
    slower: float = 0.0
    reasons: tuple[Reason, ...] = ()
    gated: tuple[Metric, ...] = GATED
    why: str = "goodput: less than 1.2 % lower."


def check_of(found: Sequence[Found], *, notes: tuple[str, ...] = (), report: Report | None = None,
             requirements: tuple[RequirementVerdict, ...] = ()) -> CheckSummary:  # fmt: skip
    """A check with these cells, in this order, of `report`: a complete run where none is given."""
    summary, _ = report or complete()
    app = {each.deployment.name: each for each in summary.cells if each.deployment.app == "app"}
    cells = tuple(_cell(one, app[one.server]) for one in found)
    sides = tuple(side for cell in cells for side in (cell.base, cell.head))
    return CheckSummary(_summary(summary, sides, requirements), cells, _worst(cells, requirements), notes)


def required(cell: CheckedCell, verdict: Verdict = "pass", what: str = "p99 is 40 ms") -> RequirementVerdict:
    """A requirement on the head of this cell."""
    return RequirementVerdict(cell.head.cell.id, "p99", 50e6, Interval(40e6, 39e6, 41e6), verdict, what)


def _cell(found: Found, of: CellSummary) -> CheckedCell:
    return CheckedCell(
        base=_side(of, "base", ()),
        head=_side(of, "head", found.reasons),
        metrics=tuple(_metric(name, found, of) for name in METRICS),
        reasons=found.reasons,
        verdict=found.verdict,
        why=found.why,
    )


def _side(of: CellSummary, revision: str, reasons: tuple[Reason, ...]) -> CellSummary:
    key = f"{of.deployment.name}@{revision}"
    deployment = of.deployment.model_copy(update={"id": key, "revision": revision})
    cell = of.cell.model_copy(update={"id": f"{key} {of.cell.request}", "deployment": key})
    return replace(of, cell=cell, deployment=deployment, reasons=reasons)


def _metric(name: Metric, found: Found, of: CellSummary) -> MetricCheck:
    base = {
        "goodput": of.goodput.value if of.goodput else 1.0,
        "cpu": 381_000.0,
        "median": of.histogram.quantile_ns(0.5),
        "p99": of.histogram.quantile_ns(0.99),
        "memory": float(of.memory_bytes or 1),
    }[name]
    ratio = 1 + found.slower if LESS_IS_BETTER[name] else 1 / (1 + found.slower)
    gated, red = name in found.gated, found.verdict == "regression" and not found.reasons
    verdict: Verdict = "pass" if found.reasons else found.verdict
    return MetricCheck(
        metric=name,
        base=base,
        head=base * ratio,
        ratio=Interval(ratio, ratio - 0.01, ratio + 0.01),
        slow_downs=(log(1 + found.slower),) * 12,
        confirming=(log(1 + found.slower),) * 12 if red else (),
        allow=0.05,
        judgement=_judgement(verdict, found.slower),
        confirmation=_judgement("regression", found.slower) if red else None,
        verdict=verdict if gated else None,
    )


def _judgement(verdict: Verdict, slower: float) -> Judgement:
    chance = 0.0004 if verdict == "regression" else 1.0
    return Judgement(verdict, 12, slower, slower + 0.01, chance, 0.034 if verdict == "inconclusive" else None)


def _summary(
    summary: Summary, sides: tuple[CellSummary, ...], requirements: tuple[RequirementVerdict, ...]
) -> Summary:
    run = summary.run.model_copy(
        update={
            "check": CHECK,
            "deployments": tuple(side.deployment for side in sides),
            "cells": tuple(side.cell for side in sides),
        }
    )
    return replace(
        summary, run=run, cells=sides, comparisons=(), ranking=(), split=(), requirements=requirements
    )


def _worst(cells: Sequence[CheckedCell], requirements: Sequence[RequirementVerdict]) -> Verdict:
    verdicts = {cell.verdict for cell in cells} | {one.verdict for one in requirements}
    if "regression" in verdicts:
        return "regression"
    return "inconclusive" if "inconclusive" in verdicts else "pass"


ALL_KINDS = (
    Found("uwsgi"),
    Found("gunicorn", "regression", 0.08, why="goodput 7.4 % lower; confirmed by 12 fresh launches."),
    Found("waitress", "inconclusive", 0.03, why="goodput 2.9 % lower, at most 6.0 % lower."),
    Found("flask", "regression", reasons=(BROKEN,), why=f"head: {BROKEN.what}."),
)
