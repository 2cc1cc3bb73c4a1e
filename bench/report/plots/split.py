"""The cost of a request in CPU time: what the server takes, and what framework and view take."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.report.plots.canvas import NARROW, SMALL, canvas, panel
from bench.report.theme import INK, MUTED, PAPER, RULE, Styles, label
from bench.stats.summary import Split

_ROW = 52
_TOP, _BOTTOM, _SIDE = 30, 44, 9


def draw_split(splits: tuple[Split, ...], names: dict[str, str], styles: Styles, width: int) -> Figure:
    """One stacked bar a server; `names` maps a deployment's id to its name."""
    height = _ROW * len(splits)
    figure = canvas(width, height + _TOP + _BOTTOM)
    axes = panel(figure, left=_SIDE, right=_SIDE, top=_TOP, bottom=_BOTTOM)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xlim(0, max((each.server_us + max(each.framework_us, 0) for each in splits), default=1) * 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4 if width <= NARROW else 6))
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    axes.set_xlabel("CPU microseconds a request", color=MUTED, fontsize=SMALL, loc="left", labelpad=6)
    for index, each in enumerate(splits):
        name = names.get(each.deployment, each.deployment)
        _draw_bar(axes, each, name, styles[name].colour, index * _ROW)
    _draw_key(axes)
    return figure


def _draw_bar(axes: Axes, split: Split, name: str, colour: str, top: float) -> None:
    across = axes.get_yaxis_transform()
    plate = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    total = split.server_us + split.framework_us
    words = f"{split.server_us:,.0f} + {split.framework_us:,.0f} = {total:,.0f} us"
    if split.framework_us <= 0:
        words = f"floor {split.server_us:,.0f} us, app {total:,.0f} us"
    axes.text(0, top + 12, label(name), transform=across, va="center", color=INK, bbox=plate)
    axes.text(1, top + 12, words, transform=across, ha="right", va="center", color=INK, bbox=plate)
    axes.barh(top + 33, split.server_us, height=15, facecolor=colour, edgecolor=colour, linewidth=1.2)
    axes.barh(
        top + 33, max(split.framework_us, 0), left=split.server_us, height=15,
        facecolor=PAPER, edgecolor=colour, linewidth=1.2,
    )  # fmt: skip


def _draw_key(axes: Axes) -> None:
    words = (("server", MUTED, 0), ("framework and view", PAPER, 72))
    for text, face, place in words:
        axes.annotate(
            text, (0, 1), (place + 20, 17), xycoords="axes fraction", textcoords="offset points",
            color=MUTED, fontsize=SMALL, va="center_baseline",
        )  # fmt: skip
        axes.annotate(
            "  ", (0, 1), (place + 2, 17), xycoords="axes fraction", textcoords="offset points", fontsize=8,
            va="center_baseline", bbox={"facecolor": face, "edgecolor": MUTED, "pad": 2.5, "linewidth": 1.2},
        )  # fmt: skip
