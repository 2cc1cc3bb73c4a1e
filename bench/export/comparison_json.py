"""Two runs side by side as JSON. `docs/compare.md` tells what each field means."""

import json
from typing import Any

from bench.results.model import Run
from bench.stats.summary import Interval
from bench.stats.two_runs.comparison import ComparedCell, ComparedMetric, TwoRuns
from bench.stats.two_runs.words import warnings

FORMAT = 1


def comparison_json(two: TwoRuns) -> bytes:
    """The document as UTF-8 text; the same runs always give the same bytes."""
    return (json.dumps(comparison_document(two), indent=2, allow_nan=False) + "\n").encode()


def comparison_document(two: TwoRuns) -> dict[str, Any]:
    """The document as plain values. What is not known is None."""
    return {
        "format": FORMAT,
        "a": _run(two.first, two.launches[0]),
        "b": _run(two.second, two.launches[1]),
        "warnings": list(warnings(two)),
        "differences": [
            {"name": one.name, "a": one.first, "b": one.second, "matters": one.matters}
            for one in two.differences
        ],
        "cells": [_cell(one) for one in two.cells],
        "only_in_a": list(two.only_first),
        "only_in_b": list(two.only_second),
    }


def _run(run: Run, launches: int) -> dict[str, Any]:
    return {
        "id": run.id,
        "started_at": run.started_at.isoformat(),
        "status": run.status,
        "launches": launches,
    }


def _cell(cell: ComparedCell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "deployment": cell.deployment.name,
        "app": cell.deployment.app,
        "revision": cell.deployment.revision,
        "request": cell.request,
        "relative_to": cell.reference or None,
        "valid": cell.valid,
        "reasons": list(cell.reasons),
        "metrics": {one.metric: _metric(one) for one in cell.metrics},
    }


def _metric(one: ComparedMetric) -> dict[str, Any]:
    return {
        "value_a": one.first,
        "value_b": one.second,
        "ratio": _interval(one.plain),
        "relative_ratio": _interval(one.relative),
        "verdict": one.verdict,
        "machine_cancels": one.machine_cancels,
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}
