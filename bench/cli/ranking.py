"""The end of a run on the terminal: who is best, by how much, how sure that is, and what it would gain."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from bench.cli.fitted_table import Columns, fitted, table_of
from bench.cli.requirements import print_requirements
from bench.results.model import LoadLevel
from bench.stats.caveats import condition
from bench.stats.merit import merit_of
from bench.stats.noise import sentence as noise_sentence
from bench.stats.parts import evenness
from bench.stats.parts import sentence as parts_sentence
from bench.stats.split import range_sentence, sentence
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.units import format_duration, format_rate

_WORDS = ("deployment", "request", "")  # columns of text, which stand on the left
_LESS_IMPORTANT = ("+-", "p50", "p99", "p99 latency", "CPU")  # the first to go comes first
_IN_WORDS_AT_MOST = 5


def print_ranking(summary: Summary, console: Console) -> None:
    """Print a ranking for each group of cells that may be compared, what is required, and what to know."""
    cells = {cell.cell.id: cell for cell in summary.cells}
    comparisons = {comparison.cell: comparison for comparison in summary.comparisons}
    groups = [[cells[key] for key in ids] for ids in summary.ranking]
    left_out: set[str] = set()
    for group in groups:
        if group[0].deployment.app == "app":
            left_out.update(_print_group(group, comparisons, console))
            if len(groups) > 1:
                console.print()
    if left_out:
        names = ", ".join(name for name in _LESS_IMPORTANT if name in left_out)
        _print_dim(f"left out for want of room: {names}; all of it is in the report", console)
    names_by_id = {cell.deployment.id: cell.deployment.name for cell in summary.cells}
    if (noise := summary.noise) is not None:
        _print_dim(f"noise here: {noise_sentence(noise, names_by_id[noise.deployment])}", console)
    _print_splits(summary, names_by_id, console)
    print_requirements(summary, console)
    for warning in summary.warnings:
        _say(f"note: {warning}", console, "yellow")


def _print_group(
    group: Sequence[CellSummary], comparisons: dict[str, Comparison], console: Console
) -> tuple[str, ...]:
    """Print a ranking and what belongs to it; returns the headings for which there was no room."""
    columns, left_out = fitted(
        _ranking(group, comparisons), console.width, names=_WORDS, less_important=_LESS_IMPORTANT
    )
    mode = "keeping connections" if group[0].keeps_alive else "closing every connection"
    work = condition(group[0].cell.request, group[0].cell.load)
    console.print(table_of(f"{work}, {mode}", columns, on_the_left=_WORDS))
    for words in _by_part(group):
        _print_dim(words, console)
    if any(cell.by_request for cell in group):
        requests, _ = fitted(_requests(group), console.width, names=_WORDS, less_important=())
        console.print(table_of("", requests, on_the_left=_WORDS))
    return left_out


def _print_splits(summary: Summary, names: dict[str, str], console: Console) -> None:
    """Print what the server costs under each deployment; the range of it where there are many of them."""
    works = dict.fromkeys((split.request, split.load) for split in summary.split)
    for work in works:
        here = [split for split in summary.split if (split.request, split.load) == work]
        opening = f"{condition(*work)}: " if len(works) > 1 else ""
        sentences = [sentence(split, names[split.deployment]) for split in here]
        if len(here) > _IN_WORDS_AT_MOST:
            sentences = [range_sentence(here, names)]
        for one in sentences:
            _say(opening + one, console)


def _say(text: str, console: Console, style: str = "") -> None:
    """A sentence; a terminal would break it within words, and where there is none it stays whole."""
    console.print(Text(text, style), soft_wrap=not console.is_terminal)


def _print_dim(text: str, console: Console) -> None:
    console.print(Text(text, "dim"), soft_wrap=True)


def _ranking(group: Sequence[CellSummary], comparisons: dict[str, Comparison]) -> Columns:
    first = group[0]
    headings = ("deployment", *_figures_of(first.cell.load), "CPU")
    best = "best" if len(group) > 1 else "nobody to rank with"
    rows = []
    for cell in group:
        comparison = comparisons.get(cell.cell.id)
        standing = best if cell is first else comparison.verdict if comparison else "not compared"
        rows.append(_row(cell, comparison, standing))
    return {heading: list(texts) for heading, texts in zip(headings, zip(*rows, strict=True), strict=True)}


def _by_part(group: Sequence[CellSummary]) -> Iterator[str]:
    """What each part of a deployment takes of its CPU time, a line a deployment of several."""
    label = "cpu by part"
    for cell in group:
        if words := parts_sentence(cell.parts, cell.spread):
            spread = f" ({evenness(cell.spread)})" if cell.spread else ""
            yield f"{label:<12}  {cell.deployment.name}: {words}{spread}"
            label = ""


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
        f"{50 * (figure.high - figure.low) / figure.value:.1f} %" if figure and figure.value else "-",
        _ratio(comparison.ratio) if comparison else "",
        standing,
        *((p99, goodput) if is_open else (p50, p99)),
        f"{cpu.value:.0f} us" if cpu else "-",
    ]


def _requests(group: Sequence[CellSummary]) -> Columns:
    """The requests of a mix or a locustfile by themselves, each with all that answered it."""
    what = "latency" if group[0].cell.load.is_open else "service time"
    columns: Columns = {
        heading: [] for heading in ("request", "deployment", "requests", f"p50 {what}", f"p99 {what}")
    }
    for name in sorted({name for cell in group for name in cell.by_request}):
        for cell in group:
            if (one := cell.by_request.get(name)) is not None:
                times = (format_duration(one.histogram.quantile_ns(share)) for share in (0.5, 0.99))
                row = (name, cell.deployment.name, f"{one.requests:,}", *times)
                for texts, text in zip(columns.values(), row, strict=True):
                    texts.append(text)
    return columns


def _ratio(ratio: Interval) -> str:
    return f"{ratio.value:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
