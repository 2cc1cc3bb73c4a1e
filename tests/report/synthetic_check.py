"""Checks that never took place, with realistic numbers, to show to people."""

from dataclasses import replace
from functools import lru_cache
from math import exp, inf, log, nan

import numpy as np

from bench.results.model import Measurements
from bench.scenario.check import METRICS, Metric
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.inference.gate import Judgement, Verdict
from bench.stats.summarise import summarise
from bench.stats.summary import CellSummary, Interval, Reason, Summary
from tests.stats.synthetic import Part, with_run
from tests.stats.synthetic_check import check_run

Checked = tuple[CheckSummary, Measurements]

SCENARIO = {"app": "apps.flask_app:app"}
LOOKED, REPEATED = 24, 10
BASE, HEAD = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
SEARCH, LIST, OPEN = Part("gunicorn", request="GET /search"), Part("uwsgi"), Part("uwsgi", rate=500.0)
WHY_RED = (
    "goodput 4.8 % lower; CPU time a request 5.1 % higher; median 5.0 % longer; "
    "confirmed by 10 fresh launches."
)
WHY_OPEN = "median 1.9 % longer, at most 7.4 % longer; 5 % are allowed; 6.2 % would have been seen."
WHY_PASS = "goodput: less than 0.9 % lower; CPU time a request: less than 1.1 % higher."
BROKEN = Reason(
    "errors", "0.8 % of the answers were errors: 71 times the status was 500", "Look into the server's log."
)
TYPICAL: dict[Metric, float] = {
    "goodput": 2612.0, "cpu": 381_400.0, "median": 6_080_000.0, "p99": 9_730_000.0, "memory": 92_800_000.0,
}  # fmt: skip
SPREAD: dict[Metric, float] = {
    "goodput": 0.012, "cpu": 0.008, "median": 0.013, "p99": 0.06, "memory": 0.002,
}  # fmt: skip


@lru_cache(maxsize=1)
def measured() -> Measurements:
    """Three cells of base and head; what they measured is not what the checks below say."""
    parts = [(part, part) for part in (SEARCH, LIST, OPEN)]
    made = check_run(*parts, launches=LOOKED, confirming=REPEATED)
    assert made.run.check is not None
    compared = made.run.check.model_copy(
        update={"base": BASE, "head": HEAD, "changed": True, "dependencies": ("requirements.txt",)}
    )
    return with_run(
        made, check=compared, id="20251121-081200-check", scenario_file="bench/check.yaml", scenario=SCENARIO
    )


def red() -> Checked:
    """One cell slower and confirmed, one that cannot be told, one that passed."""
    slow = _cell(0, "regression", WHY_RED, by=0.05, repeated=REPEATED)
    undecided = _cell(1, "inconclusive", WHY_OPEN, by=0.019, wider=3.0)
    return _checked("regression", slow, undecided, _cell(2, "pass", WHY_PASS))


def passed() -> Checked:
    """Every cell as fast as it was, one metric that does not decide a little worse."""
    note = "uwsgi, GET /json, 16 connections: p99 11.0 % longer. It does not decide here."
    cells = (_cell(0, "pass", WHY_PASS), _cell(1, "pass", WHY_PASS))
    check, measurements = _checked("pass", *cells)
    return replace(check, notes=(note,)), measurements


def undecided() -> Checked:
    """A check that ended before it could tell."""
    return _checked("inconclusive", _cell(1, "inconclusive", WHY_OPEN, by=0.019, wider=3.0))


def broken() -> Checked:
    """A head that answers with errors, one that answers nothing at all, and numbers that are none."""
    wrong = replace(_cell(0, "regression", f"head: {BROKEN.what}.", by=-0.3, judged=False), reasons=(BROKEN,))
    dead = _cell(1, "regression", "head: the server died.", judged=False)
    head = replace(dead.head, reasons=(Reason("died", "the server died", "Look into its log."),))
    metrics = tuple(replace(one, head=None, ratio=None, slow_downs=(nan,) * LOOKED) for one in dead.metrics)
    nothing = replace(dead, head=head, metrics=metrics, reasons=head.reasons)
    return _checked("regression", wrong, nothing)


def _checked(verdict: Verdict, *cells: CheckedCell) -> Checked:
    return CheckSummary(replace(_summary(), warnings=()), cells, verdict), measured()


@lru_cache(maxsize=1)
def _summary() -> Summary:
    return summarise(measured())


def _pair(place: int) -> tuple[CellSummary, CellSummary]:
    cells = _summary().cells
    return cells[2 * place], cells[2 * place + 1]


def _cell(
    place: int,
    verdict: Verdict,
    why: str,
    *,
    by: float = 0.0,
    wider: float = 1.0,
    repeated: int = 0,
    judged: bool = True,
) -> CheckedCell:
    """A cell whose head is slower by this fraction in all that decides."""
    base, head = _pair(place)
    generator = np.random.default_rng(place)
    metrics = tuple(_metric(metric, verdict, by, wider, repeated, judged, generator) for metric in METRICS)
    return CheckedCell(base, head, metrics, (), verdict, why)


def _metric(
    metric: Metric,
    verdict: Verdict,
    by: float,
    wider: float,
    repeated: int,
    judged: bool,
    generator: np.random.Generator,
) -> MetricCheck:
    spread, gated = SPREAD[metric] * wider, metric in ("goodput", "cpu", "median")
    slow = log(1 + (by if gated else by / 5))
    slow_downs, confirming = (
        tuple(map(float, generator.normal(slow, spread, count))) for count in (LOOKED, repeated)
    )
    half = 2.2 * spread / (LOOKED + repeated) ** 0.5
    sign = -1 if metric == "goodput" else 1
    low, high = sorted((exp(sign * (slow - half)), exp(sign * (slow + half))))
    return MetricCheck(
        metric=metric,
        base=TYPICAL[metric],
        head=TYPICAL[metric] * exp(sign * slow),
        ratio=Interval(exp(sign * slow), low, high),
        slow_downs=(nan, *slow_downs[1:]),
        confirming=confirming,
        allow=0.05,
        judgement=_judgement(verdict, by, judged),
        confirmation=Judgement("regression", repeated, by, by + 0.01, 0.001, None) if repeated else None,
        verdict=(verdict if judged else "inconclusive") if gated else None,
    )


def _judgement(verdict: Verdict, by: float, judged: bool) -> Judgement:
    if not judged:
        return Judgement("inconclusive", 0, nan, inf, 1.0, None)
    detectable = 0.062 if verdict == "inconclusive" else None
    return Judgement(verdict, LOOKED - 1, by, by + 0.009, 0.0004 if by > 0.02 else 0.3, detectable)
