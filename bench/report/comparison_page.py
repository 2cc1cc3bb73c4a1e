"""The page of two runs side by side: one file, which needs no network and follows the reader's theme."""

from collections import Counter
from dataclasses import dataclass
from math import log

from bench.report.frame import rendered
from bench.report.tables import machine_of
from bench.report.words import moment
from bench.stats.two_runs.comparison import ComparedCell, ComparedMetric, TwoRuns
from bench.stats.two_runs.words import (
    WORKED_OUT,
    about,
    heading,
    ratio,
    ratio_heading,
    value,
    verdict,
    warnings,
)

WIDTH = 200
_MARGIN = 6
_NARROWEST = log(1.05)  # an axis that shows less would make noise look like news


@dataclass(frozen=True)
class Plot:
    """An interval on a track: where it begins, has its middle and ends, and where 1 is; in CSS pixels."""

    low: float
    middle: float
    high: float
    one: float


@dataclass(frozen=True)
class Row:
    """One metric of a cell, as its table has it."""

    name: str
    first: str
    second: str
    ratio: str
    plot: Plot | None
    verdict: str
    tone: str


@dataclass(frozen=True)
class Section:
    """One cell."""

    title: str
    about: str
    ratio_heading: str
    rows: tuple[Row, ...]
    reasons: tuple[str, ...]


def render_comparison(two: TwoRuns) -> bytes:
    """The page as one HTML file, UTF-8; the same runs give the same bytes."""
    return rendered("comparison.html.j2", _content(two), ("report.css", "comparison.css"))


def headline(two: TwoRuns) -> str:
    """In how many figures B is worse, in how many better, in a sentence."""
    if not two.cells:
        return "The two runs have no cell in common, so there is nothing to compare."
    judged = [one for cell in two.cells if cell.valid for one in cell.metrics if one.verdict]
    if not judged:
        return "None of the figures that both runs have can be compared."
    found = Counter(one.verdict for one in judged)
    text = (
        f"Of {len(judged)} figures that both runs have, B is worse in {found['worse']}, "
        f"better in {found['better']}, and ties in {found['tie']}."
    )
    unsure = [not one.machine_cancels for one in judged if one.metric != "memory"]
    if not any(unsure):
        return text
    return (
        f"{text} How fast the machine was in each run is part of {'all' if all(unsure) else 'some'} of that."
    )


def _content(two: TwoRuns) -> dict[str, object]:
    return {
        "width": WIDTH,
        "headline": headline(two),
        "runs": [
            {
                "letter": letter,
                "run": run,
                "started": moment(run.started_at),
                "launches": launches,
                "processor": machine_of(run.machine)["Processor"],
            }
            for letter, run, launches in zip("AB", (two.first, two.second), two.launches, strict=True)
        ],
        "warnings": list(warnings(two)),
        "differences": two.differences,
        "sections": [_section(cell) for cell in two.cells],
        "only": [
            {"letter": letter, "names": names}
            for letter, names in zip("AB", (two.only_first, two.only_second), strict=True)
            if names
        ],
        "worked_out": WORKED_OUT,
    }


def _section(cell: ComparedCell) -> Section:
    reach = _reach(cell)
    return Section(
        title=cell.name,
        about=about(cell),
        ratio_heading=ratio_heading(cell),
        rows=tuple(_row(cell, one, reach) for one in cell.metrics),
        reasons=cell.reasons,
    )


def _row(cell: ComparedCell, one: ComparedMetric, reach: float) -> Row:
    return Row(
        name=heading(cell, one),
        first=value(one, one.first),
        second=value(one, one.second),
        ratio=ratio(one.ratio),
        plot=_plot(one, reach),
        verdict=verdict(cell, one),
        # What the machine may have done is not painted as good or bad.
        tone=one.verdict if one.verdict and one.machine_cancels else "tie",
    )


def _reach(cell: ComparedCell) -> float:
    """How far from 1 the cell's axis goes, as a logarithm; very wide intervals leave it."""
    known = [one.ratio for one in cell.metrics if one.ratio is not None]
    furthest = [abs(log(end)) for each in known for end in (each.low, each.high) if end > 0]
    return min(max([*furthest, _NARROWEST]), log(4))


def _plot(one: ComparedMetric, reach: float) -> Plot | None:
    if one.ratio is None:
        return None
    low, middle, high = (_place(end, reach) for end in (one.ratio.low, one.ratio.value, one.ratio.high))
    return Plot(low, middle, high, _place(1.0, reach))


def _place(multiple: float, reach: float) -> float:
    """Where a ratio lies on the track, 1 in its middle; what is beyond the axis stands at its end."""
    share = log(multiple) / reach if multiple > 0 else -1.0
    return round(WIDTH / 2 + max(-1.0, min(1.0, share)) * (WIDTH / 2 - _MARGIN), 1)
