"""The end of a run on the terminal: who is best, by how much, how sure that is, and what it would gain."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.stats.split import sentence
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.units import format_duration, format_rate


def print_ranking(summary: Summary, console: Console) -> None:
    """Print a ranking for each group of cells that may be compared, then what cannot be trusted."""
    cells = {cell.cell.id: cell for cell in summary.cells}
    comparisons = {comparison.cell: comparison for comparison in summary.comparisons}
    for group in summary.ranking:
        if cells[group[0]].deployment.app == "app":
            console.print(_ranking([cells[key] for key in group], comparisons))
    names = {cell.deployment.id: cell.deployment.name for cell in summary.cells}
    several = len({(split.request, split.connections) for split in summary.split}) > 1
    for split in summary.split:
        condition = f"{split.request}, {split.connections} connections: " if several else ""
        console.print(Text(condition + sentence(split, names[split.deployment])), soft_wrap=True)
    for warning in summary.warnings:
        console.print(Text(f"note: {warning}", "yellow"), soft_wrap=True)


def _ranking(group: list[CellSummary], comparisons: dict[str, Comparison]) -> Table:
    first = group[0]
    mode = "keeping connections" if first.keeps_alive else "closing every connection"
    table = Table(
        title=Text(f"{first.cell.request}, {first.cell.connections} connections, {mode}"),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name in ("deployment", "goodput/s", "+-", "ratio to the best", "", "p50", "p99", "CPU"):
        table.add_column(name, justify="left" if name in ("deployment", "") else "right", no_wrap=True)
    for cell in group:
        table.add_row(*_row(cell, comparisons.get(cell.cell.id)))
    return table


def _row(cell: CellSummary, comparison: Comparison | None) -> list[Text]:
    goodput, cpu = cell.goodput, cell.cpu_us_per_request
    row = [
        cell.deployment.name,
        format_rate(goodput.value) if goodput else "-",
        f"{(goodput.high - goodput.low) / 2 / goodput.value:.1%}" if goodput and goodput.value else "-",
        _ratio(comparison.ratio) if comparison else "",
        comparison.verdict if comparison else "best",
        format_duration(cell.histogram.quantile_ns(0.5)),
        format_duration(cell.histogram.quantile_ns(0.99)),
        f"{cpu.value:.0f} us" if cpu else "-",
    ]
    return [Text(value) for value in row]


def _ratio(ratio: Interval) -> str:
    return f"{ratio.value:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
