"""From what was measured of the machine to what it can be trusted with, in plain words. Pure."""

from bench.conductor.ceiling import RATE_PER_S
from bench.conductor.doctor.finding import Finding, Value, found, unknown
from bench.conductor.doctor.noise_floor import SERVER, NoiseFloor
from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from bench.stats.open_loop import MEDIAN_LATE_NS, P99_LATE_NS
from bench.stats.validity import ERRORS_AT_MOST, GENERATOR_BUSY_AT_MOST
from bench.units import NS_PER_S, NS_PER_US, format_duration, format_rate

FEWEST_PER_S = 20_000
ROOM = 1.5  # a server this near to the ceiling is limited by the generator
HALF_WIDTH_AT_MOST = 0.02
LONGEST_NS = 300 * NS_PER_S
DIFFERENCES = (0.05, 0.02)
_QUIET = "keep the machine quiet and look again"


def about_ceiling(outcome: SliceOutcome) -> Finding:
    """How much load the generator can make here."""
    if not _went_well(outcome):
        return unknown("ceiling", _badly(outcome), _QUIET)
    per_s = outcome.requests * NS_PER_S / outcome.counted_ns
    busy = outcome.generator_busy_ns / outcome.generator_wall_ns
    us = outcome.generator_busy_ns / outcome.answered / NS_PER_US
    limit = "the generator" if busy > GENERATOR_BUSY_AT_MOST else "the null target"
    what = (
        f"the load generator makes {format_rate(per_s)} requests/s at least, with {us:.1f} us of CPU time "
        f"each, which kept it {100 * busy:.0f} % busy: {limit} was the limit"
    )
    remedy = ""
    if per_s < FEWEST_PER_S:
        remedy = f"{_QUIET}; do not trust a server's number above {format_rate(per_s / ROOM)}/s"
    return found("ceiling", what, remedy, requests_per_s=per_s, us_per_request=us, generator_busy=busy)


def about_lateness(outcome: SliceOutcome) -> Finding:
    """How late the generator sends what is due at a rate."""
    late = Histogram.decode(outcome.arrivals.late) if outcome.arrivals else Histogram()
    if not _went_well(outcome) or not outcome.arrivals or not late.total:
        return unknown("lateness", _badly(outcome), _QUIET)
    median_ns, p99_ns = (late.quantile_ns(share) for share in (0.5, 0.99))
    what = (
        f"at {RATE_PER_S:,.0f} requests/s the load generator sends {format_duration(median_ns)} late "
        f"(median; 99 % within {format_duration(p99_ns)})"
    )
    too_late = median_ns > MEDIAN_LATE_NS or p99_ns > P99_LATE_NS
    remedy = "end what else is busy, or mistrust latencies below ten times that" if too_late else ""
    values: dict[str, Value] = {
        "p50_us": median_ns / NS_PER_US,
        "p99_us": p99_ns / NS_PER_US,
        "max_us": outcome.arrivals.latest_ns / NS_PER_US,
    }
    return found("lateness", what, remedy, **values)


def _went_well(outcome: SliceOutcome) -> bool:
    wrong = sum(outcome.errors.values())
    return outcome.requests > 0 and wrong <= ERRORS_AT_MOST * outcome.answered


def _badly(outcome: SliceOutcome) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(outcome.errors.items())) or "none"
    return f"the null target gave {outcome.requests:,} right answers, so nothing can be told; errors: {kinds}"


def about_noise(noise: NoiseFloor) -> Finding:
    """How far apart one server comes out when it is measured as two."""
    half = 100 * noise.half_width
    what = (
        f"{SERVER} against itself, {format_duration(noise.load_ns)} of load in {noise.launches} launches: "
        f"{noise.ratio.value:.4f}, plus or minus {half:.2g} % (95 %)"
    )
    return found(
        "noise",
        what,
        _against_noise(noise),
        ratio=noise.ratio.value,
        low=noise.ratio.low,
        high=noise.ratio.high,
        half_width=noise.half_width,
        launch_spread=noise.launch_spread,
        block_spread=noise.block_spread,
        launches=noise.launches,
        pairs=noise.pairs,
        load_s=noise.load_ns / NS_PER_S,
    )


def _against_noise(noise: NoiseFloor) -> str:
    if noise.reasons:
        return f"this was not a good run: {noise.reasons[0]}; {_QUIET}"
    if noise.half_width > HALF_WIDTH_AT_MOST:
        return "keep the machine quiet, or measure longer"
    if not noise.ratio.low <= 1 <= noise.ratio.high:
        return "its interval misses 1, as one in twenty does by chance: look again, and if it stays, mistrust"
    return ""


def about_resolution(noise: NoiseFloor) -> Finding:
    """How long a small difference takes to be told on this machine."""
    times_ns = {difference: noise.ns_to_resolve(difference) for difference in DIFFERENCES}
    told = " and ".join(
        f"{100 * difference:.0f} % about {format_duration(_whole_seconds(time_ns))}"
        for difference, time_ns in times_ns.items()
    )
    what = f"to tell two servers apart that differ by so much takes, in load on both: {told}"
    too_long = max(times_ns.values()) > LONGEST_NS
    remedy = "for the smaller one find a quieter hour or machine, or measure that long" if too_long else ""
    seconds: dict[str, Value] = {
        f"seconds_for_{100 * difference:.0f}_percent": time_ns / NS_PER_S
        for difference, time_ns in times_ns.items()
    }
    return found("resolution", what, remedy, **seconds)


def _whole_seconds(time_ns: float) -> int:
    return max(1, round(time_ns / NS_PER_S)) * NS_PER_S
