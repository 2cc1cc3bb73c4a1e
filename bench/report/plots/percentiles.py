"""Percentiles of latency or of service time on an axis of nines: every further nine takes the same room."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.histogram import Histogram
from bench.report.plots.canvas import NARROW, SMALL, canvas, held, longest, panel, spread
from bench.report.standings import Condition
from bench.report.theme import INK, INVALID, MUTED, RULE, Style, Styles, label
from bench.stats.summary import CellSummary
from bench.units import NS_PER_MS

BEYOND = 10  # responses that must lie beyond a percentile for it to be shown

_POINTS = 160
_MARKED = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
_STEPS = tuple(step * 10.0**power for power in range(-3, 6) for step in (1, 2, 5))
_LABEL_GAP = 17
_TOP, _BOTTOM, _SIDE = 26, 46, 12
_KEY = 14  # between the axis and the names below it
_CHARACTER = 7.0
_LONGEST_BESIDE, _LONGEST = 14, 40  # characters of a name at the end of its line: narrow, wide
_MOST_BESIDE = 304


@dataclass(frozen=True)
class Line:
    """One deployment's percentiles: nines (-log10 of the share beyond) and milliseconds."""

    name: str
    style: Style
    dashed: bool
    nines: tuple[float, ...]
    milliseconds: tuple[float, ...]
    marked: tuple[int, ...]


def supports(total: int, share: float) -> bool:
    """Whether this many durations are enough to speak of the quantile."""
    return total * (1 - share) >= BEYOND - 1e-9


def lines_of(condition: Condition, styles: Styles) -> tuple[Line, ...]:
    """The lines of the app's cells, as far as the number of responses allows each."""
    return tuple(_line(cell, styles) for cell in condition.app if supports(cell.histogram.total, 0.5))


def draw_percentiles(lines: tuple[Line, ...], what: str, width: int) -> Figure:
    """One line a deployment, named at its end, with its marker at each percentile people ask for.

    `what` names the durations on their axis.
    """
    narrow = width <= NARROW
    names = max((len(line.name) for line in lines), default=0)
    below = narrow and names > _LONGEST_BESIDE  # no room for both the lines and their names
    key = _KEY + _LABEL_GAP * len(lines) if below else 0
    height = max(300 if narrow else 360, 0 if below else _LABEL_GAP * len(lines) + _TOP + _BOTTOM) + key
    figure = canvas(width, height)
    right = _SIDE if below else min(_MOST_BESIDE, max(104 if narrow else 150, round(_CHARACTER * names) + 24))
    axes = panel(figure, left=42, right=right, top=_TOP, bottom=_BOTTOM + key)
    nines = max((line.nines[-1] for line in lines), default=1)
    for line in lines:
        axes.plot(
            line.nines, line.milliseconds, color=line.style.colour, linewidth=1.8, marker=line.style.marker,
            markevery=list(line.marked), markersize=6, linestyle="--" if line.dashed else "-",
        )  # fmt: skip
    axes.set_xlim(0, nines)
    _scale_durations(axes, lines, what)
    _scale_percentiles(axes, nines, narrow)
    if below:
        _name_below(axes, lines, height - key - _TOP - _BOTTOM, longest(width))
    else:
        _name_lines(axes, lines, height - _TOP - _BOTTOM, _LONGEST_BESIDE if narrow else _LONGEST)
    return figure


def _line(cell: CellSummary, styles: Styles) -> Line:
    end = math.log10(cell.histogram.total / BEYOND)
    marked = [-math.log10(1 - share) for share in _MARKED if supports(cell.histogram.total, share)]
    nines = sorted({*np.linspace(0, end, _POINTS).tolist(), *marked})
    return Line(
        name=cell.deployment.name,
        style=styles[cell.deployment.name] if cell.valid else INVALID,
        dashed=not cell.valid,
        nines=tuple(nines),
        milliseconds=tuple(_milliseconds(cell.histogram, place) for place in nines),
        marked=tuple(nines.index(place) for place in marked),
    )


def _milliseconds(histogram: Histogram, nines: float) -> float:
    return histogram.quantile_ns(1 - 10**-nines) / NS_PER_MS


def _scale_durations(axes: Axes, lines: tuple[Line, ...], what: str) -> None:
    # From the tenth of the answers that came first: the few before would take half of the height.
    shown = [
        value
        for line in lines
        for nines, value in zip(line.nines, line.milliseconds, strict=True)
        if nines >= -math.log10(0.9)
    ] or [1.0]
    low = min(shown) * 0.85
    axes.set_yscale("log")
    axes.set_ylim(low, max(shown) * 1.05)
    axes.yaxis.set_major_locator(FixedLocator([step for step in _STEPS if low <= step <= max(shown)]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.text(
        0,
        1,
        f"{what}, ms",
        transform=axes.transAxes,
        ha="left",
        va="bottom",
        color=MUTED,
        fontsize=SMALL,
    )


def _scale_percentiles(axes: Axes, nines: float, narrow: bool) -> None:
    shares = [share for share in (0.0, *_MARKED) if -math.log10(1 - share) <= nines]
    axes.set_xticks([-math.log10(1 - share) for share in shares], [f"{share * 100:.5g}" for share in shares])
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    text = "percentile" if narrow else "percentile (each nine takes the same room)"
    axes.set_xlabel(text, color=MUTED, fontsize=SMALL, loc="left", labelpad=6)


def _name_below(axes: Axes, lines: tuple[Line, ...], height: float, most: int) -> None:
    """Write the names below each other under the axis, in the order in which the lines end."""
    for index, line in enumerate(sorted(lines, key=lambda line: -line.milliseconds[-1])):
        place = -(_BOTTOM + _KEY + _LABEL_GAP * index) / height
        axes.plot(
            [0, 12 / _axes_width(axes)], [place, place], color=line.style.colour, transform=axes.transAxes,
            linewidth=1.8, marker=line.style.marker, markevery=[1], markersize=6, clip_on=False,
            linestyle="--" if line.dashed else "-",
        )  # fmt: skip
        axes.annotate(
            label(line.name, most - 4), (0, place), (22, 0), xycoords="axes fraction",
            textcoords="offset points", va="center_baseline", color=INK,
        )  # fmt: skip


def _name_lines(axes: Axes, lines: tuple[Line, ...], height: float, most: int) -> None:
    """Write each name at the end of its line; moved apart where lines end together."""
    low, high = (math.log10(bound) for bound in axes.get_ylim())
    nines = axes.get_xlim()[1]
    ends = [(math.log10(line.milliseconds[-1]) - low) / (high - low) * height for line in lines]
    places = held(spread(ends, _LABEL_GAP), _LABEL_GAP, height)
    for line, end, place in zip(lines, ends, places, strict=True):
        axes.annotate(
            label(line.name, most), (1, place / height), (20, 0), xycoords="axes fraction",
            textcoords="offset points", va="center_baseline", color=INK,
        )  # fmt: skip
        start = (line.nines[-1] / nines, end / height)
        axes.plot(
            [start[0], 1 + 11 / _axes_width(axes)], [start[1], place / height], color=line.style.colour,
            transform=axes.transAxes, linewidth=0.8, linestyle=(0, (1, 2)), marker=line.style.marker,
            markevery=[1], markersize=6, clip_on=False,
        )  # fmt: skip


def _axes_width(axes: Axes) -> float:
    return float(axes.get_window_extent().width)
