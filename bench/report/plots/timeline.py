"""The figure of merit block by block: one small panel a deployment, each around its own median."""

from itertools import groupby
from operator import itemgetter
from statistics import median
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.merits import shown
from bench.report.plots.canvas import SMALL, canvas, fits, longest, panel
from bench.report.standings import Condition
from bench.report.theme import INK, INVALID, MUTED, RULE, Style, Styles, label
from bench.report.words import percent
from bench.stats.merit import merit_of
from bench.stats.summary import CellSummary

_PANEL = 78
_NAME = 24
_LINE = 15  # by how much panels are higher where the median stands below the name
_TOP, _BOTTOM, _LEFT, _RIGHT = 22, 30, 52, 9
_LEAST_RANGE = 0.05
_NUMBER, _APART = 7, 6  # the width of a digit, and the least between two numbers


def draw_timeline(condition: Condition, styles: Styles, width: int) -> Figure:
    """How far each block lies from its cell's median; all panels share their axes."""
    cells = [cell for cell in condition.app if per_block(cell)]
    names = _LEFT - _RIGHT + 6  # what the names, which begin with the axes, have less room for
    beside = all(fits(cell.deployment.name, _median(cell), width - names) for cell in cells)
    line = 0 if beside else _LINE
    height = _TOP + _BOTTOM + (_PANEL + line) * len(cells)
    figure = canvas(width, height)
    limits = _range(cells)
    for index, cell in enumerate(cells):
        top = _TOP + index * (_PANEL + line)
        bottom = height - top - _PANEL - line + 4
        axes = panel(figure, left=_LEFT, right=_RIGHT, top=top + _NAME + line, bottom=bottom)
        _draw_cell(axes, cell, styles[cell.deployment.name] if cell.valid else INVALID, limits)
        _write(axes, 0, label(cell.deployment.name, longest(width - names)), INK, "left", line)
        _write(axes, 0 if line else 1, _median(cell), MUTED, "left" if line else "right")
        _draw_launches(axes, cell, _NAME + line + 4 if index == 0 else None)
        if index == len(cells) - 1:
            axes.set_xlabel("blocks, in time order", color=MUTED, fontsize=SMALL, loc="left", labelpad=8)
    return figure


def per_block(cell: CellSummary) -> tuple[tuple[int, float], ...]:
    """The figure of merit of each block, with its launch."""
    return merit_of(cell.cell.load).per_block(cell)


def deviations_of(cell: CellSummary) -> list[float]:
    """How far each block's figure of merit lies from the cell's median block, as a share of it."""
    middle = median(value for _, value in per_block(cell))
    return [value / middle - 1 if middle else 0.0 for _, value in per_block(cell)]


def _range(cells: list[CellSummary]) -> tuple[float, float]:
    """The range of all panels: wide enough for 99 of 100 blocks, so that one outlier flattens nothing.

    What is not valid has no say in it, and nothing is less than nothing.
    """
    valid = [cell for cell in cells if cell.valid] or cells
    found = [abs(value) for cell in valid for value in deviations_of(cell)]
    reach = max(_LEAST_RANGE, float(np.quantile(found, 0.99)) * 1.15) if found else _LEAST_RANGE
    return max(-1.0, -reach), reach


def _draw_cell(axes: Axes, cell: CellSummary, style: Style, limits: tuple[float, float]) -> None:
    deviations, (lowest, highest) = deviations_of(cell), limits
    start = 0
    for _, blocks in groupby(per_block(cell), key=itemgetter(0)):
        end = start + len(list(blocks))
        axes.plot(
            range(start, end), np.clip(deviations[start:end], lowest, highest), color=style.colour,
            linewidth=1.1, marker=style.marker, markersize=2.6, clip_on=False,
        )  # fmt: skip
        start = end
    axes.axhline(0, color=MUTED, linewidth=0.7, zorder=0)
    axes.set_xlim(-0.5, len(deviations) - 0.5)
    axes.set_ylim(lowest, highest)
    axes.set_xticks([])
    axes.set_yticks([lowest, highest], [f"\u2212{percent(-lowest)}", f"+{percent(highest)}"])


def _median(cell: CellSummary) -> str:
    middle = median(value for _, value in per_block(cell))
    unit = "" if cell.cell.load.is_open else " a second"
    return f"median {shown(cell.cell.load).write(middle)}{unit}"


def _write(axes: Axes, place: float, text: str, colour: str, side: str, line: int = 0) -> None:
    axes.annotate(
        text, (place, 1), (0, 7 + line), xycoords="axes fraction", textcoords="offset points", ha=side,
        color=colour, fontsize=12 if colour == INK else SMALL,
    )  # fmt: skip


def _draw_launches(axes: Axes, cell: CellSummary, above: float | None) -> None:
    """A line where deployments were started afresh, named this much above the axes, or nowhere."""
    launches = [launch for launch, _ in per_block(cell)]
    starts = [index for index, launch in enumerate(launches) if index == 0 or launch != launches[index - 1]]
    for start in starts:
        if start:
            axes.axvline(start - 0.5, color=RULE, linewidth=1.2, zorder=0)
    if above is not None:
        _name_launches(axes, {start: launches[start] for start in starts}, above)


def _name_launches(axes: Axes, starts: dict[int, int], above: float) -> None:
    """Number the launches over the block that each begins with, as many as there is room for."""
    style: dict[str, Any] = {
        "xycoords": axes.get_xaxis_transform(),
        "textcoords": "offset points",
        "color": MUTED,
        "fontsize": SMALL,
    }
    axes.annotate("launch", (-0.5, 1), (-_LEFT, above), **style)
    block = axes.get_window_extent().width / np.ptp(axes.get_xlim())
    free_from = 0.0
    for start, launch in starts.items():
        if start * block >= free_from:
            axes.annotate(str(launch), (start - 0.5, 1), (0, above), **style)
            free_from = start * block + _NUMBER * len(str(launch)) + _APART
