"""The figure of merit: what cells under one load are ranked and compared by.

In a closed loop the server sets the pace, so it is goodput. At a fixed rate all that keep up have the same
goodput, so it is the median latency of a slice: how long half of the requests waited for their answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.results.model import LoadLevel
from bench.stats.summary import CellSummary, Interval, MeritName
from bench.stats.tally import Tally

Verdict = Literal["faster", "slower", "tie"]


@dataclass(frozen=True)
class Merit:
    """What is compared, whether less of it is better, and where it is found.

    `of_slices` gives one value a slice, 0 or nan where nothing was answered; `of_cell` the cell's own;
    `per_block` one value a block with the number of its launch.
    """

    name: MeritName
    less_is_better: bool
    of_slices: Callable[[Tally], tuple[float, ...]]
    of_cell: Callable[[CellSummary], Interval | None]
    per_block: Callable[[CellSummary], tuple[tuple[int, float], ...]]

    def rank(self, value: float) -> float:
        """A number that is the smaller the better the value is."""
        return value if self.less_is_better else -value

    def verdict(self, ratio_to_best: Interval) -> Verdict:
        """What the ratio to the best shows; a tie where its interval holds 1."""
        if ratio_to_best.low <= 1 <= ratio_to_best.high:
            return "tie"
        return "faster" if (ratio_to_best.value < 1) is self.less_is_better else "slower"


GOODPUT = Merit(
    name="goodput",
    less_is_better=False,
    of_slices=lambda tally: tally.goodputs,
    of_cell=lambda cell: cell.goodput,
    per_block=lambda cell: cell.goodput_per_block,
)
MEDIAN_LATENCY = Merit(
    name="median latency",
    less_is_better=True,
    of_slices=lambda tally: tally.medians_ns,
    of_cell=lambda cell: cell.median_latency_ns,
    per_block=lambda cell: cell.median_latency_ns_per_block,
)


def merit_of(load: LoadLevel) -> Merit:
    """What cells under this load are ranked and compared by."""
    return MEDIAN_LATENCY if load.is_open else GOODPUT
