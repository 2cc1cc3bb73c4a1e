"""What the scenario requires, as a table of the report: each limit, what was found, and the verdict."""

from dataclasses import dataclass

from bench.stats.caveats import label
from bench.stats.inference.verdict import Verdict
from bench.stats.requirements.requirements import worst_first
from bench.stats.requirements.words import figure_name, limit_text, value_text
from bench.stats.summary import CellSummary, RequirementVerdict, Summary


@dataclass(frozen=True)
class RequirementRow:
    """One requirement of one cell; the verdict has its reason below where the numbers are not all of it."""

    cell: str
    figure: str
    required: str
    found: str
    verdict: Verdict
    because: str


def requirement_rows(summary: Summary) -> tuple[RequirementRow, ...]:
    """A row for each requirement, the worst first; nothing where none is made."""
    cells = {cell.cell.id: cell for cell in summary.cells}
    return tuple(_row(one, cells[one.cell]) for one in worst_first(summary.requirements))


def _row(one: RequirementVerdict, cell: CellSummary) -> RequirementRow:
    return RequirementRow(
        cell=label(cell),
        figure=figure_name(one.figure, cell.cell.load),
        required=limit_text(one.figure, one.limit),
        found=value_text(one.figure, one.value),
        verdict=one.verdict,
        because=one.because,
    )
