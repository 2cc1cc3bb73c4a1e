"""What may be said of a single load: why its numbers cannot be trusted, and what to know beside them.

The rules are those for the cells of a run. Of a target that is somebody else's, fewer are decisive: whether
it is fair to its connections, say, is worth knowing, and its goodput is what it is.
"""

from collections.abc import Iterator
from dataclasses import replace

from bench.conductor.single_load.single_load import SingleLoad
from bench.results.model import Cell, Deployment, Slice
from bench.stats import validity
from bench.stats.open_loop import waited_share
from bench.stats.summary import Reason
from bench.stats.tally import Tally

WAITED_WORTH_A_WORD = 0.01
_NAME = "target"
_REMEDIES = {
    "no-requests": "look at the errors if there are any; otherwise use a longer --duration",
    "generator-bound": "this number is the generator's: use more --processes, on a machine with more cores",
    "overloaded": "lower the --rate, or give the server more workers or threads",
    "sent-late": "keep the machine quiet, use more --processes, or lower the --rate",
}
DECISIVE = frozenset({"errors", *_REMEDIES})


def reasons(load: SingleLoad) -> tuple[Reason, ...]:
    """Everything that speaks against the numbers; nothing where they are valid."""
    return tuple(_worded(one, load) for one in validity.reasons(_tally(load)) if one.code in DECISIVE)


def notes(load: SingleLoad) -> Iterator[str]:
    """What a reader should know beside the numbers, a sentence or two each."""
    for one in validity.reasons(_tally(load)):
        if one.code not in DECISIVE:
            yield f"{one.what}; {one.remedy}"
    if load.wrong_at_first:
        yield f"before the load the answer was wrong, so no body is verified: {load.wrong_at_first}"
    yield from _about_waiting(load)
    if _closes_connections(load):
        yield "the target closes its connections; what opening them takes is part of no duration"
    if load.order.processes > (cores := len(load.cores)):
        yield f"{load.order.processes} generator processes shared {cores} core{'' if cores == 1 else 's'}"


def _about_waiting(load: SingleLoad) -> Iterator[str]:
    arrivals = _tally(load).arrivals
    if arrivals is not None and waited_share(arrivals) > WAITED_WORTH_A_WORD:
        yield (
            f"{arrivals.waited:,} of {arrivals.due:,} requests waited until one of "
            f"{load.order.level.connections} connections was free, which is part of their latency; "
            "a target that can do more at once wants more --connections"
        )


def _worded(reason: Reason, load: SingleLoad) -> Reason:
    """The reason, with the remedies there are on this command line."""
    remedy = _remedy_for_errors(load) if reason.code == "errors" else _REMEDIES[reason.code]
    return replace(reason, remedy=remedy)


def _remedy_for_errors(load: SingleLoad) -> str:
    errors = load.outcome.errors
    most = max(errors, key=lambda kind: errors[kind])
    if most in ("body", "length"):
        return "bodies are not always that of the first answer; if that is right, say --expect-body any"
    if most.startswith("status "):
        return "mend what fails, or say with --expect-status which status is right"
    if most == "out of ports":
        return "this machine has no ports left; use fewer connections, or a target that keeps them open"
    return "the target's log may tell why; limits on connections and time-outs are the usual causes"


def _closes_connections(load: SingleLoad) -> bool:
    """Whether connections were mostly used for one answer."""
    outcome = load.outcome
    return 2 * outcome.connections_opened > outcome.answered > 2 * load.order.level.connections


def _tally(load: SingleLoad) -> Tally:
    """The load as if it were the only slice of a run with one cell."""
    deployment = Deployment(
        id=_NAME,
        name=_NAME,
        server="",
        app="app",
        version="",
        parts=(),
        processes=0,
        threads=0,
        promises_keep_alive=not _closes_connections(load),
    )
    cell = Cell(id=_NAME, deployment=_NAME, request=load.method, load=load.order.level)
    measured = Slice(cell=_NAME, server_cpu_ns=None, **load.outcome.to_message())
    return Tally(cell, deployment, (), (), blocks=((1, 1),), slices=(measured,))
