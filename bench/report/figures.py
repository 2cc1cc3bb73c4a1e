"""The figures of the page: drawn wide and narrow, made inline, each with its caption."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from bench.report import captions
from bench.report.plots.by_part import divided_cells, draw_cpu_by_part
from bench.report.plots.canvas import NARROW, WIDE
from bench.report.plots.percentiles import draw_percentiles, lines_of
from bench.report.plots.ranking import bands, draw_ranking
from bench.report.plots.resources import draw_cpu, draw_generator, draw_memory, draw_start_up
from bench.report.plots.split import draw_split
from bench.report.plots.timeline import draw_timeline, per_block
from bench.report.standings import Condition
from bench.report.svg import inline_svg
from bench.report.theme import MATPLOTLIB, Styles
from bench.stats.summary import CellSummary

Draw = Callable[[int], Figure]

_FLOOR = (
    "Filled marks: the app. Hollow marks: the floor, the same answers without a framework; the "
    "dotted stretch between is what framework and view cost. "
)
_BAND = " The grey band around the best: how far the same server, entered twice, was from itself."


@dataclass(frozen=True)
class PageFigure:
    """A figure as it stands in the page; `wide` is None where one size serves every page."""

    wide: Markup | None
    narrow: Markup
    caption: str
    reading: str = ""


@dataclass(frozen=True)
class ConditionFigures:
    """The figures that each request and load has."""

    ranking: PageFigure
    percentiles: PageFigure | None
    split: PageFigure | None
    timeline: PageFigure | None


def figures_of(condition: Condition, names: dict[str, str], styles: Styles) -> ConditionFigures:
    """Sections three to six of one condition; `names` maps a deployment's id to its name."""
    lines = lines_of(condition, styles)
    number = condition.number
    return ConditionFigures(
        ranking=both_widths(
            lambda width: draw_ranking(condition, styles, width),
            f"ranking-{number}",
            captions.ranking(condition),
            (_FLOOR if condition.floor else "")
            + "Brackets below the marks: 95 % intervals."
            + (_BAND if bands(condition) else ""),
        ),
        percentiles=both_widths(
            lambda width: draw_percentiles(lines, condition.durations, width),
            f"percentiles-{number}",
            captions.percentiles(condition),
        )
        if lines
        else None,
        split=both_widths(
            lambda width: draw_split(condition.split, names, styles, width),
            f"split-{number}",
            captions.split(condition, names),
        )
        if condition.split
        else None,
        timeline=both_widths(
            lambda width: draw_timeline(condition, styles, width),
            f"timeline-{number}",
            captions.timeline(condition),
        )
        if any(per_block(cell) for cell in condition.app)
        else None,
    )


def load_figures_of(condition: Condition, styles: Styles) -> tuple[PageFigure, ...]:
    """What each request and load takes: CPU of the servers, also by part, and time of the generator.

    Figures of which nothing was measured are left out.
    """
    number = condition.number
    drawn: list[tuple[Callable[[], Figure], str, str]] = []
    if any(cell.cpu_us_per_request for cell in condition.app):
        drawn.append((lambda: draw_cpu(condition, styles), "cpu", captions.cpu(condition)))
    if divided_cells(condition):
        by_part = captions.cpu_by_part(condition)
        drawn.append((lambda: draw_cpu_by_part(condition, styles), "parts", by_part))
    if any(cell.generator_busy is not None for cell in condition.app):
        generator = captions.generator(condition)
        drawn.append((lambda: draw_generator(condition, styles), "generator", generator))
    return tuple(_small(draw, f"{name}-{number}", caption) for draw, name, caption in drawn)


def deployment_figures_of(cells: tuple[CellSummary, ...], styles: Styles) -> tuple[PageFigure, ...]:
    """What a deployment takes whatever it is asked: memory, and time to start."""
    return (
        _small(lambda: draw_memory(cells, styles), "memory", captions.memory(cells)),
        _small(lambda: draw_start_up(cells, styles), "start-up", captions.start_up(cells)),
    )


def both_widths(draw: Draw, name: str, caption: str, reading: str = "", alternative: str = "") -> PageFigure:
    """A figure drawn for a wide page and for a narrow one; `name` is unique in the page.

    Who cannot see it is told the caption, or the `alternative` where there is one.
    """
    said = alternative or caption
    wide = _inline(lambda: draw(WIDE), f"{name}-wide", said)
    return PageFigure(wide, _inline(lambda: draw(NARROW), f"{name}-narrow", said), caption, reading)


def _small(draw: Callable[[], Figure], name: str, caption: str) -> PageFigure:
    return PageFigure(None, _inline(draw, name, caption), caption)


def _inline(draw: Callable[[], Figure], name: str, caption: str) -> Markup:
    with mpl.rc_context():
        mpl.rcdefaults()  # the user's matplotlibrc shall not change the report
        mpl.rcParams.update(MATPLOTLIB)
        return inline_svg(draw(), name, caption)
