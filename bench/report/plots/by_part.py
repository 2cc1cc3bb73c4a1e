"""The CPU time of a request by part: what the proxy takes, and what the servers behind it take."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.report.plots.canvas import NARROW, SIDE, SMALL, canvas, longest, panel
from bench.report.plots.split import draw_key
from bench.report.standings import Condition
from bench.report.theme import INK, INVALID, MUTED, PAPER, RULE, Styles, label
from bench.stats.parts import sentence
from bench.stats.summary import CellSummary

_ROW = 72
_NAME, _BAR, _WORDS = 12, 33, 54  # from a row's top to the middle of each
_TOP, _BOTTOM = 30, 44


def divided_cells(condition: Condition) -> list[CellSummary]:
    """The app's cells whose CPU time is known by part."""
    return [
        cell for cell in condition.app if cell.parts and all(part.cpu_us_per_request for part in cell.parts)
    ]


def draw_cpu_by_part(condition: Condition, styles: Styles) -> Figure:
    """One stacked bar a deployment of several parts: the one in front filled, those behind it hollow."""
    cells = divided_cells(condition)
    height = _ROW * len(cells)
    figure = canvas(NARROW, height + _TOP + _BOTTOM)
    axes = panel(figure, left=SIDE, right=SIDE, top=_TOP, bottom=_BOTTOM)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xlim(0, (max((sum(_costs(cell)) for cell in cells), default=0) or 1) * 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    axes.set_xlabel("CPU microseconds a request", color=MUTED, fontsize=SMALL, loc="left", labelpad=6)
    for index, cell in enumerate(cells):
        style = styles[cell.deployment.name] if cell.valid else INVALID
        _draw_bar(axes, cell, style.colour, index * _ROW)
    draw_key(axes, "in front", "behind it")
    return figure


def _draw_bar(axes: Axes, cell: CellSummary, colour: str, top: float) -> None:
    across = axes.get_yaxis_transform()
    plate = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    name = label(cell.deployment.name, longest(NARROW))
    words = label(sentence(cell.parts, cell.spread), longest(NARROW) + 2)
    axes.text(0, top + _NAME, name, transform=across, va="center", color=INK, bbox=plate)
    axes.text(0, top + _WORDS, words, transform=across, va="center", color=MUTED, fontsize=SMALL, bbox=plate)
    left = 0.0
    for place, cost in enumerate(_costs(cell)):
        axes.barh(
            top + _BAR, cost, left=left, height=15, facecolor=PAPER if place else colour, edgecolor=colour,
            linewidth=1.2,
        )  # fmt: skip
        left += cost


def _costs(cell: CellSummary) -> list[float]:
    """What each part takes, the one in front first."""
    return [part.cpu_us_per_request.value for part in cell.parts if part.cpu_us_per_request]
