"""A run as a table for spreadsheets and data frames: CSV as RFC 4180 has it, one row a cell."""

import csv
import io
from math import isfinite
from statistics import median

from bench.results.model import LoadLevel
from bench.scenario.check import METRICS
from bench.stats.checks.changes import comparable
from bench.stats.checks.summary import CheckedCell, CheckSummary
from bench.stats.summary import CellSummary, Comparison, Interval, Summary

Value = str | float | int | None

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}
_READ_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(summary: Summary, check: CheckSummary | None = None) -> bytes:
    """The table, UTF-8, a heading first; what was not measured is empty. Of a check, head has its verdict."""
    comparisons = {each.cell: each for each in summary.comparisons}
    checked = {cell.head.cell.id: cell for cell in check.cells} if check else {}
    rows = [
        {
            **_cell(cell, summary),
            **_compared(comparisons.get(cell.cell.id)),
            **(_checked(checked.get(cell.cell.id)) if check else {}),
        }
        for cell in summary.cells
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows(map(_written, row.values()) for row in rows)
    return text.getvalue().encode()


def _cell(cell: CellSummary, summary: Summary) -> dict[str, Value]:
    deployment = cell.deployment
    return {
        "run": summary.run.id,
        "deployment": deployment.name,
        "server": deployment.server,
        "version": deployment.version,
        "app": deployment.app,
        "revision": deployment.revision,
        "request": cell.cell.request,
        **_load(cell.cell.load),
        "keeps_alive": _yes_or_no(cell.keeps_alive),
        "valid": _yes_or_no(cell.valid),
        "reasons": "; ".join(reason.what for reason in cell.reasons),
        "requests": cell.requests,
        "errors": sum(cell.errors.values()),
        **_interval("goodput_per_s", cell.goodput),
        "durations": "latency" if cell.cell.load.is_open else "service time",
        **{f"{name}_ns": _quantile(cell, share) for name, share in _QUANTILES.items()},
        "max_ns": cell.longest_ns if cell.histogram.total else None,
        **_interval("median_latency_ns", cell.median_latency_ns),
        **_interval("cpu_us_per_request", cell.cpu_us_per_request),
        "memory_bytes": cell.memory_bytes,
        "start_up_ns": median(cell.start_up_ns) if cell.start_up_ns else None,
        "generator_busy": cell.generator_busy,
    }


def _load(load: LoadLevel) -> dict[str, Value]:
    return {
        "load": load.label,
        "connections": load.connections,
        "rate_per_s": load.rate_per_s,
        "locustfile": load.locustfile,
    }


def _compared(one: Comparison | None) -> dict[str, Value]:
    return {
        "against": one.against if one else None,
        "compared_by": one.of if one else None,
        **_interval("ratio", one.ratio if one else None),
        "place": one.verdict if one else None,
    }


def _checked(cell: CheckedCell | None) -> dict[str, Value]:
    """The verdict on the cell and on each metric, with ratios of head to base where these mean anything."""
    metrics = {one.metric: one for one in cell.metrics} if cell else {}
    row: dict[str, Value] = {"verdict": cell.verdict if cell else None, "why": cell.why if cell else None}
    for name in METRICS:
        one = metrics.get(name)
        row |= _interval(f"{name}_to_base", one.ratio if one and cell and comparable(cell) else None)
        row[f"{name}_allowed"] = one.allow if one else None
        row[f"{name}_verdict"] = one.verdict if one else None
    return row


def _interval(name: str, interval: Interval | None) -> dict[str, Value]:
    return {
        name: interval.value if interval else None,
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }


def _quantile(cell: CellSummary, share: float) -> float | None:
    """To three digits, as it comes from the histogram; not above the longest, which is exact."""
    return min(cell.histogram.quantile_ns(share), cell.longest_ns) if cell.histogram.total else None


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _written(value: Value) -> Value:
    """A text that a spreadsheet would take for a formula is marked as text; no number is no number."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_READ_AS_FORMULA) else value
    return value if value is None or isfinite(value) else None
