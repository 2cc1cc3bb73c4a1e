"""What must hold in a closed loop, in which a connection sends when its answer came and nothing else waits.

Neither a fixed rate nor the users of a locustfile keep every connection busy: these rules pass over them.
"""

from statistics import median

from bench.results.model import LoadLevel
from bench.stats.summary import Reason
from bench.stats.tally import Tally
from bench.units import format_duration

IN_FLIGHT_WITHIN = 0.10
IN_FLIGHT_WITHIN_WHEN_CLOSING = 0.25
RESPONSES_IN_A_SLICE = 20  # as the plan has it where there is time: fewer, and its ends are much of a slice
OUTLASTED_FROM = 0.02
IDLE_BELOW = 0.05
JAIN_AT_LEAST = 0.9
STARVED_BELOW = 0.1  # of what a connection gets on average
FAIR_FROM_RESPONSES_A_CONNECTION = 20


def is_closed_loop(load: LoadLevel) -> bool:
    """Whether the server alone sets the pace: no rate does, and no user that may pause."""
    return not load.is_open and load.locustfile is None


def may_queue(tally: Tally) -> bool:
    """Whether more requests may be out than the server works on at a time, where that is known."""
    deployment = tally.deployment
    if deployment.processes is None or deployment.threads is None:
        return True  # for all we know it works on one at a time
    return 0 < deployment.processes * deployment.threads < tally.cell.load.connections


def waits(tally: Tally) -> bool:
    """Whether server and generator were both idle: a view that waits, or a stall nobody has explained."""
    server, generator = tally.server_busy, tally.generator_busy
    if not is_closed_loop(tally.cell.load):
        return False
    return server is not None and generator is not None and max(server, generator) < IDLE_BELOW


def littles_law(tally: Tally) -> Reason | None:
    """Throughput x mean service time that is not the connections in flight.

    Where connections are closed after each answer, opening the next one takes a part of the time that
    belongs to no request, so less has to be in flight.
    """
    if _littles_law_holds(tally):
        return None
    what = (
        f"goodput x mean service time says {tally.in_flight:.3g} requests were in flight, "
        f"but there were {tally.cell.load.connections} connections"
    )
    remedy = "look for errors, refused connections or pauses, and repeat with fewer connections"
    return Reason("littles-law", what, f"{_longer(tally)}{remedy}")


def outlasted_by(tally: Tally) -> float | None:
    """By what share goodput is too high because some answers take longer than a slice; None if by little.

    A connection that waits for such an answer sends nothing meanwhile, and most of that time lies behind the
    counted window. The whole of it is in the answer's service time, though, so by Little's law more requests
    are in flight than there are connections: by as much as goodput is above what it is without slices.
    """
    if not is_closed_loop(tally.cell.load) or not tally.requests or tally.in_flight is None:
        return None
    excess = tally.in_flight / tally.cell.load.connections - 1
    return excess if excess > OUTLASTED_FROM and longest_ns(tally) > slice_ns(tally) else None


def longest_ns(tally: Tally) -> int:
    """The longest service time of all slices."""
    return max(one.longest_ns for one in tally.slices)


def slice_ns(tally: Tally) -> float:
    """How long a counted window is: the median."""
    return median(one.counted_ns for one in tally.slices)


def _longer(tally: Tally) -> str:
    """That slices are too short, where they are: what runs across their ends is then much of them."""
    counted_ns = slice_ns(tally)
    if outlasted_by(tally) is not None:
        return (
            f"use longer slices (`slice` under `measure`): some answers took up to "
            f"{format_duration(longest_ns(tally))}, longer than the slices of {format_duration(counted_ns)}, "
            "and who waits for one sends no other. Where that does not help, "
        )
    service_time_ns = tally.histogram.quantile_ns(0.5)
    if counted_ns >= RESPONSES_IN_A_SLICE * service_time_ns:
        return ""
    return (
        f"measure longer (`for`): slices of {format_duration(counted_ns)} are short for answers that take "
        f"{format_duration(service_time_ns)}. Where that does not help, "
    )


def both_idle(tally: Tally) -> Reason | None:
    """A server and a generator that both do nothing while the requests are not in flight either.

    Alone, idleness proves nothing: a view that waits for a database leaves both idle. It then is a caveat.
    """
    if not waits(tally) or _littles_law_holds(tally):
        return None
    what = "server and load generator were both idle, so something else held the requests up"
    return Reason("both-idle", what, "look for a limit on connections, a time-out or a proxy between them")


def starved(tally: Tally) -> Reason | None:
    """Connections of which some got next to nothing: goodput is then that of fewer connections."""
    starving = [counts for counts in _unevenly_served(tally) if _starving(counts)]
    if not starving:
        return None
    most = max(starving, key=_starving)
    what = (
        f"{_starving(most)} of {len(most)} connections starved: each got less than a tenth of the mean "
        f"(Jain's index of fairness: {_jain(most):.2f})"
    )
    remedy = "use no more connections than the server has threads, or a server that shares them fairly"
    return Reason("starved", what, remedy)


def unevenness(tally: Tally) -> float | None:
    """Jain's index of fairness in the launch in which it was lowest, where that is low and nobody starved.

    Jain, Chiu, Hawe: *A quantitative measure of fairness and discrimination*, 1984.
    """
    uneven = _unevenly_served(tally)
    if not uneven or starved(tally) is not None:
        return None
    return min(map(_jain, uneven))


def _unevenly_served(tally: Tally) -> list[tuple[int, ...]]:
    """The responses of each connection in the launches that served some far less than others."""
    if not is_closed_loop(tally.cell.load):
        return []
    known = [counts for counts in tally.connections_by_launch.values() if _enough(counts)]
    return [counts for counts in known if _jain(counts) < JAIN_AT_LEAST]


def _starving(counts: tuple[int, ...]) -> int:
    """How many of the connections got next to nothing."""
    mean = sum(counts) / len(counts)
    return sum(count < STARVED_BELOW * mean for count in counts)


def _littles_law_holds(tally: Tally) -> bool:
    if not is_closed_loop(tally.cell.load) or not tally.requests or tally.in_flight is None:
        return True
    within = IN_FLIGHT_WITHIN if tally.keeps_alive else IN_FLIGHT_WITHIN_WHEN_CLOSING
    return abs(tally.in_flight / tally.cell.load.connections - 1) <= within


def _enough(counts: tuple[int, ...]) -> bool:
    return bool(counts) and sum(counts) >= FAIR_FROM_RESPONSES_A_CONNECTION * len(counts)


def _jain(counts: tuple[int, ...]) -> float:
    return sum(counts) ** 2 / (len(counts) * sum(count**2 for count in counts))
