"""From what was measured to what can be said: cells, ranking, comparisons, split and caveats."""

from collections.abc import Sequence
from typing import Literal

from bench.results.model import Measurements
from bench.stats import caveats, validity
from bench.stats.intervals import ratio_of_sums
from bench.stats.ratios import pair, ratio
from bench.stats.split import splits
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.stats.tally import Tally, tallies
from bench.units import NS_PER_S, NS_PER_US

Ranking = tuple[tuple[str, ...], ...]


def summarise(measurements: Measurements) -> Summary:
    """The summary of a run. The same measurements always give the same summary."""
    counted = tallies(measurements)
    cells = tuple(_cell(tally) for tally in counted)
    ranking = _ranking(cells)
    comparisons = _comparisons(ranking, {tally.cell.id: tally for tally in counted})
    return Summary(
        run=measurements.run,
        cells=cells,
        comparisons=comparisons,
        ranking=ranking,
        split=splits(cells),
        skipped=measurements.run.skipped,
        warnings=(
            *caveats.about_run(measurements),
            *caveats.about_cells(cells, counted),
            *caveats.about_comparisons(cells, ranking, comparisons),
        ),
        load_share_of_wall=_load_share(measurements),
    )


def _cell(tally: Tally) -> CellSummary:
    return CellSummary(
        cell=tally.cell,
        deployment=tally.deployment,
        goodput=_goodput(tally),
        goodput_per_block=tuple(zip(tally.launches, tally.goodputs, strict=True)),
        histogram=tally.histogram,
        longest_ns=max((one.longest_ns for one in tally.slices), default=0),
        cpu_us_per_request=_cpu_us_per_request(tally),
        memory_bytes=tally.memory_bytes,
        start_up_ns=tally.start_up_ns,
        keeps_alive=tally.keeps_alive,
        requests=tally.requests,
        errors=tally.errors,
        generator_busy=tally.generator_busy,
        reasons=validity.reasons(tally),
    )


def _goodput(tally: Tally) -> Interval | None:
    """Verified responses a second of counted time."""
    seconds = [one.counted_ns / NS_PER_S for one in tally.slices]
    return ratio_of_sums(tally.launches, [one.requests for one in tally.slices], seconds)


def _cpu_us_per_request(tally: Tally) -> Interval | None:
    """CPU time of the whole slices by everything answered in them, where it could be read."""
    read = [
        (launch, one.server_cpu_ns / NS_PER_US, one.answered)
        for launch, one in zip(tally.launches, tally.slices, strict=True)
        if one.server_cpu_ns is not None
    ]
    return ratio_of_sums(
        [launch for launch, _, _ in read], [us for _, us, _ in read], [n for _, _, n in read]
    )


def _ranking(cells: Sequence[CellSummary]) -> Ranking:
    """Groups of cells that may be compared, best first; cells with equal goodput by id."""
    groups: dict[tuple[str, str, int, bool], list[tuple[float, str]]] = {}
    for one in cells:
        if one.valid and one.goodput:
            key = (one.deployment.app, one.cell.request, one.cell.connections, one.keeps_alive)
            groups.setdefault(key, []).append((-one.goodput.value, one.cell.id))
    return tuple(tuple(cell for _, cell in sorted(group)) for group in groups.values())


def _comparisons(ranking: Ranking, counted: dict[str, Tally]) -> tuple[Comparison, ...]:
    """Every ranked cell against the best of its group."""
    found = [_comparison(counted[cell], counted[best]) for best, *others in ranking for cell in others]
    return tuple(one for one in found if one is not None)


def _comparison(cell: Tally, best: Tally) -> Comparison | None:
    pairs = pair(cell, best)
    interval = ratio(pairs)
    if interval is None:
        return None
    return Comparison(
        cell.cell.id, best.cell.id, interval, _verdict(interval), len(pairs.log_ratios), pairs.dropped
    )


def _verdict(ratio_to_best: Interval) -> Literal["faster", "slower", "tie"]:
    if ratio_to_best.high < 1:
        return "slower"
    return "faster" if ratio_to_best.low > 1 else "tie"


def _load_share(measurements: Measurements) -> float | None:
    """Counted time as a share of the run's wall time; None where the run has no end."""
    run = measurements.run
    wall_s = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    counted_ns = sum(one.counted_ns for block in measurements.blocks for one in block.slices)
    return counted_ns / NS_PER_S / wall_s if wall_s > 0 else None
