"""Durations, rates, shares and sizes: reading what a person writes, writing what a person reads.

Inside the program a duration is an integer number of nanoseconds; text is for people only.
"""

import math
import re
from decimal import Decimal

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

_NS_PER_UNIT = {
    "ns": 1,
    "us": NS_PER_US,
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
_DURATION = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*(ns|us|ms|s|m|h)")
# 324 decimals: as many as the shortest text of any floating-point number has.
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,324})?)\s*/\s*(s|min)")
_S_PER_UNIT = {"s": 1, "min": 60}


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of a duration written with its unit: `250ms`, `30s`, `1.5m`, `2h`.

    Raises ValueError where there is no unit, a sign, or nothing that is a duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number with its unit, such as 30s or 250ms")
    return round(Decimal(match[1]) * _NS_PER_UNIT[match[2]])


def write_duration(duration_ns: int) -> str:
    """The duration as a person would write it in a scenario, without loss: `60s`, `250ms`, `90s`."""
    for unit in ("s", "ms", "us"):
        if duration_ns % _NS_PER_UNIT[unit] == 0:
            return f"{duration_ns // _NS_PER_UNIT[unit]}{unit}"
    return f"{duration_ns}ns"


def parse_rate_per_s(text: str) -> float:
    """How often a second something is, from a rate written with its unit: `500/s`, `0.5/s`, `90/min`.

    Raises ValueError where there is no unit, a sign, or nothing that is a rate.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a rate; write a number with its unit, such as 500/s or 90/min")
    return float(match[1]) / _S_PER_UNIT[match[2]]


def write_rate(per_second: float) -> str:
    """The rate, below 10^9 a second, as a person would write it, without loss: `500/s`, `100/min`."""
    short = (f"{per_second:.12g}/s", f"{60 * per_second:.12g}/min")
    return next((text for text in short if _is_rate(text, per_second)), f"{Decimal(repr(per_second)):f}/s")


def _is_rate(text: str, per_second: float) -> bool:
    return _RATE.fullmatch(text) is not None and parse_rate_per_s(text) == per_second


def format_duration(duration_ns: float) -> str:
    """A duration in the unit that reads best, to three digits: `1.25 ms`, `42 s`, `2 min 5 s`."""
    if not math.isfinite(duration_ns):
        return "-"
    if duration_ns < NS_PER_MS:
        return f"{_three_digits(duration_ns / NS_PER_US)} us"
    if duration_ns < NS_PER_S:
        return f"{_three_digits(duration_ns / NS_PER_MS)} ms"
    if duration_ns < 60 * NS_PER_S:
        return f"{_three_digits(duration_ns / NS_PER_S)} s"
    minutes, seconds = divmod(round(duration_ns / NS_PER_S), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def format_rate(per_second: float) -> str:
    """A rate a second as a whole number with thousands separated: `12,345`."""
    return f"{per_second:,.0f}" if per_second >= 100 else _three_digits(per_second)


def format_bytes(size: float) -> str:
    """A size in MB (10^6 bytes), as memory figures are shown everywhere in the project."""
    return f"{size / 1e6:,.1f} MB"


def _three_digits(value: float) -> str:
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
