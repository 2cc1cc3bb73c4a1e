"""Whether a run knows its comparisons well enough to end: looked at after each launch, by width alone.

The rule sees how wide intervals are and how far apart the cells, and the same data give the same decision
again. Why it may look so often, and what that costs: docs/decisions/0011-stop-on-precision.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log

from bench.results.model import Run
from bench.scenario.model import LAUNCHES_BEFORE_ENOUGH
from bench.scenario.part import parse_precision
from bench.stats.caveats import label
from bench.stats.merit import merit_of
from bench.stats.summary import Interval, Summary
from bench.units import NS_PER_S, format_duration

FAR = 0.1
"""A cell whose whole interval is this far from the best's is not going to be the best."""
LISTED = 3


@dataclass(frozen=True)
class Precision:
    """How well a run knows its comparisons.

    `widths` has half of every interval that counts, by cell (id), as a share; inf where there is none yet.
    `settled` are the cells (ids) that need less of the time from now on. `enough` ends the run.
    """

    widths: dict[str, float]
    settled: tuple[str, ...]
    enough: bool

    @property
    def widest(self) -> float | None:
        """Half the widest interval as a share; None where one is not known yet, or nothing is compared."""
        widest = max(self.widths.values(), default=inf)
        return None if widest == inf else widest


def asked_precision(run: Run) -> float | None:
    """How well the run was to know its comparisons, as a share; None where it was to last a fixed time."""
    until = run.scenario.get("measure", {}).get("until")
    return None if until is None else parse_precision(until)


def launches_measured(summary: Summary) -> int:
    """How many launches have blocks in them."""
    return len({launch for cell in summary.cells for launch, _ in cell.goodput_per_block})


def decide(summary: Summary, until: float) -> Precision:
    """What to do next, from everything measured so far: enough is when all intervals are narrow enough.

    Where nothing is compared, the cells' own figures count instead.
    """
    widths = _widths(summary)
    precise = {cell for cell in _from_enough_launches(summary) if widths.get(cell, 0.0) <= until}
    settled = {cell for group in summary.ranking for cell in _settled_of(group, precise, _beaten(summary))}
    return Precision(
        widths=widths,
        settled=(*sorted(settled), *_twins_of(settled, summary.run)),
        enough=bool(widths) and widths.keys() <= precise,
    )


def about_precision(summary: Summary) -> Iterator[str]:
    """Whether the precision that was asked for was reached, and when; or what is still wider."""
    until = asked_precision(summary.run)
    if until is None:
        return
    decision, after = decide(summary, until), _after(summary)
    what = "comparison" if any(len(group) > 1 for group in summary.ranking) else "figure"
    if decision.enough:
        yield f"Every {what} is known to {_shown(until)} or better, as was asked for: {after}."
        return
    wide = {cell: width for cell, width in decision.widths.items() if width > until}
    why = _listed(summary, wide) if wide else f"it takes {LAUNCHES_BEFORE_ENOUGH} launches"
    if not decision.widths:
        why = "no cell is valid"
    remedy = " Measure longer." if wide and summary.run.status == "complete" else ""
    yield f"Not every {what} is known to {_shown(until)}, as was asked for, {after}: {why}.{remedy}"


def _widths(summary: Summary) -> dict[str, float]:
    """Half of every interval that counts, by cell."""
    known = {one.cell: _half_width(one.ratio) for one in summary.comparisons}
    widths = {cell: known.get(cell, inf) for group in summary.ranking for cell in group[1:]}
    if widths:
        return widths
    figures = {cell.cell.id: merit_of(cell.cell.load).of_cell(cell) for cell in summary.cells if cell.valid}
    return {cell: _half_width(figure) for cell, figure in figures.items() if figure}


def _half_width(interval: Interval) -> float:
    """Half the width by logarithms, so that a ratio and its inverse agree."""
    return log(interval.high / interval.low) / 2 if interval.low > 0 else inf


def _from_enough_launches(summary: Summary) -> set[str]:
    """The cells that have been measured in so many launches that an interval may end a run."""
    launches = {one.cell.id: {launch for launch, _ in one.goodput_per_block} for one in summary.cells}
    return {cell for cell, seen in launches.items() if len(seen) >= LAUNCHES_BEFORE_ENOUGH}


def _beaten(summary: Summary) -> set[str]:
    """The cells that are far behind the best of their group."""
    return {
        one.cell
        for one in summary.comparisons
        if one.verdict == "slower" and (one.ratio.high < 1 / (1 + FAR) or one.ratio.low > 1 + FAR)
    }


def _settled_of(group: Sequence[str], precise: set[str], beaten: set[str]) -> set[str]:
    """Of a group, the cells that need less of the time from now on: all of it, or those far behind.

    Who may yet be best is measured as long as the best is: goodput is an average over the whole run, and on
    a machine that slows down, a cell measured mostly at its beginning would look better than it is.
    """
    return set(group) if precise.issuperset(group) else precise & beaten & set(group)


def _twins_of(settled: set[str], run: Run) -> list[str]:
    """The cells that repeat a settled one to measure the run's noise."""
    repeats = {one.id: one.twin_of for one in run.deployments}
    work = {(one.deployment, one.request, one.load) for one in run.cells if one.id in settled}
    return [one.id for one in run.cells if (repeats[one.deployment], one.request, one.load) in work]


def _after(summary: Summary) -> str:
    """How much was measured: `after 7 of at most 24 launches in 1 min 35 s`."""
    run = summary.run
    told = f"after {launches_measured(summary)} of at most {run.scenario['measure']['launches']} launches"
    if run.finished_at is None:
        return told
    wall_s = (run.finished_at - run.started_at).total_seconds()
    return f"{told} in {format_duration(wall_s * NS_PER_S)}"


def _listed(summary: Summary, wide: dict[str, float]) -> str:
    """The cells with the widest intervals, and how many more there are."""
    labels = {cell.cell.id: label(cell) for cell in summary.cells}
    widest = sorted(wide, key=lambda cell: (-wide[cell], cell))
    shown = [f"{labels[cell]} {_shown_width(wide[cell])}" for cell in widest[:LISTED]]
    more = [f"and {len(wide) - LISTED} more"] if len(wide) > LISTED else []
    return "; ".join([*shown, *more])


def _shown_width(width: float) -> str:
    return "is not known yet" if width == inf else f"is at +-{100 * width:.1f} %"


def _shown(until: float) -> str:
    return f"+-{100 * until:.3g} %"
