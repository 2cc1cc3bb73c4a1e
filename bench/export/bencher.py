"""The figures of a run in the Bencher Metric Format, which `bencher run --adapter json` reads.

`throughput` and `latency` are the measures every Bencher project has, in its units: operations a second and
nanoseconds. Service times are no latencies and have a measure of their own.
"""

import json

from bench.export.figures import Figure, followed_cells
from bench.stats.summary import Summary

LONGEST_NAME = 1024


def bencher(summary: Summary) -> bytes:
    """The document as UTF-8 text: `{benchmark: {measure: {value, lower_value, upper_value}}}`."""
    document = {
        cell.name[:LONGEST_NAME]: {figure.name: _metric(figure) for figure in cell.figures}
        for cell in followed_cells(summary)
        if cell.figures
    }
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def _metric(figure: Figure) -> dict[str, float]:
    metric = {"value": figure.value, "lower_value": figure.low, "upper_value": figure.high}
    return {name: value for name, value in metric.items() if value is not None}
