"""Steal: what the hypervisor gave to other machines while a cell was measured."""

from statistics import median

from bench.stats.summary import Reason
from bench.stats.tally import Tally
from bench.units import NS_PER_MS

STOLEN_AT_MOST = 0.02  # of the cores' time: what is smaller than the smallest difference worth acting upon
FEWEST_STOLEN_NS = 50 * NS_PER_MS  # the system counts it in steps of 10 ms: fewer would let one step decide


def stolen_share(tally: Tally) -> float | None:
    """The share of its cores' time that a cell did not get; the median over the launches.

    By launch, because the steps of the system's count are too coarse for a slice, and so that one bad moment
    says little. None where the system does not tell.
    """
    shares = [
        sum(one.stolen_ns or 0 for one in slices) / wall_ns
        for slices in tally.slices_by_launch.values()
        if (wall_ns := sum(one.generator_wall_ns for one in slices if one.stolen_ns is not None))
    ]
    return median(shares) if shares else None


def stolen(tally: Tally) -> Reason | None:
    """A machine that was not ours for part of the time."""
    share = stolen_share(tally)
    total_ns = sum(one.stolen_ns or 0 for one in tally.slices)
    if share is None or share <= STOLEN_AT_MOST or total_ns < FEWEST_STOLEN_NS:
        return None
    what = (
        f"the hypervisor gave {100 * share:.1f} % of its cores' time to other machines; "
        f"the limit is {100 * STOLEN_AT_MOST:g} %"
    )
    return Reason("steal", what, "measure at a quieter time, or on a machine with cores of its own")
