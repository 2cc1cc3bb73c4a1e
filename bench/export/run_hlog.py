"""A run as an HdrHistogram log (.hlog): one tagged histogram a cell."""

from bench import __version__
from bench.export.hlog_lines import head, interval
from bench.stats.caveats import label
from bench.stats.summary import CellSummary, Summary


def run_hlog(summary: Summary) -> bytes:
    """The log. Values in nanoseconds; each interval as long as the cell was counted, from the run's start.

    The load hops between cells, so that time is the sum of many slices: a tool that divides the responses by
    it comes to the goodput. Cells that answered nothing are left out; others are there even if not valid.
    """
    lines = (
        *head(f"durations in nanoseconds of run {_one_line(summary)}", summary.run.started_at),
        *(
            interval(_counted_s(cell), cell.longest_ns, cell.histogram.encode(), _tag(cell))
            for cell in summary.cells
            if cell.histogram.total
        ),
    )
    return ("\n".join(lines) + "\n").encode()


def _one_line(summary: Summary) -> str:
    return " ".join(f"{summary.run.id}, {summary.run.scenario_file}, bench {__version__}".split())


def _counted_s(cell: CellSummary) -> float:
    return cell.requests / cell.goodput.value if cell.goodput and cell.goodput.value else 0.0


def _tag(cell: CellSummary) -> str:
    """What the cell is, whether it is base or head, what its durations are, and whether to trust them."""
    parts = (
        label(cell),
        cell.deployment.revision,
        "latency" if cell.cell.load.is_open else "service time",
        None if cell.valid else "not valid",
    )
    return ", ".join(part for part in parts if part)
