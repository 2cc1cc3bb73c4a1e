"""Two runs side by side, in words: what terminal, Markdown and HTML all say in the same way."""

from collections.abc import Iterator

from bench.stats.summary import Interval
from bench.stats.two_runs.comparison import ComparedCell, ComparedMetric, TwoRuns, cells_with
from bench.units import format_bytes, format_duration, format_rate

NOTHING = "\u2013"
WORKED_OUT = (
    "Each ratio is B as a multiple of A with its 95 % interval: one in 20 misses the truth, and of many "
    "verdicts some are chance."
)
UNSURE = {
    "better": "better, or the machine was faster",
    "worse": "worse, or the machine was slower",
    "tie": "tie, if the machine was the same",
}
"""Verdicts where nothing tells how fast the machine was. Of memory: what else differs stands above."""
UNSURE_MEMORY = {"better": "less", "worse": "more", "tie": "tie"}


def warnings(two: TwoRuns) -> Iterator[str]:
    """What to know before the first ratio, one plain sentence each, the most important first."""
    if two.first.id == two.second.id:
        yield "A and B are the same run."
    yield from _about_machine(two)
    matters = sum(one.matters for one in two.differences)
    if matters:
        some = "a fact" if matters == 1 else f"{matters} facts"
        yield f"The runs differ in {some} that the numbers depend on: what ratios show may come from that."
    for letter, run, launches in zip("AB", (two.first, two.second), two.launches, strict=True):
        if run.status != "complete":
            yield f"{letter} did not finish: this is what was measured until it ended."
        if launches < 2:
            number = "a single launch" if launches == 1 else "no launch"
            yield f"{letter} has {number}: it takes two to tell how far a ratio may be off."


def _about_machine(two: TwoRuns) -> Iterator[str]:
    """Whether the machine's speed is in the ratios: said once, at the top."""
    plain, relative = (cells_with(two, reference=known) for known in (False, True))
    if relative:
        kinds = dict.fromkeys(one.reference.partition(" under ")[0] for one in relative)
        yield (
            f"Ratios are relative to {' or '.join(kinds)} under the same server, which each run measured "
            "side by side with the rest: how fast the machine was cancels. Memory is compared as it is."
        )
    if plain:
        which = f"For {_counted(len(plain))} there is no such reference: the" if relative else "The"
        yield (
            f"{which} runs were not measured side by side, and the machine itself may have been faster or "
            "slower in one of them. No interval here knows that; a verdict says so."
        )


def _counted(cells: int) -> str:
    return "one cell" if cells == 1 else f"{cells} cells"


def ratio_heading(cell: ComparedCell) -> str:
    """What stands above the ratios."""
    return "B to A, relative" if cell.reference else "B to A"


def heading(cell: ComparedCell, one: ComparedMetric) -> str:
    """The metric as a row names it; durations are latencies only where requests are due."""
    duration = "latency" if cell.is_open else "service time"
    names = {
        "goodput": "goodput", "cpu": "CPU a request", "memory": "memory",
        "median": f"median {duration}", "p99": f"p99 {duration}",
    }  # fmt: skip
    return names[one.metric]


def value(one: ComparedMetric, number: float | None) -> str:
    """A typical value with its unit."""
    if number is None:
        return NOTHING
    if one.metric == "goodput":
        return f"{format_rate(number)}/s"
    return format_bytes(number) if one.metric == "memory" else format_duration(number)


def ratio(interval: Interval | None) -> str:
    """A ratio with its interval: `0.981 (0.970 to 0.992)`."""
    if interval is None:
        return NOTHING
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def verdict(cell: ComparedCell, one: ComparedMetric) -> str:
    """The verdict with its caveat."""
    if not cell.valid:
        return "not valid"
    if one.verdict is None:
        return NOTHING
    if one.machine_cancels:
        return one.verdict
    return UNSURE_MEMORY[one.verdict] if one.metric == "memory" else UNSURE[one.verdict]


def about(cell: ComparedCell) -> str:
    """What stands below a cell's name: what it is relative to, or that it shows the machine."""
    if cell.reference:
        return f"relative to {cell.reference}"
    if cell.deployment.app != "app":
        return f"the {cell.deployment.app} itself: by how much it moved, machine and server moved"
    return "not relative to anything: the machine's speed is in it"
