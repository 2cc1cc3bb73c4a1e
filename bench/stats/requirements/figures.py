"""The 95 % intervals of the figures a scenario may require.

Each has two sources of doubt, as all intervals here (docs/decisions/0003-intervals.md): how far launches
differ, and what a limited number of responses leaves open. The wider of the two counts on either side.
"""

from collections.abc import Callable, Sequence
from math import exp, inf, log

from bench.histogram import Histogram
from bench.stats.intervals import LEVEL, LaunchEstimate, half_width, ratio_of_sums
from bench.stats.summary import CellSummary, Interval, RequiredFigure
from bench.stats.tally import Tally
from bench.units import NS_PER_US

AT_LEAST: frozenset[RequiredFigure] = frozenset({"goodput"})
"""Figures of which more is better."""

QUANTILES: dict[RequiredFigure, float] = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}


def interval_of(figure: RequiredFigure, cell: CellSummary, tally: Tally) -> Interval | None:
    """The figure of a cell: nanoseconds, a second, a share, bytes; None where it was not measured.

    A bound that cannot be told is 0 or infinite.
    """
    if figure in QUANTILES:
        return _quantile(tally, QUANTILES[figure])
    return _OTHERS[figure](cell, tally)


def _quantile(tally: Tally, share: float) -> Interval | None:
    """A quantile of all responses together, each launch giving one of its own.

    Those of launches with few responses are too low, so launches alone call too much good: with 200
    responses in each, p99 was below its upper bound in 94 % of simulated runs instead of 97.5 %. The exact
    bounds by ranks, wide where responses are few, take that away: with them it was 98 %, but 90 % where
    launches differed by 30 %, for then few launches make the tail.
    """
    total = tally.histogram.total
    if not total:
        return None
    value = tally.histogram.quantile_ns(share)
    own = tally.histograms_by_launch.values()
    logs = [(log(one.quantile_ns(share)), one.total / total) for one in own if one.total]
    launches = _over_launches(value, logs)
    low, high = _by_rank(tally.histogram, share)
    return Interval(value, min(low, launches.low), max(high, launches.high))


def _by_rank(histogram: Histogram, share: float) -> tuple[float, float]:
    """The responses between which the quantile lies, by the binomial distribution of its rank."""
    from scipy import stats  # noqa: PLC0415  (slow to import, and only what is required needs it)

    total = histogram.total
    lowest = int(stats.binom.ppf(1 - LEVEL, total, share))
    highest = int(stats.binom.ppf(LEVEL, total, share)) + 1
    low = histogram.quantile_ns(lowest / total) if lowest else 0.0
    return low, histogram.quantile_ns(highest / total) if highest <= total else inf


def _over_launches(value: float, logs: Sequence[tuple[float, float]]) -> Interval:
    """A value with the interval of the launches' logarithms, each with its weight; unknown where too few."""
    estimates = [LaunchEstimate(one, weight) for one, weight in logs]
    half = half_width(log(value), estimates, None)
    return (
        Interval(value, 0.0, inf) if half is None else Interval(value, value * exp(-half), value * exp(half))
    )


def _goodput(cell: CellSummary, tally: Tally) -> Interval | None:
    """Verified responses a second; at a rate, that share of it which was answered.

    Poisson's arrivals come a few more or less than the rate says, which is none of the server's doing.
    """
    rate = cell.cell.load.rate_per_s
    if rate is None:
        return cell.goodput
    due = [one.arrivals.due if one.arrivals else 0 for one in tally.slices]
    answered = ratio_of_sums(tally.launches, [one.requests for one in tally.slices], due)
    return answered and _scaled(answered, rate)


def _errors(_: CellSummary, tally: Tally) -> Interval | None:
    """The share of all answers that were errors.

    Errors come together: a launch, or a moment, has many or none. Clopper and Pearson's interval takes each
    for itself, and simulated launches that differed (a coefficient of variation of 0.5) made it miss on each
    side in 13 % of runs. The spread of launches and blocks missed high in 1 % and low in 5 %; but where few
    errors or none were seen it says nothing, and there the exact interval does. Where only some launches have
    errors at all (a coefficient of 2) a limit is still called kept too often: more launches help, not time.
    """
    wrong = [sum(one.errors.values()) for one in tally.slices]
    all_of_them = [one.answered + count for one, count in zip(tally.slices, wrong, strict=True)]
    spread = ratio_of_sums(tally.launches, wrong, all_of_them)
    if spread is None:
        return None
    from scipy import stats  # noqa: PLC0415  (as above)

    exact = stats.binomtest(sum(wrong), sum(all_of_them)).proportion_ci(0.95, "exact")
    return Interval(spread.value, min(spread.low, exact.low), min(1.0, max(spread.high, exact.high)))


def _cpu(cell: CellSummary, _: Tally) -> Interval | None:
    return cell.cpu_us_per_request and _scaled(cell.cpu_us_per_request, NS_PER_US)


def _memory(cell: CellSummary, tally: Tally) -> Interval | None:
    """The median over launches, with the spread between them."""
    sizes = [one.memory_bytes for _, one in tally.launched if one.memory_bytes]
    if not cell.memory_bytes or not sizes:
        return None
    return _over_launches(cell.memory_bytes, [(log(size), 1 / len(sizes)) for size in sizes])


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(interval.value * factor, interval.low * factor, interval.high * factor)


_OTHERS: dict[RequiredFigure, Callable[[CellSummary, Tally], Interval | None]] = {
    "goodput": _goodput,
    "errors": _errors,
    "cpu": _cpu,
    "memory": _memory,
}
