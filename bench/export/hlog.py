"""A single load as an HdrHistogram log (.hlog), which the tools of http://hdrhistogram.org read.

The `hdrh` package has a writer of this format. It rounds the longest duration of an interval down to whole
milliseconds, which is 0 for most servers on loopback, so the few lines are written here.
"""

from bench import __version__
from bench.conductor.single_load import SingleLoad
from bench.units import NS_PER_MS, NS_PER_S

_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def hlog(load: SingleLoad) -> bytes:
    """The log: one interval, the counted window. Values in nanoseconds, its longest in milliseconds."""
    outcome = load.outcome
    what = "latency" if load.order.level.is_open else "service time"
    began_s = load.counted_from.timestamp()
    lines = (
        f"#[{what} in nanoseconds: {load.method} {load.url}, {load.order.level.label}, bench {__version__}]",
        "#[Histogram log format version 1.2]",
        f"#[StartTime: {began_s:.3f} (seconds since epoch), {load.counted_from.isoformat(' ', 'seconds')}]",
        f"#[BaseTime: {began_s:.3f} (seconds since epoch)]",
        _LEGEND,
        f"0.000,{outcome.counted_ns / NS_PER_S:.3f},{outcome.longest_ns / NS_PER_MS:.3f},{outcome.histogram}",
    )
    return ("\n".join(lines) + "\n").encode()
