"""What a reader should know about a run beside its numbers, one plain sentence each."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from math import log

from bench.results.model import Deployment, LoadLevel, Measurements, Run, Skipped
from bench.stats import closed_loop, open_loop, validity
from bench.stats.merit import merit_of
from bench.stats.ratios import FEWEST_PAIRS
from bench.stats.summary import CellSummary, Comparison, Interval, Reason
from bench.stats.tally import PairedBy, Tally, in_rounds
from bench.units import format_duration

WIDE = 0.04
WAITED = 0.01
MEANS_APART = 0.03
NAMED_AT_MOST = 3  # of what is said of cell after cell in the same words


def is_check(run: Run) -> bool:
    """Whether a run is to say if something got slower: against a version of the app, or a baseline."""
    return run.check is not None or run.baseline is not None


def about_run(measurements: Measurements) -> Iterator[str]:
    """What the plan, the machine or an early end leave open."""
    run = measurements.run
    if run.status != "complete":
        yield "The run did not finish: this is what was measured until it ended."
    for one in run.skipped:
        yield not_measured(one)
    if in_rounds(run):
        yield (
            "The deployments were up one at a time, in rounds (`interleave: rounds`), so what disturbs the "
            "machine for seconds is not the same for all of them. Whole launches are compared instead of "
            "blocks, and intervals are wider than those of slices side by side."
        )
    if not is_check(run):  # which says itself how many launches its verdicts rest on
        yield from _about_launches(len({block.launch for block in measurements.blocks}))
    yield from _about_machine(run)


def _about_launches(launches: int) -> Iterator[str]:
    if launches == 1:
        yield "Only one launch: the intervals leave out what differs from launch to launch. Use 4 or more."
    if launches == 2:
        yield "Only two launches: the intervals may be too narrow or very wide. Use 4 or more."


def about_cells(
    cells: Sequence[CellSummary], tallies: Sequence[Tally], *, ranked: bool = True
) -> Iterator[str]:
    """What is odd in cells that are valid, and why others are not where they would be `ranked`."""
    for cell, tally in zip(cells, tallies, strict=True):
        if ranked:
            yield from (not_ranked(cell, reason) for reason in cell.reasons)
        if cell.valid:
            yield from (f"{_whose(cell)}: {oddity}" for oddity in _oddities(tally))


def about_comparisons(cells: Sequence[CellSummary], ranking: Sequence[Sequence[str]],
                      comparisons: Sequence[Comparison], pairs: PairedBy) -> Iterator[str]:  # fmt: skip
    """Unequal configurations, cells without a comparison, pairs left out, and intervals too wide."""
    labels = {cell.cell.id: label(cell) for cell in cells}
    yield from _about_parity(cells, ranking)
    yield from _about_uncompared(labels, ranking, {one.cell for one in comparisons}, pairs)
    for one in comparisons:
        if one.dropped:
            yield f"{labels[one.cell]}: {one.dropped} {pairs} without answers are left out of its comparison."
    yield from _about_pauses(labels, comparisons)
    yield from _about_width(cells, labels, comparisons)


def _about_uncompared(
    labels: dict[str, str], ranking: Sequence[Sequence[str]], compared: Collection[str], pairs: PairedBy
) -> Iterator[str]:
    left_out = [labels[cell] for group in ranking for cell in group[1:] if cell not in compared]
    if len(left_out) > NAMED_AT_MOST:
        yield (
            f"{len(left_out)} cells are not compared, for they and the best answered in fewer than "
            f"{FEWEST_PAIRS} {pairs} together. Measure longer."
        )
        return
    for name in left_out:
        yield f"{name} is not compared: both answered in fewer than {FEWEST_PAIRS} {pairs}."


def not_measured(one: Skipped) -> str:
    """That a server is skipped, why, and what to do about it."""
    return f"{one.name} was not measured: {one.reason}. {one.remedy}".strip()


def not_ranked(cell: CellSummary, reason: Reason) -> str:
    """That a cell is not ranked, and one of the reasons."""
    return f"{_whose(cell)} is not ranked: {reason.what}."


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
    if (excess := closed_loop.outlasted_by(tally)) is not None:
        longest, whole = (format_duration(of(tally)) for of in (closed_loop.longest_ns, closed_loop.slice_ns))
        yield (
            f"some answers took up to {longest}, longer than its slices of {whole}: its goodput is about "
            f"{100 * excess:.0f} % too high. Use longer slices (`slice` under `measure`)."
        )
    if (fairness := closed_loop.unevenness(tally)) is not None:
        yield (
            "some connections were served more often than others (Jain's index of fairness: "
            f"{fairness:.2f}). That is so where a kept connection stays with the process that took it."
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
    """Deployments that are ranked together though one may do more at once; no set of them twice.

    Where the scenario asks for just that, by a matrix or a profile, a sentence for all of them is enough.
    """
    deployments = {cell.cell.id: cell.deployment for cell in cells}
    groups = [_known_parallelism(deployments[cell] for cell in group) for group in ranking]
    unequal = {
        frozenset(group): group for group in groups if len({_at_once(one) for one in group.values()}) > 1
    }
    asked_for = [one for group in unequal.values() if _is_asked_for(group) for one in group.values()]
    if asked_for:
        least, most = min(asked_for, key=_at_once), max(asked_for, key=_at_once)
        yield (
            f"Unequal parallelism (processes x threads), from {_parallelism(least)} to {_parallelism(most)}, "
            "as the scenario has it: what deployments differ by is in part that."
        )
    for names, group in unequal.items():
        if not _is_asked_for(group) and not any(names < others for others in unequal):
            yield (
                f"Unequal parallelism (processes x threads): {', '.join(_odd_ones(group))}. "
                "What they differ by is in part that; give them the same `processes` and `threads`."
            )


def _known_parallelism(deployments: Iterable[Deployment]) -> dict[str, Deployment]:
    """Those of the deployments, by name, of which it is known how many requests they work on at a time."""
    return {one.name: one for one in deployments if one.processes is not None and one.threads is not None}


def _at_once(deployment: Deployment) -> int:
    return (deployment.processes or 0) * (deployment.threads or 0)


def _parallelism(deployment: Deployment) -> str:
    return f"{deployment.processes} x {deployment.threads}"


def _is_asked_for(group: dict[str, Deployment]) -> bool:
    """Whether a server stands there more than once with unequal parallelism, or as it is shipped."""
    kinds: dict[tuple[str, str | None], set[int]] = {}
    for one in group.values():
        kinds.setdefault((one.server, one.behind), set()).add(_at_once(one))
    return any(len(each) > 1 for each in kinds.values()) or any(
        one.profile == "shipped" for one in group.values()
    )


def _odd_ones(group: dict[str, Deployment]) -> Iterator[str]:
    """The deployments with their parallelism, least first; what most of them have is told once, and last."""
    ordered = sorted(group.values(), key=lambda one: (_at_once(one), one.name))
    common, times = Counter(map(_parallelism, ordered)).most_common(1)[0]
    is_usual = 2 * times > len(ordered)
    for one in ordered:
        if not is_usual or _parallelism(one) != common:
            yield f"{one.name} {_parallelism(one)}"
    if is_usual:
        yield f"all others {common}"


def _about_pauses(labels: dict[str, str], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Ratios that the goodputs beside them contradict: in some blocks one of the two was far slower."""
    apart = [
        (labels[one.cell], one.ratio.value, means) for one in comparisons if (means := _means_apart(one))
    ]
    if len(apart) > NAMED_AT_MOST:
        yield (
            f"{len(apart)} ratios are not those of the goodputs beside them: they are those of typical "
            "slices, and some slices were far slower. Look at them over time in the report."
        )
        return
    for name, typical, means in apart:
        yield (
            f"{name}: in a typical slice its goodput is {typical:.3f} of the best's, over all slices "
            f"together {means:.3f}. Some slices of one of the two were far slower than the rest: look at "
            "them over time in the report."
        )


def _means_apart(one: Comparison) -> float | None:
    """The ratio of the means where it is far from that of typical blocks, and outside of its interval."""
    if not one.of_means or one.ratio.low <= one.of_means <= one.ratio.high:
        return None
    return one.of_means if abs(log(one.of_means / one.ratio.value)) > MEANS_APART else None


def _about_width(cells: Sequence[CellSummary], labels: dict[str, str],
                 comparisons: Sequence[Comparison]) -> Iterator[str]:  # fmt: skip
    """Ratios decide, so their width counts; where nothing is compared, that of the figure of merit does."""
    widths = [(labels[one.cell], _half_width(one.ratio)) for one in comparisons]
    if not widths:
        figures = [(label(cell), merit_of(cell.cell.load).of_cell(cell)) for cell in cells if cell.valid]
        widths = [(name, _half_width(figure)) for name, figure in figures if figure]
    wide = [(half, name) for name, half in widths if half > WIDE]
    if len(wide) > NAMED_AT_MOST:
        widest, name = max(wide)
        yield (
            f"{len(wide)} of {len(widths)} intervals are wide, up to +-{100 * widest:.1f} % ({name}). "
            "Measure longer."
        )
        return
    for half, name in wide:
        yield f"{name}: the interval is wide (+-{100 * half:.1f} %). Measure longer."


def _half_width(interval: Interval) -> float:
    """Half the width as a share, by logarithms where there are any: a ratio and its inverse agree."""
    if interval.low > 0:
        return log(interval.high / interval.low) / 2
    return (interval.high - interval.low) / 2 / interval.value if interval.value else 0.0
