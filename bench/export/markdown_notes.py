"""What every run has in Markdown: its requirements, what to know about it, and how it was measured."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.export.markup import code, details, prose, row, table_head
from bench.stats.caveats import label
from bench.stats.inference.verdict import Verdict
from bench.stats.requirements.requirements import worst_first
from bench.stats.summary import RequirementVerdict, Summary
from bench.units import format_bytes, format_duration

SYMBOLS: dict[Verdict, str] = {
    "regression": "\N{LARGE RED CIRCLE}",
    "inconclusive": "\N{LARGE YELLOW CIRCLE}",
    "pass": "\N{LARGE GREEN CIRCLE}",
}
_MET: dict[Verdict, str] = {"regression": "not met", "inconclusive": "not decided", "pass": "met"}


def unfinished(summary: Summary) -> str:
    """What a heading says of a run that was stopped or killed; nothing of one that went to its end."""
    return "" if summary.run.status == "complete" else " (the run did not finish)"


def open_requirements(summary: Summary) -> Iterator[str]:
    """How many requirements are met, and those that are not, each with what was found."""
    found = Counter(one.verdict for one in summary.requirements)
    if not found:
        return
    counts = ", ".join(f"{found[verdict]} {word}" for verdict, word in _MET.items() if found[verdict])
    yield f"Requirements: {counts}.\n"
    wanted = [one for one in worst_first(summary.requirements) if one.verdict != "pass"]
    if wanted:
        yield table_head(["requirement", "cell", "", "what was found"])
        yield from _rows(summary, wanted)
        yield ""


def met_requirements(summary: Summary) -> Iterator[str]:
    """The requirements that are met, folded away; nothing where there are none."""
    met = [one for one in summary.requirements if one.verdict == "pass"]
    if met:
        head = table_head(["requirement", "cell", "", "what was found"])
        yield details("Requirements that are met", [head, *_rows(summary, met)])


def _rows(summary: Summary, wanted: Sequence[RequirementVerdict]) -> Iterator[str]:
    names = {cell.cell.id: label(cell) for cell in summary.cells}
    for one in wanted:
        verdict = f"{SYMBOLS[one.verdict]} {_MET[one.verdict]}"
        yield row([code(one.figure), code(names.get(one.cell, one.cell)), verdict, prose(one.what)])


def warnings(summary: Summary) -> Iterator[str]:
    """What to know beside the numbers; nothing where there is nothing."""
    if summary.warnings:
        yield details("What to know about it", [f"- {prose(warning)}" for warning in summary.warnings])


def measured(summary: Summary) -> Iterator[str]:
    """The facts of the run, and the servers that were left out."""
    run, machine = summary.run, summary.run.machine
    facts = {
        "Run": f"{run.id}, begun {run.started_at.isoformat(' ', 'seconds')}, {run.status}",
        "Scenario": f"{run.scenario_file}, seed {run.seed}",
        "Machine": f"{machine.cpu_model}, {machine.cores} cores, {format_bytes(machine.memory_bytes)}, "
        f"{machine.distribution}, kernel {machine.kernel}, hypervisor {machine.hypervisor or 'none found'}",
        "Versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
    }
    if run.finished_at is not None:
        facts["Took"] = format_duration((run.finished_at - run.started_at).total_seconds() * 1e9)
    lines = [f"- {name}: {prose(fact)}" for name, fact in facts.items()]
    skipped = [
        f"- {prose(one.name)} was not measured: {prose(one.reason)} {prose(one.remedy)}"
        for one in summary.skipped
    ]
    yield details("How it was measured", [*lines, *skipped])
