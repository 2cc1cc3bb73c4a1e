"""The table with everything, the machine, and the command that does it again."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.histogram import Histogram
from bench.report.merits import milliseconds
from bench.report.plots.percentiles import supports
from bench.report.standings import Condition, standing
from bench.report.theme import Styles
from bench.report.words import percent
from bench.results.model import Machine, Run
from bench.stats.summary import ArrivalsSummary, CellSummary, Comparison, Interval, Summary
from bench.units import format_bytes, format_duration, format_rate

NOTHING = "\u2013"

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


@dataclass(frozen=True)
class Entry:
    """What stands in one place of the table, with its interval below."""

    text: str
    below: str = ""


@dataclass(frozen=True)
class TableRow:
    """One cell of the run: how it is named, of which app it is, and what stands under each column."""

    name: str
    mark: str
    role: str
    app: str
    valid: bool
    columns: dict[str, Entry]


def table_of(condition: Condition, summary: Summary, styles: Styles) -> tuple[TableRow, ...]:
    """A row for each cell of the condition, app first; every row has the same columns."""
    comparisons = {each.cell: each for each in summary.comparisons if each.cell != each.against}
    rows = []
    for cell in (*condition.app, *condition.floor.values()):
        style = styles[cell.deployment.name]
        place = standing(condition, cell) or _verdict(comparisons.get(cell.cell.id))
        columns = _columns(cell, comparisons.get(cell.cell.id), place)
        app = cell.deployment.app
        rows.append(TableRow(cell.deployment.name, style.mark, style.role, app, cell.valid, columns))
    return tuple(rows)


def percentile_of(histogram: Histogram, share: float) -> str:
    """The percentile in milliseconds; a dash where there are too few durations to speak of it."""
    return milliseconds(histogram.quantile_ns(share)) if supports(histogram.total, share) else NOTHING


def entry(interval: Interval | None, write: Callable[[float], str]) -> Entry:
    """The figure with its interval below; a dash where there is none."""
    if interval is None:
        return Entry(NOTHING)
    return Entry(write(interval.value), f"{write(interval.low)} to {write(interval.high)}")


def machine_of(machine: Machine) -> dict[str, str]:
    """The machine, fact by fact."""
    return {
        "Processor": f"{machine.cpu_model}, {machine.cores} cores",
        "Cores of the servers": _numbers(machine.server_cores),
        "Cores of the generator": _numbers(machine.generator_cores),
        "Memory": format_bytes(machine.memory_bytes),
        "System": f"{machine.distribution}, kernel {machine.kernel}",
        "Hypervisor": machine.hypervisor or "none found",
        "Frequency governor": machine.frequency_governor or "not visible",
    }


def repeat_command(run: Run) -> str:
    """The command that does this run again."""
    return shlex.join(["bench", "run", run.scenario_file, "--seed", str(run.seed)])


def _columns(cell: CellSummary, comparison: Comparison | None, place: str) -> dict[str, Entry]:
    ratio = comparison.ratio if comparison else None
    return {
        "goodput /s": entry(cell.goodput, format_rate),
        **({"median": entry(cell.median_latency_ns, milliseconds)} if cell.cell.load.is_open else {}),
        "to the best": entry(ratio, lambda value: f"{value:.3f}"),
        "place": Entry(place or NOTHING),
        **{name: Entry(percentile_of(cell.histogram, share)) for name, share in PERCENTILES.items()},
        "max": Entry(milliseconds(cell.longest_ns) if cell.requests else NOTHING),
        "requests": Entry(f"{cell.requests:,}"),
        **(_arrivals(cell.arrivals) if cell.cell.load.is_open else {}),
        "errors": Entry(_errors(cell.errors)),
        "CPU us": entry(cell.cpu_us_per_request, lambda value: f"{value:,.1f}"),
        "memory": Entry(NOTHING if cell.memory_bytes is None else format_bytes(cell.memory_bytes)),
        "start-up": Entry(format_duration(median(cell.start_up_ns)) if cell.start_up_ns else NOTHING),
        "generator": Entry(NOTHING if cell.generator_busy is None else percent(cell.generator_busy)),
        "keep-alive": Entry("yes" if cell.keeps_alive else "no"),
    }


def _verdict(comparison: Comparison | None) -> str:
    return comparison.verdict if comparison else ""


def _arrivals(arrivals: ArrivalsSummary | None) -> dict[str, Entry]:
    """What was due, and how late the generator sent it."""
    if arrivals is None:
        return dict.fromkeys(("due", "waited", "unsent", "sent late"), Entry(NOTHING))
    half, most = (format_duration(arrivals.late.quantile_ns(share)) for share in (0.5, 0.99))
    return {
        "due": Entry(f"{arrivals.due:,}"),
        "waited": Entry(f"{arrivals.waited:,}"),
        "unsent": Entry(f"{arrivals.unsent:,}"),
        "sent late": Entry(half, f"p99 {most}, max {format_duration(arrivals.latest_ns)}"),
    }


def _errors(errors: dict[str, int]) -> str:
    found = [f"{count:,} {kind}" for kind, count in errors.items() if count]
    return ", ".join(found) or "0"


def _numbers(cores: tuple[int, ...]) -> str:
    return ", ".join(str(core) for core in cores) or NOTHING
