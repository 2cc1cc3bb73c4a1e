"""How much worse each launch showed head to be, metric by metric: one small panel each, worse is up."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.plots.canvas import SMALL, canvas, panel
from bench.report.theme import INK, MUTED, PAPER, RULE, placeholder
from bench.report.words import percent
from bench.stats.checks.changes import allowed, share_of_base, shares_of_base, worsening_of
from bench.stats.checks.rule import least_red
from bench.stats.checks.summary import MetricCheck

_PANEL = 124
_NAME = 30
_TOP, _BOTTOM, _LEFT, _RIGHT = 4, 34, 46, 78
_AFTER = 2.5  # from the last launch to the estimate
_LAUNCH, _REPEATED = placeholder("d0"), placeholder("d1")


def draw_slow_downs(metrics: Sequence[MetricCheck], headers: Sequence[tuple[str, str]], width: int) -> Figure:
    """A panel for each metric under its header, which is a name on the left and a figure on the right."""
    height = _TOP + _BOTTOM + _PANEL * len(metrics)
    figure = canvas(width, height)
    for index, (one, header) in enumerate(zip(metrics, headers, strict=True)):
        top = _TOP + index * _PANEL
        axes = panel(figure, left=_LEFT, right=_RIGHT, top=top + _NAME, bottom=height - top - _PANEL + 10)
        _draw_metric(axes, one, header)
        if index == len(metrics) - 1:
            _name_launches(axes, len(one.slow_downs), len(one.confirming))
    return figure


def _draw_metric(axes: Axes, one: MetricCheck, header: tuple[str, str]) -> None:
    looked, repeated = (shares_of_base(one.metric, some) for some in (one.slow_downs, one.confirming))
    lowest, highest = _scale(one, (*looked, *repeated))
    launches = len(looked) + len(repeated)
    axes.set_xlim(0, launches + 2 * _AFTER)
    axes.set_ylim(lowest, highest)
    axes.set_xticks([])
    axes.set_yticks([lowest, 0, highest], [f"\u2212{percent(-lowest)}", "0", f"+{percent(highest)}"])
    axes.spines["bottom"].set_visible(False)
    _draw_limits(axes, one)
    _draw_estimate(axes, one, launches + _AFTER)
    colours = (_LAUNCH, _REPEATED) if one.gated else (MUTED, MUTED)
    _draw_launches(axes, looked, 1, "o", colours[0], colours[0])
    if repeated:
        axes.axvline(len(looked) + 0.5, color=RULE, linewidth=1.2, zorder=0)
        _draw_launches(axes, repeated, len(looked) + 1, "D", PAPER, colours[1])
    _write(axes, header)


def _scale(one: MetricCheck, values: Sequence[float]) -> tuple[float, float]:
    """From where to where: past the allowance, and wide enough for all but the wildest launches."""
    known = [value for value in values if isfinite(value)] or [0.0]
    low, high = (float(edge) for edge in np.quantile(known, (0.03, 0.97)))
    limit = share_of_base(one.metric, one.allow)
    highest = max(1.3 * limit, 0.03, 1.2 * high, -0.4 * low)  # 0 stays clear of either end
    lowest = min(-0.4 * highest, 1.2 * low)
    # No goodput falls by more than all of it; no time or memory does, either, but down is better there.
    return (lowest, min(1.0, highest)) if one.metric == "goodput" else (max(-1.0, lowest), highest)


def _draw_limits(axes: Axes, one: MetricCheck) -> None:
    axes.axhline(0, color=MUTED, linewidth=1, zorder=1)
    if not one.gated:
        return
    least, limit = (share_of_base(one.metric, some) for some in (least_red(one.allow), one.allow))
    axes.axhline(least, color=MUTED, linewidth=0.9, linestyle=(0, (1, 3)), zorder=1)
    axes.axhline(limit, color=INK, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    axes.annotate(
        f"{allowed(one)} allowed".replace(" %", "\u00a0%"), (1, limit), (6, 0),
        xycoords=axes.get_yaxis_transform(), textcoords="offset points", va="center", color=MUTED,
        fontsize=SMALL,
    )  # fmt: skip


def _draw_estimate(axes: Axes, one: MetricCheck, place: float) -> None:
    """The estimate of all launches, with its interval as a band behind them and as a bar beside them."""
    change = worsening_of(one)
    if change is None:
        return
    low, value, high = np.clip((change.low, change.value, change.high), *axes.get_ylim())
    axes.axhspan(low, high, color=_LAUNCH if one.gated else MUTED, alpha=0.14, linewidth=0, zorder=0)
    axes.plot([place, place], [low, high], "_-", color=INK, linewidth=1.6, markersize=8, markeredgewidth=1.4)
    axes.plot([place], [value], "s", color=INK, markersize=5, zorder=4)


def _draw_launches(
    axes: Axes, values: Sequence[float], start: int, marker: str, face: str, edge: str
) -> None:
    places = range(start, start + len(values))
    axes.plot(
        places, np.clip(values, *axes.get_ylim()), marker, markersize=4.6, markerfacecolor=face,
        markeredgecolor=edge, markeredgewidth=1.1, linestyle="none", clip_on=False, zorder=3,
    )  # fmt: skip


def _write(axes: Axes, header: tuple[str, str]) -> None:
    name, told = header
    axes.annotate(
        name,
        (0, 1),
        (-_LEFT, 12),
        xycoords="axes fraction",
        textcoords="offset points",
        color=INK,
        fontsize=12,
    )
    axes.annotate(
        told, (1, 1), (_RIGHT, 12), xycoords="axes fraction", textcoords="offset points", ha="right",
        color=MUTED, fontsize=SMALL,
    )  # fmt: skip


def _name_launches(axes: Axes, looked: int, repeated: int) -> None:
    last = looked + repeated
    ticks = [1, looked, last] if repeated > 4 else [1, last]
    axes.set_xticks(sorted(set(ticks)), [str(tick) for tick in sorted(set(ticks))])
    axes.set_xlabel("launches, in order", color=MUTED, fontsize=SMALL, loc="left", labelpad=2)
