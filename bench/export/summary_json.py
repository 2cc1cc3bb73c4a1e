"""The summary of a run as JSON, for scripts and CI. `docs/json-summary.md` tells what each field means."""

import json
from math import isfinite, nan
from typing import Any

from bench.histogram import Histogram
from bench.results.model import LoadLevel
from bench.stats.precision import asked_precision, decide, launches_measured
from bench.stats.summary import (
    ArrivalsSummary,
    CellSummary,
    Comparison,
    Interval,
    Noise,
    PartSummary,
    RequestSummary,
    RequiredFigure,
    RequirementVerdict,
    Split,
    Spread,
    Summary,
)
from bench.stats.tally import in_rounds
from bench.units import NS_PER_MS, NS_PER_US

FORMAT = 1

_UNITS: dict[RequiredFigure, tuple[str, int]] = {
    "goodput": ("per second", 1), "errors": ("share", 1), "cpu": ("us", NS_PER_US), "memory": ("MB", 10**6),
}  # fmt: skip
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
        "noise": _noise(summary.noise, names),
        "interleave": "rounds" if in_rounds(summary.run) else "slices",
        "precision": _precision(summary),
        "generator_ceiling": _number(summary.run.ceiling_per_s),
        "requirements": [_requirement(one) for one in summary.requirements],
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
        "profile": one.deployment.profile,
        "behind": one.deployment.behind,
        "tls": one.deployment.tls,
        "request": one.cell.request,
        "load": _load(one.cell.load),
        "keeps_alive": one.keeps_alive,
        "goodput": _interval(one.goodput),
        **_durations(one),
        "cpu_us_per_request": _number(one.cpu_us_per_request.value if one.cpu_us_per_request else None),
        "memory_mb": None if one.memory_bytes is None else one.memory_bytes / 1e6,
        "start_up_ms": [start_up_ns / NS_PER_MS for start_up_ns in one.start_up_ns],
        "generator_busy": _number(one.generator_busy),
        "requests": one.requests,
        "errors": sum(one.errors.values()),
        "errors_by_kind": dict(one.errors),
        **(_arrivals(one.arrivals) if one.cell.load.is_open else {}),
        **({"by_request": _by_request(one)} if one.by_request else {}),
        **({"parts": [_part(each) for each in one.parts]} if one.parts else {}),
        **({"spread": _spread(one.spread)} if one.spread else {}),
        "valid": one.valid,
        "reasons": [{"code": why.code, "what": why.what, "remedy": why.remedy} for why in one.reasons],
    }


def _load(load: LoadLevel) -> dict[str, Any]:
    if load.locustfile is not None:
        return {"locustfile": load.locustfile, "users": load.connections}
    if load.rate_per_s is None:
        return {"connections": load.connections}
    rate = load.rate_per_s
    return {
        "rate": int(rate) if rate.is_integer() else rate,
        "arrivals": "poisson" if load.poisson else "constant",
        "connections": load.connections,
    }


def _durations(one: CellSummary) -> dict[str, Any]:
    """Latencies or service times, under a key that says which."""
    quantiles = _quantiles(one.histogram, one.longest_ns)
    if not one.cell.load.is_open:
        return {"service_time_ms": quantiles}
    return {"latency_ms": quantiles, "median_latency_ms": _interval(one.median_latency_ns, NS_PER_MS)}


def _quantiles(histogram: Histogram, longest_ns: float) -> dict[str, float | None]:
    """Percentiles in milliseconds, and the longest, which is exact: no percentile is above it."""
    if not histogram.total:
        return dict.fromkeys((*_QUANTILES, "max"))
    shown = {name: min(histogram.quantile_ns(share), longest_ns) for name, share in _QUANTILES.items()}
    return {name: value / NS_PER_MS for name, value in {**shown, "max": longest_ns}.items()}


def _arrivals(arrivals: ArrivalsSummary | None) -> dict[str, Any]:
    if arrivals is None:
        return {"arrivals": None, "send_late_us": None}
    late = {name: arrivals.late.quantile_ns(_QUANTILES[name]) for name in ("p50", "p99")}
    late["max"] = arrivals.latest_ns if arrivals.late.total else nan
    return {
        "arrivals": {"due": arrivals.due, "waited": arrivals.waited, "unsent": arrivals.unsent},
        "send_late_us": {name: _number(value, NS_PER_US) for name, value in late.items()},
    }


def _by_request(one: CellSummary) -> dict[str, Any]:
    kind = "latency_ms" if one.cell.load.is_open else "service_time_ms"
    return {
        name: {"requests": each.requests, kind: _quantiles(each.histogram, _longest(each, one))}
        for name, each in one.by_request.items()
    }


def _longest(each: RequestSummary, one: CellSummary) -> float:
    """To three digits, as it comes from the histogram; not above the cell's own, which is exact."""
    return min(each.histogram.quantile_ns(1), one.longest_ns)


def _part(one: PartSummary) -> dict[str, Any]:
    cost = one.cpu_us_per_request
    return {
        "name": one.name,
        "cpu_us_per_request": _number(cost.value if cost else None),
        "cpu_share": _number(one.cpu_share),
        "memory_mb": None if one.memory_bytes is None else one.memory_bytes / 1e6,
        "processes": one.processes,
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "of": spread.of,
        "backends": spread.backends,
        "least": _number(spread.least),
        "most": _number(spread.most),
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "cell": one.cell,
        "against": one.against,
        "of": one.of,
        "ratio": _interval(one.ratio),
        "verdict": one.verdict,
        "pairs": one.pairs,
        "dropped": one.dropped,
    }


def _split(one: Split, name: str) -> dict[str, Any]:
    return {
        "deployment": name,
        "request": one.request,
        "load": _load(one.load),
        "server_us": _number(one.server_us),
        "framework_us": _number(one.framework_us),
        "goodput_share_server": _number(one.goodput_share_server),
        "gain_at_most": _number(one.gain_at_most),
    }


def _noise(noise: Noise | None, names: dict[str, str]) -> dict[str, Any] | None:
    if noise is None:
        return None
    return {
        "deployment": names[noise.deployment],
        "request": noise.request,
        "load": _load(noise.load),
        "of": noise.of,
        "ratio": _interval(noise.ratio),
        "told_apart": noise.told_apart,
        "pairs": noise.pairs,
        "dropped": noise.dropped,
    }


def _precision(summary: Summary) -> dict[str, Any] | None:
    """What a run that was to end on precision came to; None where that was not asked."""
    until = asked_precision(summary.run)
    if until is None:
        return None
    known = decide(summary, until)
    return {
        "until": until,
        "reached": known.enough,
        "widest": _number(known.widest),
        "launches": launches_measured(summary),
        "most_launches": summary.run.scenario["measure"]["launches"],
        "settled": list(known.settled),
    }


def _requirement(one: RequirementVerdict) -> dict[str, Any]:
    unit, size = _UNITS.get(one.figure, ("ms", NS_PER_MS))
    return {
        "cell": one.cell,
        "figure": one.figure,
        "limit": _number(one.limit, size),
        "unit": unit,
        "value": _interval(one.value, size),
        "verdict": one.verdict,
        "what": one.what,
    }


def _interval(interval: Interval | None, unit: float = 1) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {
        "value": _number(interval.value, unit),
        "low": _number(interval.low, unit),
        "high": _number(interval.high, unit),
    }


def _number(value: float | None, unit: float = 1) -> float | None:
    """The value in this unit, or None for what JSON has no number for."""
    if value is None or not isfinite(value):
        return None
    return value if unit == 1 else value / unit
