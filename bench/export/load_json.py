"""A single load as JSON, for scripts and CI. `docs/load.md` tells what each field means."""

import json
from math import isfinite
from typing import Any

from bench.conductor.single_load.load_verdict import notes, reasons
from bench.conductor.single_load.single_load import SingleLoad
from bench.histogram import Histogram
from bench.load.messages import Arrivals
from bench.units import NS_PER_MS, NS_PER_S, NS_PER_US

FORMAT = 1

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}
_LATE_QUANTILES = {"p50": 0.5, "p99": 0.99}


def load_json(load: SingleLoad) -> bytes:
    """The document as UTF-8 text; the same load always gives the same bytes."""
    return (json.dumps(load_document(load), indent=2, allow_nan=False) + "\n").encode()


def load_document(load: SingleLoad) -> dict[str, Any]:
    """The document as plain values. What was not measured is None, never a number that is none."""
    outcome, order = load.outcome, load.order
    why = reasons(load)
    return {
        "format": FORMAT,
        "url": load.url,
        "method": load.method,
        "load": order.level.model_dump(exclude_defaults=True),
        "requests": outcome.requests + load.error_count,
        "ok": outcome.requests,
        "errors": dict(sorted(outcome.errors.items())),
        "duration_s": outcome.counted_ns / NS_PER_S,
        "goodput": outcome.requests * NS_PER_S / outcome.counted_ns,
        "latency_ms" if order.level.is_open else "service_time_ms": _durations(load),
        **({} if outcome.arrivals is None else _arrivals(outcome.arrivals)),
        "generator_cpu": load.generator_busy,
        "connections_opened": outcome.connections_opened,
        "answered": outcome.answered,
        "ramp_s": order.ramp_ns / NS_PER_S,
        "processes": order.processes,
        "polls": load.polls,
        "seed": order.seed,
        "interrupted": load.interrupted,
        "valid": not why,
        "reasons": [{"code": one.code, "what": one.what, "remedy": one.remedy} for one in why],
        "notes": list(notes(load)),
    }


def _durations(load: SingleLoad) -> dict[str, float | None]:
    outcome = load.outcome
    quantiles = _quantiles(outcome.histogram, _QUANTILES, NS_PER_MS)
    return {**quantiles, "max": outcome.longest_ns / NS_PER_MS if outcome.requests else None}


def _arrivals(arrivals: Arrivals) -> dict[str, Any]:
    late = _quantiles(arrivals.late, _LATE_QUANTILES, NS_PER_US)
    longest = None if late["p50"] is None else arrivals.latest_ns / NS_PER_US
    return {
        "due": arrivals.due,
        "waited": arrivals.waited,
        "unsent": arrivals.unsent,
        "send_late_us": {**late, "max": longest},
    }


def _quantiles(encoded: str, shares: dict[str, float], unit_ns: int) -> dict[str, float | None]:
    histogram = Histogram.decode(encoded)
    found = {name: histogram.quantile_ns(share) / unit_ns for name, share in shares.items()}
    return {name: value if isfinite(value) else None for name, value in found.items()}
