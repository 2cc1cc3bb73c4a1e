"""What must hold in an open loop: the server keeps up with the rate, and the generator with its own clock.

Where a server is too slow, latency grows for as long as the load lasts, and tells how long a slice was and
nothing of the server. Where the generator is late, latency is the generator's: it runs from when a request
was due.
"""

import math
from collections.abc import Sequence
from statistics import median

from bench.results.model import Slice
from bench.stats.summary import ArrivalsSummary, Reason
from bench.stats.tally import Tally
from bench.units import NS_PER_MS, NS_PER_S, NS_PER_US, format_duration, format_rate

UNSENT_AT_MOST = 0.001
BEHIND_AT_MOST = 0.2
PILED_UP_AT_MOST = 0.01
DRAIN_IN_MEDIANS = 1.5
LATE_SHARE_AT_MOST = 0.10
MEDIAN_LATE_NS = 50 * NS_PER_US
P99_LATE_NS = NS_PER_MS


def overloaded(tally: Tally) -> Reason | None:
    """A rate at which the server cannot answer, so that requests pile up."""
    rate, arrivals, reached = tally.cell.load.rate_per_s, tally.arrivals, tally.reached_per_s
    if rate is None or arrivals is None or reached is None:
        return None
    unsent = arrivals.unsent / arrivals.due if arrivals.due else 0.0
    if unsent > UNSENT_AT_MOST:
        sign = f"{100 * unsent:.3g} % of the requests that were due never got a connection"
    elif _falls_behind(tally, rate):
        sign = "at the end of every slice it was far behind"
    elif _piles_up(tally):
        sign = "in slice after slice, more requests came than were answered"
    else:
        return None
    what = f"the server cannot keep up with {rate:.12g}/s ({sign}); it reached {format_rate(reached)}/s"
    remedy = f"ask for less than {format_rate(reached)}/s, or give the server more workers or threads"
    return Reason("overloaded", what, remedy)


def sent_late(tally: Tally) -> Reason | None:
    """A generator that was late, so that a good part of the latencies is its own."""
    arrivals = tally.arrivals
    if arrivals is None or not tally.requests or not arrivals.late.total:
        return None
    share_ns = LATE_SHARE_AT_MOST * tally.histogram.quantile_ns(0.5)
    median_ns, p99_ns = (arrivals.late.quantile_ns(share) for share in (0.5, 0.99))
    if median_ns <= max(MEDIAN_LATE_NS, share_ns) and p99_ns <= max(P99_LATE_NS, share_ns):
        return None
    what = (
        f"the load generator sent late, half of the requests by more than {format_duration(median_ns)} and "
        f"1 % by more than {format_duration(p99_ns)}: that is part of their latency"
    )
    remedy = "give the generator a core of its own, keep the machine quiet, or ask for a lower rate"
    return Reason("sent-late", what, remedy)


def blurs_tail(tally: Tally) -> bool:
    """Whether the high percentiles, though not the median, are in good part the generator's own lateness."""
    arrivals = tally.arrivals
    if arrivals is None or not tally.requests or not arrivals.late.total:
        return False
    return arrivals.late.quantile_ns(0.99) > LATE_SHARE_AT_MOST * tally.histogram.quantile_ns(0.99)


def waited_share(arrivals: ArrivalsSummary) -> float:
    """The share of arrivals that found every connection taken."""
    return arrivals.waited / arrivals.due if arrivals.due else 0.0


def _falls_behind(tally: Tally, rate_per_s: float) -> bool:
    """Whether the waiting line grew as long as a slice lasted, though there were connections for all of it.

    From the last request that was due to the last answer it then takes a good part of the slice, and twice
    the median latency. A view that is slow for its slice takes about its median latency. By launch, and the
    median of them, so that one long pause is not taken for it.
    """
    spans = [_span(slices, rate_per_s) for slices in tally.slices_by_launch.values()]
    behind = median(drain_ns / wall_ns for wall_ns, drain_ns in spans) > BEHIND_AT_MOST
    return behind and median(
        drain_ns for _, drain_ns in spans
    ) > DRAIN_IN_MEDIANS * tally.histogram.quantile_ns(0.5)


def _piles_up(tally: Tally) -> bool:
    """Whether more was due and unanswered at the ends of the slices than at their beginnings.

    Where a server keeps up, the difference is as often below zero as above, and its sum stays within a few
    times the root of the sum of its squares. A single slice says nothing.
    """
    pairs = [one.arrivals for one in tally.slices if one.arrivals is not None]
    growth = [one.behind_after - one.behind_before for one in pairs]
    due = sum(one.due for one in pairs)
    return sum(growth) > max(PILED_UP_AT_MOST * due, 3 * math.hypot(*growth))


def _span(slices: Sequence[Slice], rate_per_s: float) -> tuple[float, float]:
    """The mean length of these slices, and how much of it passed after the last request had been due."""
    wall_ns = sum(one.generator_wall_ns for one in slices)
    sent = sum(one.answered + sum(one.errors.values()) for one in slices)
    return wall_ns / len(slices), (wall_ns - sent * NS_PER_S / rate_per_s) / len(slices)
