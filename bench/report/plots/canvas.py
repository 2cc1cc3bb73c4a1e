"""An empty figure and its axes, laid out in CSS pixels.

One unit of a figure is one pixel on the page, so text in figures has the size of text around them. Figures
are drawn once for a wide page and once for a narrow one instead of being shrunk until nobody can read them.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.theme import MUTED, RULE

WIDE = 660
NARROW = 350
SMALL = 11  # text of axes and notes; 12 otherwise
SIDE = 9  # left and right of axes whose text stands within

_CHARACTER = 7.3  # the width of one, on average; whatever the page's own font, texts keep apart

_UNITS_PER_INCH = 72


def fits(name: str, text: str, width: int) -> bool:
    """Whether a name and a text have room on one line, at the sides of a figure of this width."""
    return len(name) + len(text) + 1 <= longest(width)


def longest(width: int) -> int:
    """How many characters a line has room for in a figure of this width."""
    return int((width - 2 * SIDE) / _CHARACTER)


def canvas(width: float, height: float) -> Figure:
    """An empty figure of this size."""
    figure = Figure(figsize=(width / _UNITS_PER_INCH, height / _UNITS_PER_INCH), dpi=_UNITS_PER_INCH)
    figure.patch.set_visible(False)
    return figure


def panel(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Quiet axes that leave these margins: no frame but the ground line, pale grid, no ticks."""
    width, height = (side * _UNITS_PER_INCH for side in figure.get_size_inches())
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.tick_params(which="both", length=0, labelsize=SMALL, labelcolor=MUTED, pad=6)
    axes.set_axisbelow(True)
    return axes


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """The positions, moved as little as keeps neighbours this far apart, in the order given.

    Labels that would run into each other are laid side by side around the mean of their places.
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    runs: list[tuple[float, int]] = []  # the mean of where labels would start had they no height, how many
    for rank, index in enumerate(order):
        mean, count = positions[index] - rank * gap, 1
        while runs and runs[-1][0] > mean:
            earlier, members = runs.pop()
            mean = (earlier * members + mean * count) / (members + count)
            count += members
        runs.append((mean, count))
    starts = [mean for mean, count in runs for _ in range(count)]
    places = {
        index: start + rank * gap for rank, (index, start) in enumerate(zip(order, starts, strict=True))
    }
    return [places[index] for index in range(len(positions))]


def held(positions: Sequence[float], gap: float, most: float) -> list[float]:
    """Positions this far apart, moved so that all are between 0 and `most`, where there is room for them."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    places = list(positions)
    for rank, index in enumerate(order):
        below, above = rank, len(order) - 1 - rank
        places[index] = min(max(places[index], below * gap), most - above * gap)
    return places
