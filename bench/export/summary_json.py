"""The summary of a run as JSON, for scripts and CI. `docs/json-summary.md` tells what each field means."""

import json
from math import isfinite
from typing import Any

from bench.stats.summary import CellSummary, Comparison, Interval, Split, Summary
from bench.units import NS_PER_MS

FORMAT = 1

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}


def summary_json(summary: Summary) -> bytes:
    """The document as UTF-8 text; the same summary always gives the same bytes."""
    return (json.dumps(summary_document(summary), indent=2, allow_nan=False) + "\n").encode()


def summary_document(summary: Summary) -> dict[str, Any]:
    """The document as plain values. What was not measured is None, never a number that is none."""
    names = {one.id: one.name for one in summary.run.deployments}
    return {
        "format": FORMAT,
        "run": summary.run.id,
        "status": "complete" if summary.run.status == "complete" else "partial",
        "cells": [_cell(one) for one in summary.cells],
        "comparisons": [_comparison(one) for one in summary.comparisons],
        "ranking": [list(group) for group in summary.ranking],
        "split": [_split(one, names[one.deployment]) for one in summary.split],
        "skipped": [one.model_dump() for one in summary.skipped],
        "warnings": list(summary.warnings),
        "load_share_of_wall": _number(summary.load_share_of_wall),
    }


def _cell(one: CellSummary) -> dict[str, Any]:
    return {
        "id": one.cell.id,
        "deployment": one.deployment.name,
        "server": one.deployment.server,
        "app": one.deployment.app,
        "request": one.cell.request,
        "load": {"connections": one.cell.connections},
        "keeps_alive": one.keeps_alive,
        "goodput": _interval(one.goodput),
        "service_time_ms": _service_time(one),
        "cpu_us_per_request": _number(one.cpu_us_per_request.value if one.cpu_us_per_request else None),
        "memory_mb": None if one.memory_bytes is None else one.memory_bytes / 1e6,
        "start_up_ms": [start_up_ns / NS_PER_MS for start_up_ns in one.start_up_ns],
        "generator_busy": _number(one.generator_busy),
        "requests": one.requests,
        "errors": sum(one.errors.values()),
        "errors_by_kind": dict(one.errors),
        "valid": one.valid,
        "reasons": [{"code": why.code, "what": why.what, "remedy": why.remedy} for why in one.reasons],
    }


def _service_time(one: CellSummary) -> dict[str, float | None]:
    quantiles = {
        name: _number(one.histogram.quantile_ns(share) / NS_PER_MS) for name, share in _QUANTILES.items()
    }
    return {**quantiles, "max": one.longest_ns / NS_PER_MS if one.requests else None}


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "cell": one.cell,
        "against": one.against,
        "ratio": _interval(one.ratio),
        "verdict": one.verdict,
        "pairs": one.pairs,
        "dropped": one.dropped,
    }


def _split(one: Split, name: str) -> dict[str, Any]:
    return {
        "deployment": name,
        "request": one.request,
        "load": {"connections": one.connections},
        "server_us": _number(one.server_us),
        "framework_us": _number(one.framework_us),
        "goodput_share_server": _number(one.goodput_share_server),
        "gain_at_most": _number(one.gain_at_most),
    }


def _interval(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {
        "value": _number(interval.value),
        "low": _number(interval.low),
        "high": _number(interval.high),
    }


def _number(value: float | None) -> float | None:
    """The value, or None for what JSON has no number for."""
    return value if value is not None and isfinite(value) else None
