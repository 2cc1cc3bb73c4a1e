"""A single load on the terminal: what is about to be done, and what came of it."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.conductor.single_load.load_verdict import notes, reasons
from bench.conductor.single_load.single_load import LoadOrder, SingleLoad
from bench.histogram import Histogram
from bench.units import NS_PER_S, format_duration, format_rate

WIDTH_WITHOUT_TERMINAL = 200
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


def print_head(console: Console, url: str, method: str, order: LoadOrder) -> None:
    """Say what is asked, how hard and for how long."""
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    level = order.level
    at_most = f" on at most {level.connections} connections" if level.is_open else ""
    ramp = f" after {format_duration(order.ramp_ns)} of ramp" if order.ramp_ns else ""
    console.print(Text(f"{method} {url}", "bold"), soft_wrap=True)
    console.print(f"{level.label}{at_most}, {format_duration(order.counted_ns)}{ramp}\n", markup=False)


def print_load(console: Console, load: SingleLoad) -> None:
    """Print the figures, then what speaks against them and what else to know."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value, more in _rows(load):
        table.add_row(Text(name, "dim"), Text(value, "bold"), Text(more))
    console.print(table)
    for reason in reasons(load):
        console.print(Text(f"not valid: {reason.what}\n  {reason.remedy}", "bold red"), soft_wrap=True)
    for note in notes(load):
        console.print(Text(f"note: {note}", "yellow"), soft_wrap=True)


def _rows(load: SingleLoad) -> list[tuple[str, str, str]]:
    outcome = load.outcome
    goodput = outcome.requests * NS_PER_S / outcome.counted_ns
    histogram = Histogram.decode(outcome.histogram)
    median, *others = (f"{name} {_shown(histogram, share)}" for name, share in _QUANTILES.items())
    longest = f"max {format_duration(outcome.longest_ns)}" if outcome.requests else "max -"
    rows = [
        ("goodput", f"{format_rate(goodput)}/s",
         f"{outcome.requests:,} right answers in {format_duration(outcome.counted_ns)}"),
        ("latency" if load.order.level.is_open else "service time", median, "   ".join((*others, longest))),
    ]  # fmt: skip
    rows += _arrival_rows(load)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(outcome.errors.items()))
    rows.append(("errors", f"{load.error_count:,}", kinds))
    rows.append(("generator", f"{100 * load.generator_busy:.0f} % busy", _how(load)))
    return rows


def _arrival_rows(load: SingleLoad) -> list[tuple[str, str, str]]:
    arrivals = load.outcome.arrivals
    if arrivals is None:
        return []
    late = Histogram.decode(arrivals.late)
    latest = f"max {format_duration(arrivals.latest_ns)}" if late.total else "max -"
    return [
        ("arrivals", f"{arrivals.due:,} due", f"{arrivals.waited:,} waited   {arrivals.unsent:,} unsent"),
        ("sent late by", f"p50 {_shown(late, 0.5)}", f"p99 {_shown(late, 0.99)}   {latest}"),
    ]


def _how(load: SingleLoad) -> str:
    opened = load.outcome.connections_opened
    processes = f"{load.order.processes} processes, " if load.order.processes > 1 else ""
    doing = "polling" if load.polls else "sleeping between answers"
    return f"{processes}{doing}   {opened:,} connection{'' if opened == 1 else 's'} opened"


def _shown(histogram: Histogram, share: float) -> str:
    return format_duration(histogram.quantile_ns(share))
