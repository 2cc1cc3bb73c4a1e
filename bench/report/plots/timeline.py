"""The figure of merit block by block: one small panel a deployment, each around its own median."""

from itertools import groupby
from operator import itemgetter
from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.merits import shown
from bench.report.plots.canvas import SMALL, canvas, panel
from bench.report.standings import Condition
from bench.report.theme import INK, INVALID, MUTED, RULE, Style, Styles, label
from bench.report.words import percent
from bench.stats.merit import merit_of
from bench.stats.summary import CellSummary

_PANEL = 78
_NAME = 24
_TOP, _BOTTOM, _LEFT, _RIGHT = 22, 30, 46, 9
_LEAST_RANGE = 0.05


def draw_timeline(condition: Condition, styles: Styles, width: int) -> Figure:
    """How far each block lies from its cell's median; all panels share their axes."""
    cells = [cell for cell in condition.app if per_block(cell)]
    height = _TOP + _BOTTOM + _PANEL * len(cells)
    figure = canvas(width, height)
    reach = _reach(cells)
    for index, cell in enumerate(cells):
        top = _TOP + index * _PANEL
        axes = panel(figure, left=_LEFT, right=_RIGHT, top=top + _NAME, bottom=height - top - _PANEL + 4)
        _draw_cell(axes, cell, styles[cell.deployment.name] if cell.valid else INVALID, reach)
        _draw_launches(axes, cell, named=index == 0)
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


def _reach(cells: list[CellSummary]) -> float:
    """The range of all panels: wide enough for 99 of 100 blocks, so that one outlier flattens nothing."""
    found = [abs(value) for cell in cells for value in deviations_of(cell)]
    return max(_LEAST_RANGE, float(np.quantile(found, 0.99)) * 1.15) if found else _LEAST_RANGE


def _draw_cell(axes: Axes, cell: CellSummary, style: Style, reach: float) -> None:
    deviations = deviations_of(cell)
    start = 0
    for _, blocks in groupby(per_block(cell), key=itemgetter(0)):
        end = start + len(list(blocks))
        axes.plot(
            range(start, end), np.clip(deviations[start:end], -reach, reach), color=style.colour,
            linewidth=1.1, marker=style.marker, markersize=2.6, clip_on=False,
        )  # fmt: skip
        start = end
    axes.axhline(0, color=MUTED, linewidth=0.7, zorder=0)
    axes.set_xlim(-0.5, len(deviations) - 0.5)
    axes.set_ylim(-reach, reach)
    axes.set_xticks([])
    axes.set_yticks([-reach, reach], [f"\u2212{percent(reach)}", f"+{percent(reach)}"])
    middle = median(value for _, value in per_block(cell))
    unit = "" if cell.cell.load.is_open else " a second"
    _write(axes, 0, label(cell.deployment.name), INK, "left")
    _write(axes, 1, f"median {shown(cell.cell.load).write(middle)}{unit}", MUTED, "right")


def _write(axes: Axes, place: float, text: str, colour: str, side: str) -> None:
    axes.annotate(
        text, (place, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", ha=side, color=colour,
        fontsize=12 if place == 0 else SMALL,
    )  # fmt: skip


def _draw_launches(axes: Axes, cell: CellSummary, *, named: bool) -> None:
    launches = [launch for launch, _ in per_block(cell)]
    starts = [index for index, launch in enumerate(launches) if index == 0 or launch != launches[index - 1]]
    for start in starts:
        if start:
            axes.axvline(start - 0.5, color=RULE, linewidth=1.2, zorder=0)
        if named and len(starts) <= 8:
            axes.annotate(
                f"launch {launches[start]}", (start - 0.5, 1), (0, _NAME + 4), textcoords="offset points",
                xycoords=axes.get_xaxis_transform(), color=MUTED, fontsize=SMALL,
            )  # fmt: skip
