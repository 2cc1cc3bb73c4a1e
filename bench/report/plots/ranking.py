"""The figure of merit with its interval: the deployments that may be compared stand together, best first."""

from matplotlib.figure import Figure

from bench.report.merits import shown
from bench.report.plots.rows import Axis, Dot, Row, Rows, draw_rows
from bench.report.standings import Condition, mode_of, standing
from bench.report.theme import INVALID, Style, Styles
from bench.stats.summary import CellSummary


def draw_ranking(condition: Condition, styles: Styles, width: int) -> Figure:
    """One row a deployment, grouped by keep-alive mode; what is not valid stands last in grey."""
    groups = [
        Rows(
            mode_of(keeps_alive),
            tuple(_row(condition, cell, styles) for cell in cells),
            band=_noise_around(condition, cells[0]),
        )
        for keeps_alive in (True, False)
        if (cells := _ordered(condition, keeps_alive))
    ]
    how = shown(condition.load)
    return draw_rows(groups, Axis(how.axis, how.tick), width)


def bands(condition: Condition) -> bool:
    """Whether the run's noise is drawn anywhere: around the best of those it is ranked with."""
    return condition.noise is not None and any(standing(condition, group.best) for group in condition.groups)


def _ordered(condition: Condition, keeps_alive: bool) -> list[CellSummary]:
    ranked = [
        cell
        for group in condition.groups
        if group.keeps_alive is keeps_alive
        for cell in (*group.leaders, *(follower.cell for follower in group.followers))
    ]
    return ranked + [cell for cell in condition.app if cell.keeps_alive is keeps_alive and cell not in ranked]


def _noise_around(condition: Condition, first: CellSummary) -> tuple[float, float] | None:
    """Where the best would lie by the run's noise alone; nowhere where the first row is not the best."""
    figure, noise = condition.merit.of_cell(first), condition.noise
    if noise is None or figure is None or not standing(condition, first):
        return None
    best = figure.value / shown(condition.load).scale
    return best * noise.ratio.low, best * noise.ratio.high


def _row(condition: Condition, cell: CellSummary, styles: Styles) -> Row:
    name = cell.deployment.name
    place = standing(condition, cell)
    return Row(
        name=name,
        text=_text(condition, cell, place),
        dots=_dots(condition, cell, styles[name]),
        strong=bool(place),
    )


def _text(condition: Condition, cell: CellSummary, place: str) -> str:
    figure = condition.merit.of_cell(cell)
    if not cell.valid:
        return "not valid, not ranked"
    if figure is None:
        return "not measured"
    return f"{place + ': ' if place else ''}{shown(condition.load).interval(figure)}"


def _dots(condition: Condition, cell: CellSummary, style: Style) -> tuple[Dot, ...]:
    """The app's dot and the floor's, the lower first where less is better: the line goes on from it."""
    floor = condition.floor.get(cell.deployment.name)
    dots = [_dot(condition, cell, style)]
    if floor is not None:
        dots.append(_dot(condition, floor, style, hollow=True))
    drawn = [dot for dot in dots if dot is not None]
    return tuple(sorted(drawn, key=lambda dot: dot.value) if condition.merit.less_is_better else drawn)


def _dot(condition: Condition, cell: CellSummary, style: Style, *, hollow: bool = False) -> Dot | None:
    """A latency that is not valid is not drawn: an overloaded server's would leave no room for the others."""
    merit, how = condition.merit, shown(condition.load)
    figure = merit.of_cell(cell)
    if figure is None or (merit.less_is_better and not cell.valid):
        return None
    value, low, high = (each / how.scale for each in (figure.value, figure.low, figure.high))
    note = ""
    if hollow and not merit.less_is_better:  # where it is, the note would run into the app's dot
        note = f"floor {how.write(figure.value)}" if cell.valid else "floor not valid"
    return Dot(value, style if cell.valid else INVALID, low, high, hollow, note)
