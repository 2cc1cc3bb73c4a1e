"""What a check found: for each cell, each metric of base and head, and the verdict. Types only."""

from dataclasses import dataclass

from bench.scenario.check import Metric
from bench.stats.inference.gate import Judgement, Verdict
from bench.stats.summary import CellSummary, Interval, Reason, Summary

LESS_IS_BETTER: dict[Metric, bool] = {
    "goodput": False, "cpu": True, "median": True, "p99": True, "memory": True,
}  # fmt: skip


@dataclass(frozen=True)
class MetricCheck:
    """One metric of one cell, in base and head.

    `base` and `head` are typical values: goodput in verified responses a second, cpu in nanoseconds of CPU
    time a response, median and p99 in nanoseconds, memory in bytes; None where not measured. Against a
    baseline that of base is reckoned: what it would be beside today's reference. `ratio` is head
    as a multiple of base with its 95 % interval. `slow_downs` has one log-ratio a launch, above 0 where head
    is worse, nan where the launch has none: first those looked at, then in `confirming` those of the launches
    that repeated a regression. `allow` is the slow-down that is allowed, a fraction. Without a verdict the
    metric is reported and not gated; `judgement` is that of the looks, `confirmation` that of the repetition
    once it is complete.
    """

    metric: Metric
    base: float | None
    head: float | None
    ratio: Interval | None
    slow_downs: tuple[float, ...]
    confirming: tuple[float, ...]
    allow: float
    judgement: Judgement | None = None
    confirmation: Judgement | None = None
    verdict: Verdict | None = None

    @property
    def gated(self) -> bool:
        """Whether it takes part in the verdict."""
        return self.verdict is not None


@dataclass(frozen=True)
class CheckedCell:
    """One cell of a check: base and head under the same server, request and load.

    Against a baseline the cell of base is that of the reference, which was measured beside head.
    `reasons` say what is wrong with head alone, such as errors or another body: a head that is wrong is
    never a faster one. `why` is one sentence behind the verdict, for people.
    """

    base: CellSummary
    head: CellSummary
    metrics: tuple[MetricCheck, ...]
    reasons: tuple[Reason, ...]
    verdict: Verdict
    why: str

    @property
    def decisive(self) -> tuple[Reason, ...]:
        """The reasons that `why` names; none where figures decided. Of a head that is broken only those."""
        return self.reasons if self.verdict == "regression" else (*self.base.reasons, *self.reasons)

    @property
    def server(self) -> str:
        """The name of the server's deployment, as the scenario gives it."""
        return self.head.deployment.name

    @property
    def name(self) -> str:
        """What it is called wherever it is listed: `gunicorn, GET /json, 16 connections`."""
        load = self.head.cell.load
        request = self.head.cell.request
        return f"{self.server}, {load.label if request == load.locustfile else f'{request}, {load.label}'}"


@dataclass(frozen=True)
class CheckSummary:
    """A whole check: red where any cell is, else undecided where any is, else passed."""

    summary: Summary
    cells: tuple[CheckedCell, ...]
    verdict: Verdict
    notes: tuple[str, ...] = ()
