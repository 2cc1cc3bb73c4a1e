"""What a check found, in Markdown: the verdict, one row a cell, then what it rests on."""

from collections.abc import Iterator, Sequence

from bench.export.markdown_notes import (
    SYMBOLS,
    measured,
    met_requirements,
    open_requirements,
    unfinished,
    warnings,
)
from bench.export.markup import code, details, prose, row, table_head
from bench.scenario.check import METRICS, Metric
from bench.stats.checks.changes import (
    allowed,
    beside,
    change_of,
    comparable,
    compared,
    interval_of,
    tally_of,
    value_of,
)
from bench.stats.checks.summary import CheckedCell, CheckSummary, MetricCheck
from bench.stats.checks.words import NAMES


def check_pieces(check: CheckSummary) -> Iterator[str]:
    """The document in pieces, the most important first: red cells stand above the others."""
    cells = sorted(check.cells, key=lambda cell: list(SYMBOLS).index(cell.verdict))
    yield f"### {SYMBOLS[check.verdict]} bench check: {check.verdict}{unfinished(check.summary)}\n"
    yield f"{prose(compared(check.summary.run))}; {tally_of(check)}.\n"
    yield from open_requirements(check.summary)
    gated = [metric for metric in METRICS if any(_gates(cell, metric) for cell in cells)]
    yield table_head(["", "cell", *(NAMES[metric] for metric in gated), "why"])
    yield from (_row(cell, gated) for cell in cells)
    if check.notes:
        yield "\n" + "\n".join(f"- {prose(note)}" for note in check.notes)
    yield from (details(f"{SYMBOLS[cell.verdict]} {code(cell.name)}", _metrics(cell)) for cell in cells)
    yield from met_requirements(check.summary)
    yield from warnings(check.summary)
    yield from measured(check.summary)


def _gates(cell: CheckedCell, metric: Metric) -> bool:
    return any(one.metric == metric and one.gated for one in cell.metrics)


def _row(cell: CheckedCell, gated: Sequence[Metric]) -> str:
    changes = {one.metric: _change(one) for one in cell.metrics} if comparable(cell) else {}
    entries = (changes.get(metric, "-") for metric in gated)
    return row([f"{SYMBOLS[cell.verdict]} {cell.verdict}", code(cell.name), *entries, prose(cell.why)])


def _metrics(cell: CheckedCell) -> list[str]:
    """Every metric of the cell, gated or not, and what is wrong with its numbers."""
    lines = [table_head(["metric", "base", "head", "change", "allowed", "verdict"])]
    for one in cell.metrics:
        base, head = value_of(one.metric, one.base), value_of(one.metric, one.head)
        verdict = one.verdict if comparable(cell) else "not valid"
        held = (allowed(one), verdict) if verdict and one.gated else ("", "not gated")
        change = _change(one) if comparable(cell) else "-"
        lines.append(row([NAMES[one.metric], base, head, change, *held]))
    for whose, reasons in (("head", cell.reasons), (beside(cell), cell.base.reasons)):
        if reasons:
            listed = [f"- {prose(reason.what)}: {prose(reason.remedy)}" for reason in reasons]
            lines += ["", f"{whose.capitalize()}:", "", *listed]
    return lines


def _change(one: MetricCheck) -> str:
    return f"{change_of(one)} ({interval_of(one)})" if one.ratio else "-"
