"""A check as JSON, for scripts and CI. `docs/check-json.md` tells what each field means."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

from bench.export.summary_json import summary_document
from bench.results.model import BaselineCheck, Check
from bench.scenario.check import Metric
from bench.stats.checks.changes import fractions, slow_down_of
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.inference.gate import Judgement
from bench.stats.summary import Interval, Reason
from bench.units import NS_PER_MS, NS_PER_US

FORMAT = 1

_UNITS: dict[Metric, tuple[str, float]] = {
    "goodput": ("1/s", 1),
    "cpu": ("us", NS_PER_US),
    "median": ("ms", NS_PER_MS),
    "p99": ("ms", NS_PER_MS),
    "memory": ("MB", 1e6),
}


def check_json(check: CheckSummary) -> bytes:
    """The document as UTF-8 text; the same check always gives the same bytes."""
    return (json.dumps(check_document(check), indent=2, allow_nan=False) + "\n").encode()


def check_document(check: CheckSummary) -> dict[str, Any]:
    """The document as plain values. What was not measured is None, never a number that is none."""
    summary = summary_document(check.summary)
    cells = {one["id"]: one for one in summary["cells"]}
    return {
        "format": FORMAT,
        "run": summary["run"],
        "status": summary["status"],
        "verdict": check.verdict,
        "compared": _compared(check.summary.run.check),
        "baseline": _baseline(check.summary.run.baseline),
        "cells": [_cell(one, cells) for one in check.cells],
        "requirements": summary.get("requirements", []),
        "notes": list(check.notes),
        "warnings": summary["warnings"],
    }


def _compared(check: Check | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "against": check.against,
        "base": check.base,
        "head": check.head,
        "uncommitted_changes": check.changed,
        "dependencies": list(check.dependencies),
        "looks": list(check.looks),
        "confirmation": check.confirmation,
    }


def _baseline(baseline: BaselineCheck | None) -> dict[str, Any] | None:
    if baseline is None:
        return None
    return {
        "file": baseline.file,
        "run": baseline.content["run"],
        "measured_at": baseline.content["measured_at"],
        "launches": baseline.launches,
        "confirmation": baseline.confirmation,
    }


def _cell(one: CheckedCell, cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    base, head = cells.get(one.base.cell.id), cells[one.head.cell.id]
    return {
        "name": one.name,
        "server": one.server,
        "request": head["request"],
        "load": head["load"],
        "verdict": one.verdict,
        "why": one.why,
        "reasons": _reasons(one.reasons),
        "metrics": [_metric(each) for each in one.metrics],
        "base": base,
        "head": head,
    }


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    return [{"code": why.code, "what": why.what, "remedy": why.remedy} for why in reasons]


def _metric(one: MetricCheck) -> dict[str, Any]:
    name, unit = _UNITS[one.metric]
    return {
        "metric": one.metric,
        "gated": one.gated,
        "verdict": one.verdict,
        "unit": name,
        "base": _number(one.base, unit),
        "head": _number(one.head, unit),
        "ratio": _interval(one.ratio),
        "slow_down": _interval(slow_down_of(one)),
        "allow": _number(one.allow),
        "judgement": _judgement(one.judgement),
        "confirmation": _judgement(one.confirmation),
        "slow_downs": [_number(value) for value in fractions(one.slow_downs)],
        "confirming": [_number(value) for value in fractions(one.confirming)],
    }


def _judgement(judgement: Judgement | None) -> dict[str, Any] | None:
    if judgement is None:
        return None
    return {
        "verdict": judgement.verdict,
        "pairs": judgement.pairs,
        "effect": _number(judgement.effect),
        "at_most": _number(judgement.at_most),
        "p_value": _number(judgement.p_value),
        "detectable": _number(judgement.detectable),
    }


def _interval(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {name: _number(getattr(interval, name)) for name in ("value", "low", "high")}


def _number(value: float | None, unit: float = 1) -> float | None:
    """The value in this unit, or None for what JSON has no number for."""
    return None if value is None or not isfinite(value) else value / unit
