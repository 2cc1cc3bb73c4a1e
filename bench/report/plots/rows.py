"""Rows of a name, a figure in words and dots on a common axis: what several of the figures are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.plots.canvas import NARROW, SIDE, SMALL, canvas, fits, longest, panel
from bench.report.theme import INK, MUTED, PAPER, RULE, Style, label

_HEADING = 30
_NAME = 12  # from a row's top to the middle of its name
_TRACK = 20  # from its text to the middle of its dots
_BELOW = 9  # from a dot to its interval
_ROW = 54
_LINE = 17  # by how much rows are higher whose text stands below the name
_NOTE = 84  # room on the right for a note beside the furthest dot
_TOP, _BOTTOM = 4, 44


@dataclass(frozen=True)
class Dot:
    """One value on a row: with its interval, hollow where it is the floor, with a note beside it.

    Small ones let those next to them be seen.
    """

    value: float
    style: Style
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    note: str = ""
    small: bool = False


@dataclass(frozen=True)
class Row:
    """One deployment: its name, its figure in words, its dots; strong where it leads."""

    name: str
    text: str
    dots: tuple[Dot, ...]
    strong: bool = False


@dataclass(frozen=True)
class Rows:
    """Rows under a heading, without one where there is nothing to tell apart; a faint band behind them."""

    heading: str
    rows: tuple[Row, ...]
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Axis:
    """The common axis: its label, how its numbers are written, and a limit marked on it."""

    label: str
    write: Callable[[float], str]
    limit: float | None = None


def draw_rows(groups: Sequence[Rows], axis: Axis, width: int) -> Figure:
    """Every row of every group on one axis that starts at zero.

    Where names and texts do not fit beside each other, all texts stand below their names.
    """
    beside = all(fits(row.name, row.text, width) for group in groups for row in group.rows)
    line = 0 if beside else _LINE
    height = max(1, sum(_height(group, line) for group in groups))
    figure = canvas(width, height + _TOP + _BOTTOM)
    axes = panel(figure, left=SIDE, right=SIDE, top=_TOP, bottom=_BOTTOM)
    axes.set_ylim(height, 0)
    _scale(axes, groups, axis, width)
    top = 0.0
    for group in groups:
        _draw_group(axes, group, top, line, longest(width))
        top += _height(group, line)
    return figure


def _height(group: Rows, line: int) -> int:
    return (_HEADING if group.heading else 0) + (_ROW + line) * len(group.rows)


def _scale(axes: Axes, groups: Sequence[Rows], axis: Axis, width: int) -> None:
    dots = [dot for group in groups for row in group.rows for dot in row.dots]
    furthest = max((max(dot.value, dot.high or 0) for dot in dots), default=0) or 1
    furthest = max(furthest, (axis.limit or 0) / 0.9)
    noted = any(dot.note for dot in dots)
    axes.set_xlim(0, furthest * (1 + _NOTE / (width - _NOTE)) if noted else furthest * 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4 if width <= NARROW else 6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: axis.write(value)))
    axes.set_xlabel(axis.label, color=MUTED, fontsize=SMALL, loc="left", labelpad=6)
    axes.set_yticks([])
    for line in axes.get_xticks():
        axes.axvline(line, color=RULE, linewidth=0.7, zorder=0)
    if axis.limit is not None:
        axes.axvline(axis.limit, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)


def _draw_group(axes: Axes, group: Rows, top: float, line: int, most: int) -> None:
    """One group; texts stand this much below the names, which are cut after so many characters."""
    across = axes.get_yaxis_transform()
    if group.heading:
        axes.text(0, top + 12, group.heading, transform=across, color=MUTED, fontsize=SMALL, va="center")
        top += _HEADING
        axes.axhline(top - 8, color=RULE, linewidth=1)
    if group.band is not None:
        bottom = top + (_ROW + line) * len(group.rows)
        axes.fill_betweenx([top, bottom], *group.band, color=MUTED, alpha=0.16, linewidth=0, zorder=0)
    for row in group.rows:
        weight = "bold" if row.strong else "normal"
        text: dict[str, Any] = {"transform": across, "va": "center", "color": INK, "bbox": _plate()}
        axes.text(0, top + _NAME, label(row.name, most), weight=weight, **text)
        place = (1, "right") if not line else (0, "left")
        axes.text(place[0], top + _NAME + line, row.text, ha=place[1], weight=weight, **text)
        _draw_dots(axes, row, top + _NAME + line + _TRACK)
        top += _ROW + line


def _plate() -> dict[str, Any]:
    """What keeps grid lines from running through text."""
    return {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}


def _draw_dots(axes: Axes, row: Row, y: float) -> None:
    if not row.dots:
        return
    colour = row.dots[0].style.colour
    first, last = row.dots[0].value, max(dot.value for dot in row.dots)
    axes.plot([0, first], [y, y], color=colour, linewidth=3, alpha=0.35, solid_capstyle="butt")
    axes.plot([first, last], [y, y], color=colour, linewidth=1, linestyle=(0, (1, 2.5)))
    for dot in row.dots:
        _draw_dot(axes, dot, y)


def _draw_dot(axes: Axes, dot: Dot, y: float) -> None:
    colour = dot.style.colour
    face = PAPER if dot.hollow else colour
    edge = PAPER if dot.small and dot.style.marker != "x" else colour
    axes.plot(
        [dot.value], [y], dot.style.marker, markersize=9 if dot.small else 8, markerfacecolor=face,
        markeredgecolor=edge, markeredgewidth=0.8 if dot.small else 1.6, clip_on=False, zorder=4,
    )  # fmt: skip
    if dot.low is not None and dot.high is not None:
        # Below the mark, which would hide an interval narrower than itself.
        axes.plot(
            [dot.low, dot.high], [y + _BELOW, y + _BELOW], "|-", color=INK, linewidth=1.2, markersize=5,
            markeredgewidth=1.2, clip_on=False,
        )  # fmt: skip
    if dot.note:
        axes.annotate(
            dot.note, (dot.high or dot.value, y), (10, 0), textcoords="offset points", va="center_baseline",
            color=MUTED, fontsize=SMALL,
        )  # fmt: skip
