"""A single load as an HdrHistogram log (.hlog)."""

from bench import __version__
from bench.conductor.single_load.single_load import SingleLoad
from bench.export.hlog_lines import head, interval
from bench.units import NS_PER_S


def hlog(load: SingleLoad) -> bytes:
    """The log: one interval, the counted window. Values in nanoseconds, its longest in milliseconds."""
    outcome = load.outcome
    what = "latency" if load.order.level.is_open else "service time"
    lines = (
        *head(
            f"{what} in nanoseconds: {load.method} {load.url}, {load.order.level.label}, bench {__version__}",
            load.counted_from,
        ),
        interval(outcome.counted_ns / NS_PER_S, outcome.longest_ns, outcome.histogram),
    )
    return ("\n".join(lines) + "\n").encode()
