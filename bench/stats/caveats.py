"""What a reader should know about a run beside its numbers, one plain sentence each."""

from collections.abc import Iterator, Sequence
from math import log

from bench.results.model import Deployment, LoadLevel, Measurements, Run
from bench.stats import closed_loop, open_loop, validity
from bench.stats.merit import merit_of
from bench.stats.ratios import FEWEST_PAIRS
from bench.stats.summary import CellSummary, Comparison, Interval
from bench.stats.tally import PairedBy, Tally, in_rounds

WIDE = 0.04
WAITED = 0.01


def about_run(measurements: Measurements) -> Iterator[str]:
    """What the plan, the machine or an early end leave open."""
    run = measurements.run
    if run.status != "complete":
        yield "The run did not finish: this is what was measured until it ended."
    for one in run.skipped:
        yield f"{one.name} was not measured: {one.reason}. {one.remedy}".strip()
    if in_rounds(run):
        yield (
            "The deployments were up one at a time, in rounds (`interleave: rounds`), so what disturbs the "
            "machine for seconds is not the same for all of them. Whole launches are compared instead of "
            "blocks, and intervals are wider than those of slices side by side."
        )
    launches = len({block.launch for block in measurements.blocks})
    if launches == 1:
        yield "Only one launch: the intervals leave out what differs from launch to launch. Use 4 or more."
    if launches == 2:
        yield "Only two launches: the intervals may be too narrow or very wide. Use 4 or more."
    yield from _about_machine(run)


def about_cells(cells: Sequence[CellSummary], tallies: Sequence[Tally]) -> Iterator[str]:
    """Cells that are not ranked, and what is odd in those that are."""
    for cell, tally in zip(cells, tallies, strict=True):
        for reason in cell.reasons:
            yield f"{_whose(cell)} is not ranked: {reason.what}."
        if cell.valid:
            yield from (f"{_whose(cell)}: {oddity}" for oddity in _oddities(tally))


def about_comparisons(cells: Sequence[CellSummary], ranking: Sequence[Sequence[str]],
                      comparisons: Sequence[Comparison], pairs: PairedBy) -> Iterator[str]:  # fmt: skip
    """Unequal configurations, cells without a comparison, pairs left out, and intervals too wide."""
    labels = {cell.cell.id: label(cell) for cell in cells}
    yield from _about_parity(cells, ranking)
    compared = {one.cell for one in comparisons}
    for group in ranking:
        for cell in group[1:]:
            if cell not in compared:
                yield f"{labels[cell]} is not compared: both answered in fewer than {FEWEST_PAIRS} {pairs}."
    for one in comparisons:
        if one.dropped:
            yield f"{labels[one.cell]}: {one.dropped} {pairs} without answers are left out of its comparison."
    yield from _about_width(cells, labels, comparisons)


def label(cell: CellSummary) -> str:
    """A cell as a sentence names it: `gunicorn, floor, GET /json, 16 connections`."""
    app = "" if cell.deployment.app == "app" else f", {cell.deployment.app}"
    return f"{cell.deployment.name}{app}, {condition(cell.cell.request, cell.cell.load)}"


def _whose(cell: CellSummary) -> str:
    """A cell as a warning names it, which in a check says which version of the app it means."""
    return label(cell) if cell.deployment.revision is None else f"{cell.deployment.revision}, {label(cell)}"


def condition(request: str, load: LoadLevel) -> str:
    """What is asked and how hard, as headings have it; a locustfile is both, and is named once."""
    return load.label if request == load.locustfile else f"{request}, {load.label}"


def _oddities(tally: Tally) -> Iterator[str]:
    if closed_loop.waits(tally):
        yield (
            "server and load generator were both idle. That is right for a view that waits; for any other, "
            "something holds the requests up."
        )
    if validity.takes_40_ms(tally) and closed_loop.may_queue(tally):
        yield (
            "answers take just over 40 ms though the server has time to spare. That is right for requests "
            "that queue for a thread; it is also what delayed acknowledgements cost. Use no more connections "
            "than threads to tell the two apart."
        )
    if tally.arrivals and open_loop.waited_share(tally.arrivals) > WAITED:
        yield (
            f"{100 * open_loop.waited_share(tally.arrivals):.2g} % of the requests waited for one of its "
            f"{tally.cell.load.connections} connections, which is part of their latency. Use more of them."
        )
    if open_loop.blurs_tail(tally):
        yield (
            "the load generator itself sent a few requests late, so its high percentiles are too high. "
            "The median is not touched by it."
        )


def _about_machine(run: Run) -> Iterator[str]:
    machine = run.machine
    if machine.cores < 2 or set(machine.server_cores) & set(machine.generator_cores):
        yield "Servers and load generator share a core: goodput is lower than on a machine with more cores."
    if machine.frequency_governor not in (None, "performance"):
        yield (
            f"The CPU frequency governor is {machine.frequency_governor}: the clock may change during a run. "
            "Set it to performance."
        )


def _about_parity(cells: Sequence[CellSummary], ranking: Sequence[Sequence[str]]) -> Iterator[str]:
    """Deployments that are ranked together though one may do more at once; each set of them once."""
    deployments = {cell.cell.id: cell.deployment for cell in cells}
    groups = (sorted(_parallelism(deployments[cell]) for cell in group) for group in ranking)
    for group in dict.fromkeys(map(tuple, groups)):
        if len({at_once for at_once, _ in group}) > 1:
            yield (
                f"Unequal parallelism (processes x threads): {', '.join(text for _, text in group)}. "
                "What they differ by is in part that; give them the same `processes` and `threads`."
            )


def _parallelism(deployment: Deployment) -> tuple[int, str]:
    """How many requests it works on at a time, and that as a sentence has it."""
    processes, threads = deployment.processes, deployment.threads
    return processes * threads, f"{deployment.name} {processes} x {threads}"


def _about_width(cells: Sequence[CellSummary], labels: dict[str, str],
                 comparisons: Sequence[Comparison]) -> Iterator[str]:  # fmt: skip
    """Ratios decide, so their width counts; where nothing is compared, that of the figure of merit does."""
    widths = [(labels[one.cell], _half_width(one.ratio)) for one in comparisons]
    if not widths:
        figures = [(label(cell), merit_of(cell.cell.load).of_cell(cell)) for cell in cells if cell.valid]
        widths = [(name, _half_width(figure)) for name, figure in figures if figure]
    for name, half in widths:
        if half > WIDE:
            yield f"{name}: the interval is wide (+-{100 * half:.1f} %). Measure longer."


def _half_width(interval: Interval) -> float:
    """Half the width as a share, by logarithms where there are any: a ratio and its inverse agree."""
    if interval.low > 0:
        return log(interval.high / interval.low) / 2
    return (interval.high - interval.low) / 2 / interval.value if interval.value else 0.0
