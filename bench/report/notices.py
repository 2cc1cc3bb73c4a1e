"""What the reader must know before believing a figure: warnings, what is missing, what is not valid."""

from dataclasses import dataclass

from bench.report.standings import mode_of
from bench.results.model import Measurements
from bench.stats.caveats import condition
from bench.stats.summary import CellSummary, Summary


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
        *(Notice("Warning", (Point(warning),)) for warning in summary.warnings),
        *(
            Notice(f"{each.name} was not measured", (Point(each.reason, each.remedy),))
            for each in summary.skipped
        ),
        *_invalid(summary),
        *failures(measurements),
    )


def cell_name(cell: CellSummary) -> str:
    """The cell in words: deployment, app or floor, request, load, keep-alive."""
    return (
        f"{cell.deployment.name} ({cell.deployment.app}), "
        f"{condition(cell.cell.request, cell.cell.load)}, {mode_of(cell.keeps_alive)}"
    )


def _invalid(summary: Summary) -> list[Notice]:
    return [
        Notice(
            f"Not valid: {cell_name(cell)}",
            tuple(Point(reason.what, reason.remedy) for reason in cell.reasons),
        )
        for cell in summary.cells
        if not cell.valid
    ]


def failures(measurements: Measurements) -> list[Notice]:
    """Every deployment that did not start or died, with what its log said last."""
    names = {each.id: f"{each.name} ({each.revision or each.app})" for each in measurements.run.deployments}
    return [
        Notice(
            f"Failed in launch {launch.number}: {names.get(launched.deployment, launched.deployment)}",
            (Point(launched.failure.what),),
            launched.failure.log,
        )
        for launch in measurements.launches
        for launched in launch.deployments
        if launched.failure is not None
    ]
