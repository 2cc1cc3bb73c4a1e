"""What the reader must know before believing a figure: warnings, what is missing, what is not valid."""

from dataclasses import dataclass

from bench.report.standings import mode_of
from bench.report.words import ended, sentence, typeset
from bench.results.model import Measurements
from bench.stats.caveats import condition, not_measured, not_ranked
from bench.stats.summary import CellSummary, Reason, Summary

_FAILED = "failed"  # the code of the reason why a server that did not start is not valid


@dataclass(frozen=True)
class Point:
    """What happened, and what to do about it where that is known."""

    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Notice:
    """One thing to know: what it is about, each of what happened with what to do, the last lines of a log."""

    about: str
    points: tuple[Point, ...]
    log: tuple[str, ...] = ()


def notices(summary: Summary, measurements: Measurements) -> tuple[Notice, ...]:
    """Everything that speaks against the numbers, the most general first."""
    return (
        *warnings(summary),
        *skipped(summary),
        *_invalid(summary),
        *failures(measurements),
    )


def warnings(summary: Summary) -> list[Notice]:
    """All warnings but those that only repeat what a notice of its own says: skipped, or not valid."""
    repeated = {
        *map(not_measured, summary.skipped),
        *(not_ranked(cell, reason) for cell in summary.cells for reason in cell.reasons),
    }
    points = tuple(Point(typeset(each)) for each in summary.warnings if each not in repeated)
    return [Notice("Warning" if len(points) == 1 else "Warnings", points)] if points else []


def skipped(summary: Summary) -> list[Notice]:
    """Every server that could not be measured here, why, and what would help."""
    return [
        Notice(f"{each.name} was not measured", (Point(ended(each.reason), each.remedy),))
        for each in summary.skipped
    ]


def point_of(reason: Reason) -> Point:
    """A reason against a cell as a sentence, and what helps as another."""
    return Point(sentence(reason.what), sentence(reason.remedy))


def cell_name(cell: CellSummary) -> str:
    """The cell in words: deployment, app or floor, request, load, keep-alive."""
    return (
        f"{cell.deployment.name} ({cell.deployment.app}), "
        f"{condition(cell.cell.request, cell.cell.load)}, {mode_of(cell.keeps_alive)}"
    )


def _invalid(summary: Summary) -> list[Notice]:
    """Every cell that is not valid, but for those of a server that failed, which is told with its log."""
    return [
        Notice(
            f"Not valid: {cell_name(cell)}",
            tuple(map(point_of, cell.reasons)),
        )
        for cell in summary.cells
        if any(reason.code != _FAILED for reason in cell.reasons)
    ]


def failures(measurements: Measurements) -> list[Notice]:
    """Every deployment that did not start or died, with what its log said last."""
    names = {each.id: f"{each.name} ({each.revision or each.app})" for each in measurements.run.deployments}
    return [
        Notice(
            f"Failed in launch {launch.number}: {names.get(launched.deployment, launched.deployment)}",
            (Point(ended(launched.failure.what)),),
            launched.failure.log,
        )
        for launch in measurements.launches
        for launched in launch.deployments
        if launched.failure is not None
    ]
