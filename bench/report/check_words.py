"""What the page of a check says of its figures."""

from collections.abc import Sequence
from math import isfinite

from bench.report.words import listed
from bench.scenario.check import Metric
from bench.stats.checks.changes import direction_of, signed, worsening_of
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.inference.gate import Verdict

MINUS = "\u2212"
WORDS: dict[Verdict, str] = {
    "regression": "Regression", "pass": "Pass", "inconclusive": "Inconclusive",
}  # fmt: skip
MARKS: dict[Verdict, str] = {"regression": "\u2715", "pass": "\u2713", "inconclusive": "?"}


def metric_name(metric: Metric, cell: CheckedCell) -> str:
    """The metric in full: durations are latencies only where requests are due."""
    if metric in ("median", "p99"):
        return f"{metric} {'latency' if cell.head.cell.load.is_open else 'service time'}"
    return "CPU a request" if metric == "cpu" else metric


def headline(check: CheckSummary) -> str:
    """The verdict in a sentence."""
    if check.verdict == "pass":
        return "Nothing got slower by as much as is allowed."
    found = [cell for cell in check.cells if cell.verdict == check.verdict]
    told = _undecided(found, check) if check.verdict == "inconclusive" else _worse(found, check)
    unkept = sum(one.verdict == check.verdict for one in check.summary.requirements)
    if unkept:
        end = "not kept" if check.verdict == "regression" else "not told from the numbers"
        told.append(
            f"{unkept} requirement{'' if unkept == 1 else 's'} {'is' if unkept == 1 else 'are'} {end}"
        )
    return f"{listed(told)}." if told else "Nothing was measured that could tell."


def _worse(found: Sequence[CheckedCell], check: CheckSummary) -> list[str]:
    broken = [cell for cell in found if cell.reasons]
    slow = [cell for cell in found if not cell.reasons]
    told = [f"{_cells(slow, check)} got worse"] if slow else []
    return (
        [*told, f"{_cells(broken, check)} no longer answer{'s' if len(broken) == 1 else ''} as base does"]
        if broken
        else told
    )


def _undecided(found: Sequence[CheckedCell], check: CheckSummary) -> list[str]:
    return [f"{_cells(found, check)}: neither surely slower nor surely not"] if found else []


def told(one: MetricCheck) -> str:
    """The estimate with its interval, as the table has it: `4.8 % slower (4.3 to 5.2 %)`."""
    change = worsening_of(one)
    if change is None:
        return "too few launches to say"
    direction = direction_of(one)
    if not direction:
        low, high = (signed(each).replace("-", MINUS) for each in (change.low, change.high))
        return f"no clear change ({low} to {high}\u00a0%)"
    least, most = sorted(abs(each) * 100 for each in (change.low, change.high))
    return f"{abs(change.value) * 100:.1f}\u00a0% {direction} ({least:.1f} to {most:.1f}\u00a0%)"


def launches_on_one_side(metrics: Sequence[MetricCheck], cell: CheckedCell) -> str:
    """How many launches showed head slower: what a reader would count in the figure."""
    gated = [one for one in metrics if one.gated] or metrics
    counts = [f"{_slower(one.slow_downs)} by {metric_name(one.metric, cell)}" for one in gated]
    text = f"Launches in which head was slower: {listed(counts)}."
    repeated = [
        f"{_slower(one.confirming)} by {metric_name(one.metric, cell)}" for one in gated if one.confirming
    ]
    return f"{text} Of those that repeated it: {listed(repeated)}." if repeated else text


def alternative(headers: Sequence[tuple[str, str]]) -> str:
    """The figure for who cannot see it."""
    return "Slow-down of every launch. " + "; ".join(f"{name}: {text}" for name, text in headers) + "."


def _cells(cells: Sequence[CheckedCell], check: CheckSummary) -> str:
    """One cell by its name, several by their number."""
    return cells[0].name if len(cells) == 1 else f"{len(cells)} of {len(check.cells)} cells"


def _slower(slow_downs: Sequence[float]) -> str:
    known = [value for value in slow_downs if isfinite(value)]
    return f"{sum(value > 0 for value in known)} of {len(known)}"
