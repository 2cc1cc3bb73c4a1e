"""The lines of an HdrHistogram log (.hlog), which the tools of http://hdrhistogram.org read.

The `hdrh` package has a writer of this format. It rounds the longest duration of an interval down to whole
milliseconds, which is 0 for most servers on loopback, so the few lines are written here.
"""

import re
from datetime import datetime

from bench.units import NS_PER_MS

_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
_NOT_IN_A_TAG = re.compile(r"[^!-~]+")


def head(what: str, began: datetime) -> tuple[str, ...]:
    """The lines before the first interval: what was measured, and when it began."""
    began_s = began.timestamp()
    return (
        f"#[{what}]",
        "#[Histogram log format version 1.2]",
        f"#[StartTime: {began_s:.3f} (seconds since epoch), {began.isoformat(' ', 'seconds')}]",
        f"#[BaseTime: {began_s:.3f} (seconds since epoch)]",
        _LEGEND,
    )


def interval(length_s: float, longest_ns: int, encoded: str, tag: str = "") -> str:
    """One interval from the beginning on. In its tag, for which the format has no escapes, `_` is a space."""
    opening = f"Tag={tag_of(tag)}," if tag else ""
    return f"{opening}0.000,{length_s:.3f},{longest_ns / NS_PER_MS:.3f},{encoded}"


def tag_of(text: str) -> str:
    """The text as a tag can hold it: neither spaces nor commas."""
    return _NOT_IN_A_TAG.sub("_", text.replace(",", ";"))
