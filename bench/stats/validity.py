"""Why a cell's numbers cannot be trusted: each rule looks at a tally and gives its reason, or nothing.

Every rule stands for a mistake that was once published; `docs/json-summary.md` lists the codes.
"""

from collections.abc import Callable, Sequence

from bench.stats.summary import Reason
from bench.stats.tally import Tally
from bench.units import NS_PER_MS

ERRORS_AT_MOST = 0.001
GENERATOR_BUSY_AT_MOST = 0.90
IN_FLIGHT_WITHIN = 0.10
IN_FLIGHT_WITHIN_WHEN_CLOSING = 0.25
IDLE_BELOW = 0.05
STALL_NS = (38 * NS_PER_MS, 46 * NS_PER_MS)
STALL_SERVER_BUSY_BELOW = 0.90
JAIN_AT_LEAST = 0.9
FAIR_FROM_RESPONSES_A_CONNECTION = 20

Rule = Callable[[Tally], Reason | None]


def reasons(tally: Tally) -> tuple[Reason, ...]:
    """Everything that speaks against a cell's numbers; nothing if the cell is valid."""
    found = (rule(tally) for rule in RULES)
    return tuple(reason for reason in found if reason is not None)


def waits(tally: Tally) -> bool:
    """Whether server and generator were both idle: a view that waits, or a stall nobody has explained."""
    server, generator = tally.server_busy, tally.generator_busy
    return server is not None and generator is not None and max(server, generator) < IDLE_BELOW


def failed(tally: Tally) -> Reason | None:
    """A server that did not start."""
    return _failure(
        tally, "start", "failed", "the server did not start", "read its log and correct its options"
    )


def answers_differ(tally: Tally) -> Reason | None:
    """Answers that are not what the scenario expects, or not those of the other deployments."""
    if not tally.rejected:
        return None
    what = f"the answer was not accepted in launch {_listed(tally.rejected)}: {tally.rejected[0][1]}"
    remedy = "make every deployment give the same answer, or correct `expect:` in the scenario"
    return Reason("answers-differ", what, remedy)


def died(tally: Tally) -> Reason | None:
    """A server process that ended under load."""
    remedy = "read its log; a crash, a memory limit or a time limit of the server are the usual causes"
    return _failure(tally, "died", "died", "a server process died", remedy)


def worker(tally: Tally) -> Reason | None:
    """A worker that ended and was replaced, so that part of the time a smaller server was measured."""
    remedy = "read its log, and turn off recycling of workers or raise the worker time limit"
    return _failure(tally, "worker", "worker", "a worker process was replaced", remedy)


def no_requests(tally: Tally) -> Reason | None:
    """Nothing to make a number of."""
    if tally.failed or tally.requests:
        return None
    remedy = "look at the errors if there are any; otherwise measure longer or with longer slices"
    return Reason("no-requests", "not one verified response was counted", remedy)


def errors(tally: Tally) -> Reason | None:
    """More errors than a good number allows."""
    count = sum(tally.errors.values())
    total = tally.answered + count
    if count <= ERRORS_AT_MOST * total:
        return None
    kinds = ", ".join(f"{number} {kind}" for kind, number in tally.errors.items() if number)
    share, limit = 100 * count / total, 100 * ERRORS_AT_MOST
    what = f"{share:.3g} % of the answers were errors ({kinds}); the limit is {limit:g} %"
    return Reason("errors", what, "mend the app or the server's limits; what fails fast is not fast")


def generator_bound(tally: Tally) -> Reason | None:
    """A number that is the load generator's, not the server's."""
    busy = tally.generator_busy
    if busy is None or busy <= GENERATOR_BUSY_AT_MOST:
        return None
    what = (
        f"the load generator was busy {100 * busy:.0f} % of the time, so the server may be faster than this"
    )
    remedy = "give the generator a core of its own, or the servers fewer cores"
    return Reason("generator-bound", what, remedy)


def littles_law(tally: Tally) -> Reason | None:
    """Throughput x mean service time that is not the connections in flight.

    Where connections are closed after each answer, opening the next one takes a part of the time that
    belongs to no request, so less has to be in flight.
    """
    if _littles_law_holds(tally):
        return None
    what = (
        f"goodput x mean service time says {tally.in_flight:.3g} requests were in flight, "
        f"but there were {tally.cell.connections} connections"
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


def stall(tally: Tally) -> Reason | None:
    """Delayed acknowledgement against Nagle's algorithm: every answer waits for the 40 ms timer.

    A server whose CPU is full may well take 40 ms for each of many connections; that is a queue.
    """
    low_ns, high_ns = STALL_NS
    median_ns, p99_ns = tally.histogram.quantile_ns(0.5), tally.histogram.quantile_ns(0.99)
    busy = tally.server_busy
    if not low_ns <= median_ns <= p99_ns <= high_ns or (busy is not None and busy >= STALL_SERVER_BUSY_BELOW):
        return None
    what = (
        "the median and the 99th percentile both sit at 40 ms: the delayed-ACK timer, not the server's work"
    )
    remedy = "have the server send each answer in one piece or set TCP_NODELAY; let no view sleep for 40 ms"
    return Reason("stall-40ms", what, remedy)


def keep_alive(tally: Tally) -> Reason | None:
    """Connections that were kept or closed against what the configuration promises."""
    promised = tally.deployment.promises_keep_alive
    if tally.observed_keep_alive <= {promised}:
        return None
    promise, fact = ("kept", "closed") if promised else ("closed", "kept")
    what = f"connections should be {promise} after an answer, but were {fact}"
    return Reason(
        "keep-alive", what, "correct the server's keep-alive options, or look for a header that ends it"
    )


def starved(tally: Tally) -> Reason | None:
    """Connections of which some were served far less than others (Jain's index of fairness)."""
    fair = [counts for counts in tally.connections_by_launch.values() if _enough(counts)]
    lowest = min((_jain(counts) for counts in fair), default=1.0)
    if lowest >= JAIN_AT_LEAST:
        return None
    what = f"some connections starved: Jain's index of fairness is {lowest:.2f}, below {JAIN_AT_LEAST}"
    remedy = "use no more connections than the server has threads, or a server that shares them fairly"
    return Reason("starved", what, remedy)


RULES: tuple[Rule, ...] = (
    failed, answers_differ, died, worker, no_requests, errors,
    generator_bound, littles_law, both_idle, stall, keep_alive, starved,
)  # fmt: skip


def _failure(tally: Tally, failure: str, code: str, what: str, remedy: str) -> Reason | None:
    """One reason for all launches that ended in this failure."""
    hit = [
        (number, one.failure) for number, one in tally.launched if one.failure and one.failure.code == failure
    ]
    if not hit:
        return None
    return Reason(code, f"{what} in launch {_listed(hit)}: {hit[0][1].what}", remedy)


def _listed(launches: Sequence[tuple[int, object]]) -> str:
    return ", ".join(str(number) for number, _ in launches)


def _littles_law_holds(tally: Tally) -> bool:
    if not tally.requests or tally.in_flight is None:
        return True
    within = IN_FLIGHT_WITHIN if tally.keeps_alive else IN_FLIGHT_WITHIN_WHEN_CLOSING
    return abs(tally.in_flight / tally.cell.connections - 1) <= within


def _enough(counts: tuple[int, ...]) -> bool:
    return bool(counts) and sum(counts) >= FAIR_FROM_RESPONSES_A_CONNECTION * len(counts)


def _jain(counts: tuple[int, ...]) -> float:
    return sum(counts) ** 2 / (len(counts) * sum(count**2 for count in counts))
