"""Why a cell's numbers cannot be trusted: each rule looks at a tally and gives its reason, or nothing.

Every rule stands for a mistake that was once published; `docs/json-summary.md` lists the codes. Those of one
kind of load alone stand in `closed_loop.py` and `open_loop.py`; they find nothing in cells of another kind.
"""

from collections.abc import Callable, Sequence

from bench.stats import closed_loop, open_loop, steal
from bench.stats.summary import Reason
from bench.stats.tally import Tally
from bench.units import NS_PER_MS, NS_PER_S, format_rate

ERRORS_AT_MOST = 0.001
GENERATOR_BUSY_AT_MOST = 0.90
CEILING_ROOM = 1.5  # the generator must be able to take so many times what a server gives
STALL_P25_NS = (38 * NS_PER_MS, 49 * NS_PER_MS)  # the timer is 40 ms and up to two ticks of 4 ms
STALL_P90_AT_MOST_NS = 56 * NS_PER_MS  # it is never early, but late where other work holds the core
STALL_SERVER_BUSY_BELOW = 0.90

_MORE_CORES = "give the generator a core of its own, or the servers fewer cores"
_MORE_GENERATORS = (
    "use more processes with `generators` under `measure`, each on a core of its own, or ask for something "
    "that is more work"
)
_LESS_WORK = (
    "stock Locust users take about 200 us of CPU time a request: use fewer of them, or `ConnectionUser`, or "
    "more processes with `generators` under `measure`"
)

Rule = Callable[[Tally], Reason | None]


def reasons(tally: Tally) -> tuple[Reason, ...]:
    """Everything that speaks against a cell's numbers; nothing if the cell is valid."""
    found = (rule(tally) for rule in RULES)
    return tuple(reason for reason in found if reason is not None)


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
    """A worker that was replaced or stopped, so that part of the time a smaller server was measured."""
    remedy = "read its log, and turn off recycling of workers or raise the worker time limit"
    return _failure(tally, "worker", "worker", "a worker process was replaced or stopped", remedy)


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
    return Reason("errors", what, _remedy_of(max(tally.errors, key=tally.errors.__getitem__)))


def _remedy_of(kind: str) -> str:
    """What to do about errors most of which are of this kind."""
    if kind in ("body", "length"):
        return (
            "where it is right that bodies differ, write `expect: {body: any}`, or better what is in each; "
            "where not, look for what the app keeps between requests"
        )
    if kind == "status 429":
        return "the app limits how often it may be asked: switch that off for the run"
    return "mend the app or the server's limits; what fails fast is not fast"


def generator_bound(tally: Tally) -> Reason | None:
    """A number that is the load generator's, not the server's."""
    return _generator_busy(tally) or _near_ceiling(tally)


def _generator_busy(tally: Tally) -> Reason | None:
    busy = tally.generator_busy
    if busy is None or busy <= GENERATOR_BUSY_AT_MOST:
        return None
    what = (
        f"the load generator was busy {100 * busy:.0f} % of the time, so the server may be faster than this"
    )
    remedy = _MORE_GENERATORS if tally.has_own_cores else _MORE_CORES
    return Reason("generator-bound", what, _LESS_WORK if tally.cell.load.locustfile else remedy)


def _near_ceiling(tally: Tally) -> Reason | None:
    """A goodput not far below what the generator could take at most, from a target that does next to nothing.

    At a rate the generator does other work, and users of a locustfile do theirs: neither has this ceiling.
    """
    counted_ns = sum(one.counted_ns for one in tally.slices)
    ceiling_per_s = tally.ceiling_per_s
    if ceiling_per_s is None or not counted_ns or not closed_loop.is_closed_loop(tally.cell.load):
        return None
    goodput_per_s = tally.requests * NS_PER_S / counted_ns
    if goodput_per_s * CEILING_ROOM <= ceiling_per_s:
        return None
    what = (
        f"it gave {format_rate(goodput_per_s)} answers a second, and the load generator can take no more "
        f"than {format_rate(ceiling_per_s)} here, so the server may be faster than this"
    )
    return Reason("generator-bound", what, _MORE_GENERATORS)


def processes(tally: Tally) -> Reason | None:
    """A server that is not as many processes as it was configured to be: more or less can work at once."""
    expected = tally.deployment.expected_processes
    started = [(number, one) for number, one in tally.launched if one.failure is None]
    hit = [(number, one) for number, one in started if one.processes not in (None, expected)]
    if expected is None or not hit:
        return None
    counts = _or_listed(sorted({one.processes for _, one in hit if one.processes is not None}))
    what = (
        f"it was {counts} {'process' if counts == '1' else 'processes'} in launch {_listed(hit)}, where "
        f"the configuration makes {expected}"
    )
    remedy = (
        "say with `processes:` how many workers there are, not with the server's own `options:`; where none "
        "of them does, read its log for workers that did not start, or look for processes that the app starts"
    )
    return Reason("processes", what, remedy)


def stall(tally: Tally) -> Reason | None:
    """Delayed acknowledgement against Nagle's algorithm: answers wait for the 40 ms timer.

    Where requests may have to queue for a thread, 40 ms may as well be their turn: that is no reason, but
    a caveat.
    """
    if not takes_40_ms(tally) or closed_loop.may_queue(tally):
        return None
    what = "fast and slow answers alike take just over 40 ms: the delayed-ACK timer, not the server's work"
    remedy = "have the server send each answer in one piece or set TCP_NODELAY; let no view sleep for 40 ms"
    return Reason("stall-40ms", what, remedy)


def takes_40_ms(tally: Tally) -> bool:
    """Whether most answers take just over 40 ms though the server has time to spare.

    Not quite all do in a stall: on a connection that is new or was idle, the first are acknowledged at once.
    A server whose CPU is full may well take 40 ms for each of many connections.
    """
    low_ns, high_ns = STALL_P25_NS
    p25_ns, p90_ns = tally.histogram.quantile_ns(0.25), tally.histogram.quantile_ns(0.9)
    if not low_ns <= p25_ns <= high_ns or p90_ns > STALL_P90_AT_MOST_NS:
        return False
    busy = tally.server_busy
    return busy is None or busy < STALL_SERVER_BUSY_BELOW


def keep_alive(tally: Tally) -> Reason | None:
    """Connections that were kept or closed against what the configuration promises."""
    promised, observed = tally.deployment.promises_keep_alive, tally.observed_keep_alive
    if len(observed) < 2 and (promised is None or observed <= {promised}):
        return None
    if promised is None:
        what = "connections were kept after an answer in some launches, and closed in others"
        return Reason("keep-alive", what, "look in its log for what made it close them")
    promise, fact = ("kept", "closed") if promised else ("closed", "kept")
    what = f"connections should be {promise} after an answer, but were {fact}"
    return Reason(
        "keep-alive", what, "correct the server's keep-alive options, or look for a header that ends it"
    )


RULES: tuple[Rule, ...] = (
    failed, answers_differ, died, worker, processes, no_requests, errors, generator_bound,
    closed_loop.littles_law, closed_loop.both_idle, open_loop.overloaded, open_loop.sent_late,
    stall, keep_alive, closed_loop.starved, steal.stolen,
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


def _or_listed(counts: Sequence[int]) -> str:
    return " or ".join(str(count) for count in counts)
