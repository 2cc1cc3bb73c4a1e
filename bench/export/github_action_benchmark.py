"""The figures of a run for github-action-benchmark, whose tools know one direction a file.

`bigger_is_better` is what its `customBiggerIsBetter` reads, `smaller_is_better` its `customSmallerIsBetter`.
"""

import json
from typing import Any

from bench.export.figures import Figure, FollowedCell, followed_cells
from bench.stats.summary import Summary


def bigger_is_better(summary: Summary) -> bytes:
    """Throughput, as an array of `{name, value, unit, range, extra}`."""
    return _array(summary, less_is_better=False)


def smaller_is_better(summary: Summary) -> bytes:
    """Durations, CPU time and memory, as an array of `{name, value, unit, range, extra}`."""
    return _array(summary, less_is_better=True)


def _array(summary: Summary, *, less_is_better: bool) -> bytes:
    entries = [
        _entry(cell, figure, summary)
        for cell in followed_cells(summary)
        for figure in cell.figures
        if figure.less_is_better is less_is_better
    ]
    return (json.dumps(entries, indent=2, allow_nan=False) + "\n").encode()


def _entry(cell: FollowedCell, figure: Figure, summary: Summary) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": f"{cell.name}: {figure.name}",
        "value": figure.value,
        "unit": figure.unit,
    }
    extra = f"{cell.requests:,} responses\nrun {summary.run.id}"
    if figure.low is not None and figure.high is not None:
        entry["range"] = f"\u00b1 {(figure.high - figure.low) / 2:.4g}"
        extra = f"95 % interval: {figure.low:.6g} to {figure.high:.6g}\n{extra}"
    return {**entry, "extra": extra}
