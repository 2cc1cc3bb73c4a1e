"""The cost of a request in CPU time: what the server takes, and what framework and view take."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.report.plots.canvas import NARROW, SIDE, SMALL, canvas, fits, longest, panel
from bench.report.theme import INK, MUTED, PAPER, RULE, Styles, label
from bench.stats.summary import Split

_ROW = 52
_LINE = 17  # by how much rows are higher whose words stand below the name
_TOP, _BOTTOM = 30, 44


def draw_split(splits: tuple[Split, ...], names: dict[str, str], styles: Styles, width: int) -> Figure:
    """One stacked bar a server; `names` maps a deployment's id to its name."""
    named = [(label(names.get(each.deployment, each.deployment), longest(width)), each) for each in splits]
    line = 0 if all(fits(name, _words(each), width) for name, each in named) else _LINE
    height = (_ROW + line) * len(splits)
    figure = canvas(width, height + _TOP + _BOTTOM)
    axes = panel(figure, left=SIDE, right=SIDE, top=_TOP, bottom=_BOTTOM)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xlim(0, max((each.server_us + max(each.framework_us, 0) for each in splits), default=1) * 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4 if width <= NARROW else 6))
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    axes.set_xlabel("CPU microseconds a request", color=MUTED, fontsize=SMALL, loc="left", labelpad=6)
    for index, (name, each) in enumerate(named):
        colour = styles[names.get(each.deployment, each.deployment)].colour
        _write(axes, name, _words(each), index * (_ROW + line), line)
        _draw_bar(axes, each, colour, index * (_ROW + line) + line + 33)
    draw_key(axes, "server", "framework and view")
    return figure


def _words(split: Split) -> str:
    """What the bar adds up to: rounded so that the sum is right, and both ends are those of the table."""
    server, total = round(split.server_us), round(split.server_us + split.framework_us)
    if split.framework_us <= 0:
        return f"floor {server:,} us, app {total:,} us"
    return f"{server:,} + {total - server:,} = {total:,} us"


def _write(axes: Axes, name: str, words: str, top: float, line: int) -> None:
    """The name, and the words beside it or this much below."""
    across = axes.get_yaxis_transform()
    plate = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    axes.text(0, top + 12, name, transform=across, va="center", color=INK, bbox=plate)
    place, side = (0, "left") if line else (1, "right")
    axes.text(place, top + 12 + line, words, transform=across, ha=side, va="center", color=INK, bbox=plate)


def _draw_bar(axes: Axes, split: Split, colour: str, middle: float) -> None:
    axes.barh(middle, split.server_us, height=15, facecolor=colour, edgecolor=colour, linewidth=1.2)
    axes.barh(
        middle, max(split.framework_us, 0), left=split.server_us, height=15,
        facecolor=PAPER, edgecolor=colour, linewidth=1.2,
    )  # fmt: skip


def draw_key(axes: Axes, filled: str, hollow: str) -> None:
    """Say above the bars what their filled and their hollow stretches are."""
    words = ((filled, MUTED, 0), (hollow, PAPER, 72))
    for text, face, place in words:
        axes.annotate(
            text, (0, 1), (place + 20, 17), xycoords="axes fraction", textcoords="offset points",
            color=MUTED, fontsize=SMALL, va="center_baseline",
        )  # fmt: skip
        axes.annotate(
            "  ", (0, 1), (place + 2, 17), xycoords="axes fraction", textcoords="offset points", fontsize=8,
            va="center_baseline", bbox={"facecolor": face, "edgecolor": MUTED, "pad": 2.5, "linewidth": 1.2},
        )  # fmt: skip
