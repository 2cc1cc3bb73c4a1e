"""What each figure lets the reader conclude, said from the same numbers the figure shows."""

from collections.abc import Callable
from statistics import median, quantiles

from bench.report.plots.percentiles import BEYOND, supports
from bench.report.plots.timeline import deviations_of, per_block
from bench.report.standings import Condition, Group
from bench.report.words import duration, first_of, listed, percent, typeset
from bench.stats.summary import CellSummary, Interval
from bench.units import format_bytes

Amount = Callable[[CellSummary], float]

_NOT_MEASURED = "Not measured in any valid cell."


def ranking(condition: Condition) -> str:
    """Who leads each group, and whether that is more than chance."""
    found = [
        _leads(group, condition)
        for group in condition.groups
        if len(group.leaders) + len(group.followers) > 1
    ]
    return " ".join(found) or "There is nothing here to rank."


def percentiles(condition: Condition) -> str:
    """Who answers fastest when it is slow: the 99th percentile, or the highest all support."""
    cells = [cell for cell in condition.app if cell.valid and cell.histogram.total]
    share = next(
        (each for each in (0.99, 0.9, 0.5) if all(supports(c.histogram.total, each) for c in cells)), None
    )
    if share is None or not cells:
        return "Too few valid responses to speak of percentiles."
    low, high = _extremes(cells, lambda cell: cell.histogram.quantile_ns(share))
    soonest, latest = (duration(cell.histogram.quantile_ns(share)) for cell in (low, high))
    since = " of when they were due" if condition.load.is_open else ""
    others = "" if low is high else f", within {latest} from {high.deployment.name}"
    return (
        f"{percent(share)} of the answers come within {soonest}{since} from {low.deployment.name}{others}. "
        "A line that turns up steeply makes a few requests wait long. "
        f"Lines end where fewer than {BEYOND} responses lie beyond."
    )


def split(condition: Condition, names: dict[str, str]) -> str:
    """Between which shares of a request's CPU time the servers lie."""
    shares = sorted(
        (each.server_us / (each.server_us + each.framework_us), names.get(each.deployment, each.deployment))
        for each in condition.split
        if each.server_us + each.framework_us > 0
    )
    if not shares:
        return "The split needs a floor: the same answers from a bare WSGI callable."
    (least, first), (most, last) = shares[0], shares[-1]
    if len(shares) == 1:
        return f"{first} takes {percent(least)} of a request's CPU time; the rest no server can change."
    return (
        f"The server takes between {percent(least)} ({first}) and {percent(most)} ({last}) "
        "of a request's CPU time; the rest is framework and view, which no server can change."
    )


def timeline(condition: Condition) -> str:
    """How steady the machine and the deployments were."""
    measured = [cell for cell in condition.app if len(per_block(cell)) > 1]
    cells = [cell for cell in measured if cell.valid] or measured
    if not cells:
        return "Too few blocks to say how steady the run was."
    steady, restless = _extremes(cells, _middle_range)
    half = f"Half of all blocks lie within {percent(_middle_range(steady), 1)} of one another"
    if steady is restless:
        return f"{half}. Blocks beyond the scale are drawn at its edge."
    return (
        f"{half} for {steady.deployment.name}, within {percent(_middle_range(restless), 1)} "
        f"for {restless.deployment.name}. "
        f"A {'peak' if condition.load.is_open else 'dip'} that all deployments share is the machine, and "
        "cancels in their ratios; one that a single deployment has is its own. "
        "Blocks beyond the scale are drawn at its edge."
    )


def cpu(condition: Condition) -> str:
    """From where to where the CPU time of a request goes, in cells that are valid."""
    cells = [cell for cell in condition.app if cell.valid and cell.cpu_us_per_request]
    if not cells:
        return _NOT_MEASURED
    times = _range(cells, _cpu, lambda value: typeset(f"{value:,.0f} us"))
    return f"A request takes {times} of CPU time."


def cpu_by_part(condition: Condition) -> str:
    """What share of the CPU time the part in front takes, and how evenly backends work."""
    cells = [cell for cell in condition.app if cell.parts and cell.parts[0].cpu_share is not None]
    if not cells:
        return "Not measured by part."
    low, high = _extremes(cells, _front)
    name, share = low.deployment.name, percent(_front(low))
    text = f"{low.parts[0].name} in front takes {share} of the CPU time of {name}"
    if low is not high:
        text += f", {percent(_front(high))} of that of {high.deployment.name}"
    return f"{text}. {_least_even(cells)}".strip()


def memory(cells: tuple[CellSummary, ...]) -> str:
    """From where to where the memory of deployments goes."""
    known = [cell for cell in cells if cell.memory_bytes is not None]
    if not known:
        return _NOT_MEASURED
    size = _range(known, lambda cell: cell.memory_bytes or 0, lambda value: typeset(format_bytes(value)))
    return f"A deployment needs {size} of memory."


def start_up(cells: tuple[CellSummary, ...]) -> str:
    """How long deployments take to be ready, by the median of their launches."""
    known = [cell for cell in cells if cell.start_up_ns]
    if not known:
        return _NOT_MEASURED
    times = _range(known, lambda cell: median(cell.start_up_ns), duration)
    return f"The first good answer takes {times} after a start, in the median of the launches."


def generator(condition: Condition) -> str:
    """Whether the load generator had time to spare."""
    known = [cell for cell in condition.app if cell.generator_busy is not None]
    if not known:
        return "How busy the generator was is not known."
    _, busiest = _extremes(known, lambda cell: cell.generator_busy or 0)
    share = busiest.generator_busy or 0
    verdict = (
        "so the numbers are the servers'" if share < 0.9 else "so that number may be the generator's own"
    )
    name = busiest.deployment.name
    return f"The generator was busy {percent(share)} of the time at most, with {name}: {verdict}."


def _leads(group: Group, condition: Condition) -> str:
    mode = group.mode.capitalize()
    names = [cell.deployment.name for cell in group.leaders]
    if len(names) > 1:
        return f"{mode}, {listed(first_of(names))} cannot be told apart."
    follower = group.followers[0]
    return (
        f"{mode}, {names[0]} is ahead of all others; {follower.cell.deployment.name}, the next, "
        f"{_share_of_best(follower.ratio, condition)}."
    )


def _share_of_best(ratio: Interval, condition: Condition) -> str:
    if condition.merit.less_is_better:
        return f"takes {ratio.value:.2f} times its median latency ({ratio.low:.2f} to {ratio.high:.2f})"
    value, low, high = (percent(each, 1) for each in (ratio.value, ratio.low, ratio.high))
    return f"does {value} of its goodput ({low} to {high})"


def _range(cells: list[CellSummary], amount: Amount, write: Callable[[float], str]) -> str:
    """The least and the most, as written in the figure, and whose they are; no claim that they differ."""
    low, high = _extremes(cells, amount)
    if low is high:
        return f"{write(amount(low))} ({low.deployment.name})"
    least, most = write(amount(low)), write(amount(high))
    return f"from {least} ({low.deployment.name}) to {most} ({high.deployment.name})"


def _extremes(cells: list[CellSummary], amount: Amount) -> tuple[CellSummary, CellSummary]:
    return min(cells, key=amount), max(cells, key=amount)


def _front(cell: CellSummary) -> float:
    return cell.parts[0].cpu_share or 0.0


def _least_even(cells: list[CellSummary]) -> str:
    """Where the backends share the work least evenly; nothing where there are none."""
    spreads = [(each.spread, each.deployment.name) for each in cells if each.spread is not None]
    if not spreads:
        return ""
    spread, name = max(spreads, key=lambda each: (each[0].most - each[0].least) * each[0].backends)
    where = f"Backends share the work least evenly in {name}: " if len(spreads) > 1 else f"In {name} "
    least, most, even = percent(spread.least, 1), percent(spread.most, 1), percent(1 / spread.backends)
    return f"{where}each of the {spread.backends} backends does {least} to {most} of it; even is {even}."


def _cpu(cell: CellSummary) -> float:
    return cell.cpu_us_per_request.value if cell.cpu_us_per_request else float("nan")


def _middle_range(cell: CellSummary) -> float:
    first, _, third = quantiles(deviations_of(cell), n=4)
    return third - first
