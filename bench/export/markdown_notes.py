"""What every run has in Markdown: its requirements, what to know about it, and how it was measured."""

from collections.abc import Iterator

from bench.export.markup import code, details, prose, row, table_head
from bench.stats.caveats import label
from bench.stats.requirements.requirements import worst_first
from bench.stats.summary import Summary
from bench.units import format_bytes, format_duration

_MET = {"pass": "met", "regression": "**not met**", "inconclusive": "not decided"}


def requirements(summary: Summary) -> Iterator[str]:
    """A table of the requirements, those that are not met first; nothing where there are none."""
    if not summary.requirements:
        return
    names = {cell.cell.id: label(cell) for cell in summary.cells}
    yield "\n" + table_head(["requirement", "cell", "", ""])
    for one in worst_first(summary.requirements):
        yield row([code(one.figure), code(names.get(one.cell, one.cell)), _MET[one.verdict], prose(one.what)])


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
