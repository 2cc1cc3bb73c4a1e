"""From what was measured to what can be said: cells, ranking, comparisons, split, noise and caveats."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.results.model import Measurements, Run
from bench.stats import caveats, validity
from bench.stats.intervals import ratio_of_sums
from bench.stats.merit import GOODPUT, merit_of
from bench.stats.noise import about_noise, noise_of
from bench.stats.parts import part_summaries, spread_of
from bench.stats.precision import about_precision
from bench.stats.ratios import of_means, pair, ratio, typical
from bench.stats.requirements.requirements import requirements_of
from bench.stats.split import splits
from bench.stats.summary import CellSummary, Comparison, Interval, Summary
from bench.stats.tally import Tally, paired_by, tallies
from bench.units import NS_PER_S, NS_PER_US

Ranking = tuple[tuple[str, ...], ...]


def summarise(measurements: Measurements) -> Summary:
    """The summary of a run. The same measurements always give the same summary."""
    measured = tallies(measurements)
    counted = tuple(tally for tally in measured if _counts(tally))
    cells = tuple(cell_summary(tally) for tally in counted)
    ranking = _ranking(cells)
    comparisons = _comparisons(ranking, {tally.cell.id: tally for tally in counted})
    noise = noise_of(measured)
    summary = Summary(
        run=measurements.run,
        cells=cells,
        comparisons=comparisons,
        ranking=ranking,
        split=splits(cells),
        skipped=measurements.run.skipped,
        warnings=(
            *caveats.about_run(measurements),
            *caveats.about_cells(cells, counted, ranked=not caveats.is_check(measurements.run)),
            *_about_comparisons(measurements.run, cells, ranking, comparisons),
            *about_noise(measured, noise),
        ),
        load_share_of_wall=_load_share(measurements),
        noise=noise,
        requirements=requirements_of(cells, counted, measurements.run),
    )
    return replace(summary, warnings=(*summary.warnings, *about_precision(summary)))


def _about_comparisons(
    run: Run, cells: Sequence[CellSummary], ranking: Ranking, comparisons: Sequence[Comparison]
) -> Iterator[str]:
    """What to know about the ranking; a check has none, and says at each cell what speaks against it."""
    if not caveats.is_check(run):
        yield from caveats.about_comparisons(cells, ranking, comparisons, paired_by(run))


def _counts(tally: Tally) -> bool:
    """Whether a cell is told by itself: a twin tells of the run's noise alone, a reference of nothing."""
    return tally.deployment.twin_of is None and tally.deployment.app != "reference"


def cell_summary(tally: Tally) -> CellSummary:
    """What a cell achieved, and what speaks against that."""
    is_open = tally.cell.load.is_open
    parts = part_summaries(tally)
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
        median_latency_ns=typical(tally.launches, tally.medians_ns) if is_open else None,
        median_latency_ns_per_block=_medians_per_block(tally) if is_open else (),
        arrivals=tally.arrivals,
        by_request=tally.by_request,
        parts=parts,
        spread=spread_of(parts),
    )


def _goodput(tally: Tally) -> Interval | None:
    """Verified responses a second of counted time."""
    seconds = [one.counted_ns / NS_PER_S for one in tally.slices]
    return ratio_of_sums(tally.launches, [one.requests for one in tally.slices], seconds)


def _medians_per_block(tally: Tally) -> tuple[tuple[int, float], ...]:
    """The median latency of each block that has one, with its launch."""
    medians = zip(tally.launches, tally.medians_ns, strict=True)
    return tuple((launch, median_ns) for launch, median_ns in medians if median_ns > 0)


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
    """Groups of cells that may be compared, best first by their figure of merit; equal ones by id."""
    groups: dict[tuple[object, ...], list[tuple[float, str]]] = {}
    for one in cells:
        merit = merit_of(one.cell.load)
        figure = merit.of_cell(one)
        if one.valid and figure:
            version = (one.deployment.app, one.deployment.revision)
            key = (*version, one.cell.request, one.cell.load, one.keeps_alive)
            groups.setdefault(key, []).append((merit.rank(figure.value), one.cell.id))
    return tuple(tuple(cell for _, cell in sorted(group)) for group in groups.values())


def _comparisons(ranking: Ranking, counted: dict[str, Tally]) -> tuple[Comparison, ...]:
    """Every ranked cell against the best of its group."""
    found = [_comparison(counted[cell], counted[best]) for best, *others in ranking for cell in others]
    return tuple(one for one in found if one is not None)


def _comparison(cell: Tally, best: Tally) -> Comparison | None:
    merit = merit_of(cell.cell.load)
    pairs = pair(cell, best, merit.of_slices)
    interval = ratio(pairs)
    if interval is None:
        return None
    return Comparison(
        cell=cell.cell.id,
        against=best.cell.id,
        ratio=interval,
        verdict=merit.verdict(interval),
        of=merit.name,
        pairs=len(pairs.log_ratios),
        dropped=pairs.dropped,
        of_means=of_means(cell, best, merit.of_slices) if merit is GOODPUT else None,
    )


def _load_share(measurements: Measurements) -> float | None:
    """Counted time as a share of the run's wall time; None where the run has no end."""
    run = measurements.run
    wall_s = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    counted_ns = sum(one.counted_ns for block in measurements.blocks for one in block.slices)
    return counted_ns / NS_PER_S / wall_s if wall_s > 0 else None
