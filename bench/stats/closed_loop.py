"""What must hold in a closed loop, in which a connection sends when its answer came and nothing else waits.

Neither a fixed rate nor the users of a locustfile keep every connection busy: these rules pass over them.
"""

from bench.results.model import LoadLevel
from bench.stats.summary import Reason
from bench.stats.tally import Tally

IN_FLIGHT_WITHIN = 0.10
IN_FLIGHT_WITHIN_WHEN_CLOSING = 0.25
IDLE_BELOW = 0.05
JAIN_AT_LEAST = 0.9
FAIR_FROM_RESPONSES_A_CONNECTION = 20


def is_closed_loop(load: LoadLevel) -> bool:
    """Whether the server alone sets the pace: no rate does, and no user that may pause."""
    return not load.is_open and load.locustfile is None


def may_queue(tally: Tally) -> bool:
    """Whether more requests may be out than the server works on at a time, where that is known."""
    at_a_time = tally.deployment.processes * tally.deployment.threads
    return 0 < at_a_time < tally.cell.load.connections


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
    return Reason("littles-law", what, remedy)


def both_idle(tally: Tally) -> Reason | None:
    """A server and a generator that both do nothing while the requests are not in flight either.

    Alone, idleness proves nothing: a view that waits for a database leaves both idle. It then is a caveat.
    """
    if not waits(tally) or _littles_law_holds(tally):
        return None
    what = "server and load generator were both idle, so something else held the requests up"
    return Reason("both-idle", what, "look for a limit on connections, a time-out or a proxy between them")


def starved(tally: Tally) -> Reason | None:
    """Connections of which some were served far less than others (Jain's index of fairness)."""
    if not is_closed_loop(tally.cell.load):
        return None
    fair = [counts for counts in tally.connections_by_launch.values() if _enough(counts)]
    lowest = min((_jain(counts) for counts in fair), default=1.0)
    if lowest >= JAIN_AT_LEAST:
        return None
    what = f"some connections starved: Jain's index of fairness is {lowest:.2f}, below {JAIN_AT_LEAST}"
    remedy = "use no more connections than the server has threads, or a server that shares them fairly"
    return Reason("starved", what, remedy)


def _littles_law_holds(tally: Tally) -> bool:
    if not is_closed_loop(tally.cell.load) or not tally.requests or tally.in_flight is None:
        return True
    within = IN_FLIGHT_WITHIN if tally.keeps_alive else IN_FLIGHT_WITHIN_WHEN_CLOSING
    return abs(tally.in_flight / tally.cell.load.connections - 1) <= within


def _enough(counts: tuple[int, ...]) -> bool:
    return bool(counts) and sum(counts) >= FAIR_FROM_RESPONSES_A_CONNECTION * len(counts)


def _jain(counts: tuple[int, ...]) -> float:
    return sum(counts) ** 2 / (len(counts) * sum(count**2 for count in counts))
