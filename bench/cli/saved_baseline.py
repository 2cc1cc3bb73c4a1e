"""What follows a run that is to be a baseline: what it holds, the page, and the file."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.cli.check_outcome import CheckOutputs
from bench.cli.console import OutputConsole
from bench.cli.outcome import WIDTH_WITHOUT_TERMINAL, write_report
from bench.cli.output_file import STANDARD_OUTPUT, write_output
from bench.errors import BenchError, NothingValid, ServerFailed
from bench.export.junit import junit
from bench.export.markdown import markdown
from bench.export.summary_json import summary_json
from bench.results.baseline_file import write_baseline
from bench.results.store import Store
from bench.scenario.check import METRICS, Metric
from bench.scenario.model import Scenario
from bench.stats.baselines.cells import ReferredCell, baseline_of, referred_cells
from bench.stats.baselines.judgement import LEVEL, AgainstBaseline, smallest_effect
from bench.stats.caveats import condition
from bench.stats.checks.changes import NOTHING, name_of, share_of_base, value_of
from bench.stats.checks.figures import as_multiple
from bench.stats.checks.words import worse
from bench.stats.intervals import Floats
from bench.stats.summarise import summarise
from bench.stats.summary import Summary

RENDERERS: Mapping[str, Callable[[Summary], bytes]] = {
    "json": summary_json,
    "junit": junit,
    "markdown": markdown,
}


def save(store: Store, file: str, outputs: CheckOutputs, ending: BenchError | None) -> None:
    """Print what a stored run has of a baseline and write it; raise what the exit code says.

    No file is written of a run that was interrupted, or in which something speaks against a number.
    """
    measurements = store.read()
    summary, cells = summarise(measurements), referred_cells(measurements)
    console = OutputConsole(stderr=STANDARD_OUTPUT in outputs.asked_for.values(), highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    _print_cells(cells, Scenario.model_validate(measurements.run.scenario), console)
    for name, where in outputs.asked_for.items():
        write_output(where, RENDERERS[name](summary))
    page = write_report(summary, measurements, outputs.reports)
    console.print(f"\nresults  {store.folder}\nreport   {page}", soft_wrap=True, markup=False)
    if (error := ending or _refusal(cells)) is not None:
        raise error
    write_baseline(Path(file), baseline_of(measurements.run, cells))
    console.print(f"baseline {file}", soft_wrap=True, markup=False)


def _refusal(cells: Sequence[ReferredCell]) -> BenchError | None:
    """Why these cells are no baseline; None where they are."""
    wrong = [f"{_name(cell)}: {cell.reasons[0].what}" for cell in cells if cell.reasons]
    if not wrong:
        return None
    listed = "\n  ".join(wrong)
    what = f"no baseline was saved, for what was measured cannot be trusted:\n  {listed}"
    if any(reason.code == "failed" for cell in cells for reason in cell.reasons):
        return ServerFailed(what, "what each wrote last stands in the report")
    return NothingValid(what, "mend that, and save again; the reasons and what helps stand in the report")


def _print_cells(cells: Sequence[ReferredCell], scenario: Scenario, console: Console) -> None:
    """Every metric of every cell: its value, what that is relative to the reference, and how steady."""
    gates = [scenario.check.gate_of(*cell.key[:2]) for cell in cells]
    level = LEVEL / max(1, sum(map(len, gates)))
    for cell, gated in zip(cells, gates, strict=True):
        console.print(f"\n[bold]{_name(cell)}[/bold]", soft_wrap=True)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("metric", "value", "of the reference's", "launches spread", "would be seen"):
            table.add_column(column, justify="left" if column == "metric" else "right")
        for metric in METRICS:
            table.add_row(*_row(cell, metric, level if metric in gated else None))
        console.print(table)


def _row(cell: ReferredCell, metric: Metric, level: float | None) -> tuple[str, ...]:
    """One metric; with a level, the slow-down that a run of as many such launches would see."""
    known = np.array([value for value in cell.log_ratios[metric] if isfinite(value)])
    middle = float(np.median(known)) if len(known) else float("nan")
    multiple = as_multiple(metric, middle, middle, middle)
    return (
        name_of(metric),
        value_of(metric, cell.typical(metric)),
        NOTHING if multiple is None else f"{multiple.value:.3g} x",
        f"{100 * float(np.std(known, ddof=1)):.1f} %" if len(known) > 1 else NOTHING,
        "not gated" if level is None else _seen(metric, known, level),
    )


def _seen(metric: Metric, known: Floats, level: float) -> str:
    effect = smallest_effect(AgainstBaseline((), ()), known, known, level) if len(known) else None
    return NOTHING if effect is None else f"{100 * share_of_base(metric, effect):.1f} % {worse(metric)}"


def _name(cell: ReferredCell) -> str:
    server, request, load = cell.key
    return f"{server}, {condition(request, load)}"
