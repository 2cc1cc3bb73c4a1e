"""Findings: a figure, its interval, and the bar the project has set for it; as Markdown or plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.stats.summary import Interval
from bench.units import format_duration


@dataclass(frozen=True)
class Bar:
    """What a figure must reach: a lowest and a highest value, and how a reader is told."""

    shown: str
    lowest: float = float("-inf")
    highest: float = float("inf")

    def met_by(self, value: float) -> bool:
        """Whether the value is between the two."""
        return self.lowest <= value <= self.highest


@dataclass(frozen=True)
class Finding:
    """One figure: what it is, how a reader is told, and the bar where there is one."""

    what: str
    value: float
    shown: str
    interval: Interval | None = None
    bar: Bar | None = None

    @property
    def met(self) -> bool | None:
        """Whether the value meets the bar; None without one."""
        return None if self.bar is None else self.bar.met_by(self.value)

    def document(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "what": self.what,
            "value": self.value,
            "low": self.interval.low if self.interval else None,
            "high": self.interval.high if self.interval else None,
            "bar": self.bar.shown if self.bar else None,
            "met": self.met,
        }


@dataclass(frozen=True)
class Findings:
    """All a benchmark found: how it was taken, in a sentence, the findings, and tables beside them."""

    benchmark: str
    taken: str
    findings: Sequence[Finding]
    tables: Sequence[str] = ()
    raw: dict[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        """The findings as a reader gets them."""
        rows = [
            (one.what, one.shown, one.bar.shown if one.bar else "", _MET[one.met]) for one in self.findings
        ]
        return "\n\n".join((self.taken, table(("", "found", "bar", ""), rows), *self.tables))

    def document(self) -> dict[str, Any]:
        """The findings as plain values; `raw` holds the figure of every turn."""
        return {
            "benchmark": self.benchmark,
            "taken": self.taken,
            "findings": [one.document() for one in self.findings],
            "raw": self.raw,
        }


_MET = {True: "met", False: "**missed**", None: ""}


def ratio_finding(what: str, ratio: Interval, bar: Bar | None = None) -> Finding:
    """A ratio and its interval."""
    shown = f"{three_digits(ratio.value)} ({three_digits(ratio.low)} to {three_digits(ratio.high)})"
    return Finding(what, ratio.value, shown, ratio, bar)


def duration_finding(what: str, duration_ns: Interval, bar: Bar | None = None) -> Finding:
    """A duration in nanoseconds, as its bar is, and its interval."""
    value, low, high = (
        format_duration(one) for one in (duration_ns.value, duration_ns.low, duration_ns.high)
    )
    return Finding(what, duration_ns.value, f"{value} ({low} to {high})", duration_ns, bar)


def percentages(ratio: Interval) -> str:
    """A ratio near 1 and its interval as what is gained or lost: `-4.8 % (-5.3 to -4.2)`."""
    value, low, high = (f"{100 * (one - 1):+.1f}" for one in (ratio.value, ratio.low, ratio.high))
    return f"{value} % ({low} to {high})"


def half_width(ratio: Interval) -> float:
    """Half the interval of a ratio, as a share of the ratio."""
    return (ratio.high - ratio.low) / 2 / ratio.value


def three_digits(value: float) -> str:
    """A ratio as a person reads it: `0.934`, `1.02`, `18.3`."""
    return f"{value:#.3g}" if value < 100 else f"{value:,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, whose columns line up in the source as well."""
    cells = [[text.replace("|", "\\|") for text in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)
