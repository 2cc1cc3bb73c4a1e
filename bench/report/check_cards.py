"""What the page of a check shows of each cell: its metrics, what every launch said, and what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from bench.report.check_words import MINUS, alternative, launches_on_one_side, metric_name, told
from bench.report.figures import PageFigure, both_widths
from bench.report.notices import Notice, point_of
from bench.report.plots.slow_downs import draw_slow_downs
from bench.report.tables import NOTHING
from bench.report.words import percent
from bench.stats.checks.changes import (
    allowed,
    beside,
    change_of,
    comparable,
    direction_of,
    interval_of,
    name_of,
    share_of_base,
    shares_of_base,
    value_of,
)
from bench.stats.checks.summary import CheckedCell, MetricCheck
from bench.stats.inference.gate import Judgement, Verdict

READING = (
    "Dots: launches, each one fresh start of {beside} and head. Up is worse: less goodput, or more "
    "time or memory, as a share of base. Dashed: what is allowed; dotted: below it nothing is a "
    "regression. Square, bar and band: the estimate of all launches with its 95\u00a0% interval. Launches "
    "beyond the scale are drawn at its edge."
)
_REPEATED = " Hollow diamonds: launches that repeated a regression."


@dataclass(frozen=True)
class MetricRow:
    """One metric of a cell as its table shows it: what it was, what it became, and what came of that."""

    name: str
    base: str
    head: str
    change: str
    interval: str
    verdict: Verdict | None
    word: str
    below: str


@dataclass(frozen=True)
class LaunchRow:
    """One launch: its number among all, whether it repeated a regression, a slow-down by metric."""

    number: int
    repeated: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One cell of a check; `anchor` is unique in the page."""

    anchor: str
    name: str
    verdict: Verdict
    why: str
    wrong: tuple[Notice, ...]
    rows: tuple[MetricRow, ...]
    figure: PageFigure | None
    metrics: tuple[str, ...]
    launches: tuple[LaunchRow, ...]


def cards_of(cells: Sequence[CheckedCell]) -> tuple[Card, ...]:
    """A card for each cell, in the order of the check."""
    return tuple(_card(cell, f"cell-{number}") for number, cell in enumerate(cells, 1))


def _card(cell: CheckedCell, anchor: str) -> Card:
    return Card(
        anchor=anchor,
        name=cell.name,
        verdict=cell.verdict,
        why=cell.why.replace(" %", "\u00a0%"),
        wrong=tuple(_wrong(cell)),
        rows=tuple(_row(one, cell) for one in cell.metrics),
        figure=_figure(cell, anchor),
        metrics=tuple(metric_name(one.metric, cell) for one in cell.metrics),
        launches=tuple(_launches(cell.metrics)),
    )


def _wrong(cell: CheckedCell) -> list[Notice]:
    """What speaks against head, then what speaks against what was measured beside it."""
    of_head = "is not right" if cell.verdict == "regression" else "cannot be judged"
    found = (
        (f"Head {of_head}", cell.reasons or cell.head.reasons),
        (f"{beside(cell).capitalize()} cannot be compared with", cell.base.reasons),
    )
    return [Notice(about, tuple(map(point_of, reasons))) for about, reasons in found if reasons]


def _row(one: MetricCheck, cell: CheckedCell) -> MetricRow:
    """A change is shown of numbers that may be compared: what is wrong is never a faster one."""
    compares = comparable(cell)
    change = f"{change_of(one)} {direction_of(one)}".strip() if compares and one.ratio else NOTHING
    return MetricRow(
        name=metric_name(one.metric, cell),
        base=_value(one, one.base),
        head=_value(one, one.head),
        change=_figures(change),
        interval=_figures(interval_of(one)) if compares and one.ratio else "",
        verdict=one.verdict if compares else None,
        word=(one.verdict if compares else "not valid") if one.verdict else "not gated",
        below=_below(one) if one.gated and compares else "",
    )


def _value(one: MetricCheck, value: float | None) -> str:
    return NOTHING if value is None else _figures(value_of(one.metric, value))


def _figures(text: str) -> str:
    """Numbers with a real minus, and no line break before a unit."""
    return text.replace("-", MINUS).replace(" %", "\u00a0%")


def _below(one: MetricCheck) -> str:
    """What stands below the verdict: what is allowed, and how close it was."""
    return "; ".join(filter(None, (_figures(f"{allowed(one)} allowed"), _certainty(one, one.judgement))))


def _certainty(one: MetricCheck, judgement: Judgement | None) -> str:
    if one.verdict == "regression" and one.confirmation is not None:
        return f"confirmed by {one.confirmation.pairs} fresh launches"
    if judgement is None or not judgement.pairs:
        return ""
    if one.verdict == "pass":
        at_most = share_of_base(one.metric, judgement.at_most)
        return "surely not worse" if at_most <= 0 else f"surely below {percent(at_most, 1)}"
    if judgement.verdict == "regression":
        return f"worse at first, not {'confirmed' if one.confirming else 'repeated'}"
    if judgement.detectable is not None:
        return f"{percent(share_of_base(one.metric, judgement.detectable), 1)} would have been seen"
    return ""


def _figure(cell: CheckedCell, anchor: str) -> PageFigure | None:
    """Every launch of every metric; none where nothing may be compared."""
    shown = [one for one in cell.metrics if any(map(isfinite, (*one.slow_downs, *one.confirming)))]
    if not shown or not comparable(cell):
        return None
    headers = [(_header(one), told(one)) for one in shown]
    repeated = any(one.confirming for one in shown)
    return both_widths(
        lambda width: draw_slow_downs(shown, headers, width),
        f"slow-downs-{anchor}",
        launches_on_one_side(shown, cell),
        READING.format(beside=beside(cell)) + (_REPEATED if repeated else ""),
        alternative(headers),
    )


def _header(one: MetricCheck) -> str:
    name = name_of(one.metric)
    return name if one.gated else f"{name}, not gated"


def _launches(metrics: Sequence[MetricCheck]) -> list[LaunchRow]:
    looked = [shares_of_base(one.metric, one.slow_downs) for one in metrics]
    repeated = [shares_of_base(one.metric, one.confirming) for one in metrics]
    first = [*zip(*looked, strict=True)]
    rows = [(False, values) for values in first] + [(True, values) for values in zip(*repeated, strict=True)]
    return [
        LaunchRow(number, again, tuple(_slow_down(value) for value in values))
        for number, (again, values) in enumerate(rows, 1)
    ]


def _slow_down(value: float) -> str:
    return f"{value * 100:+.2f}".replace("-", MINUS) if isfinite(value) else NOTHING
