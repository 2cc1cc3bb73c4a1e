"""The end of a run on the terminal: who is best, by how much, how sure that is, and what it would gain."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.requirements import print_requirements
from bench.results.model import LoadLevel
from bench.stats.caveats import condition
from bench.stats.merit import merit_of
from bench.stats.noise import sentence as noise_sentence
from bench.stats.split import sentence
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.units import format_duration, format_rate

_WORDS = ("deployment", "request", "")  # columns of text, which stand on the left


def print_ranking(summary: Summary, console: Console) -> None:
    """Print a ranking for each group of cells that may be compared, what is required, and what to know."""
    cells = {cell.cell.id: cell for cell in summary.cells}
    comparisons = {comparison.cell: comparison for comparison in summary.comparisons}
    groups = [[cells[key] for key in ids] for ids in summary.ranking]
    for group in groups:
        if group[0].deployment.app == "app":
            console.print(_ranking(group, comparisons))
            if any(cell.by_request for cell in group):
                console.print(_requests(group))
            if len(groups) > 1:
                console.print()
    names = {cell.deployment.id: cell.deployment.name for cell in summary.cells}
    if (noise := summary.noise) is not None:
        text = f"noise here: {noise_sentence(noise, names[noise.deployment])}"
        console.print(Text(text, "dim"), soft_wrap=True)
    several = len({(split.request, split.load) for split in summary.split}) > 1
    for split in summary.split:
        opening = f"{condition(split.request, split.load)}: " if several else ""
        console.print(Text(opening + sentence(split, names[split.deployment])), soft_wrap=True)
    print_requirements(summary, console)
    for warning in summary.warnings:
        console.print(Text(f"note: {warning}", "yellow"), soft_wrap=True)


def _ranking(group: Sequence[CellSummary], comparisons: dict[str, Comparison]) -> Table:
    first = group[0]
    mode = "keeping connections" if first.keeps_alive else "closing every connection"
    columns = ("deployment", *_figures_of(first.cell.load), "CPU")
    table = _table(f"{condition(first.cell.request, first.cell.load)}, {mode}", columns)
    for cell in group:
        comparison = comparisons.get(cell.cell.id)
        standing = "best" if cell is first else comparison.verdict if comparison else "not compared"
        table.add_row(*map(Text, _row(cell, comparison, standing)))
    return table


def _figures_of(load: LoadLevel) -> tuple[str, ...]:
    """The headings of what differs with the load: durations are latencies only where requests are due."""
    if load.is_open:
        return ("median latency", "+-", "ratio to the best", "", "p99 latency", "goodput/s")
    return ("goodput/s", "+-", "ratio to the best", "", "p50", "p99")


def _row(cell: CellSummary, comparison: Comparison | None, standing: str) -> list[str]:
    figure, cpu = merit_of(cell.cell.load).of_cell(cell), cell.cpu_us_per_request
    goodput = format_rate(cell.goodput.value) if cell.goodput else "-"
    p50, p99 = (format_duration(cell.histogram.quantile_ns(share)) for share in (0.5, 0.99))
    latency = format_duration(figure.value) if figure else "-"
    is_open = cell.cell.load.is_open
    return [
        cell.deployment.name,
        latency if is_open else goodput,
        f"{(figure.high - figure.low) / 2 / figure.value:.1%}" if figure and figure.value else "-",
        _ratio(comparison.ratio) if comparison else "",
        standing,
        *((p99, goodput) if is_open else (p50, p99)),
        f"{cpu.value:.0f} us" if cpu else "-",
    ]


def _requests(group: Sequence[CellSummary]) -> Table:
    """The requests of a mix or a locustfile by themselves, each with all that answered it."""
    what = "latency" if group[0].cell.load.is_open else "service time"
    table = _table("", ("request", "deployment", "requests", f"p50 {what}", f"p99 {what}"))
    for name in sorted({name for cell in group for name in cell.by_request}):
        for cell in group:
            if (one := cell.by_request.get(name)) is not None:
                times = (format_duration(one.histogram.quantile_ns(share)) for share in (0.5, 0.99))
                table.add_row(*map(Text, (name, cell.deployment.name, f"{one.requests:,}", *times)))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name in columns:
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=True)
    return table


def _ratio(ratio: Interval) -> str:
    return f"{ratio.value:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
