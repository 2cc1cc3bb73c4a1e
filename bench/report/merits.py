"""How the figure of merit is shown: the words for it, its axis and its numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.report.words import duration
from bench.results.model import LoadLevel
from bench.stats.merit import GOODPUT, MEDIAN_LATENCY, merit_of
from bench.stats.summary import Interval
from bench.units import NS_PER_MS, format_rate


@dataclass(frozen=True)
class Shown:
    """A figure of merit as figures and text show it.

    `axis` labels an axis that counts in `scale`, whose ticks `tick` writes; `write` puts a value in a
    sentence, `interval` one with its interval in a row of a figure.
    """

    axis: str
    scale: float
    tick: Callable[[float], str]
    write: Callable[[float], str]
    interval: Callable[[Interval], str]


def shown(load: LoadLevel) -> Shown:
    """How the figure of merit of cells under this load is shown."""
    return _SHOWN[merit_of(load).name]


def milliseconds(duration_ns: float) -> str:
    """Milliseconds without the unit: two decimals, three where there is less than one, one from a hundred."""
    value = duration_ns / NS_PER_MS
    digits = 3 if value < 1 else 2 if value < 100 else 1
    return f"{value:,.{digits}f}"


def _rates(goodput: Interval) -> str:
    value, low, high = (format_rate(each) for each in (goodput.value, goodput.low, goodput.high))
    return f"{value} ({low} to {high})"


def _times(latency: Interval) -> str:
    value, low, high = (milliseconds(each) for each in (latency.value, latency.low, latency.high))
    return f"{value} ({low} to {high}) ms"


_SHOWN = {
    GOODPUT.name: Shown("verified responses a second", 1, format_rate, format_rate, _rates),
    MEDIAN_LATENCY.name: Shown(
        "median latency, ms; lower is better", NS_PER_MS, lambda value: f"{value:g}", duration, _times
    ),
}
