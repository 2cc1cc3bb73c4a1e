"""The page of a check: did it get slower, how sure is that, and how was it decided."""

import shlex

from bench.report.check_cards import cards_of
from bench.report.check_words import MARKS, WORDS, headline
from bench.report.deployments import deployments_of
from bench.report.frame import rendered
from bench.report.notices import Notice, Point, failures, skipped, warnings
from bench.report.requirements import requirement_rows
from bench.report.tables import machine_of
from bench.report.words import listed, moment, typeset
from bench.results.model import Measurements, Run
from bench.stats.checks.changes import base_of, compared, head_of, saved
from bench.stats.checks.summary import CheckSummary

STATUS = {
    "complete": "",
    "partial": "The check was stopped before its end: it was judged by what there was.",
    "running": "The check is unfinished: this is what had been measured when the page was made.",
}


def render_check(check: CheckSummary, measurements: Measurements) -> bytes:
    """The page as one HTML file, UTF-8; the same input gives the same bytes."""
    return rendered("check.html.j2", _content(check, measurements), ("report.css", "check.css"))


def _content(check: CheckSummary, measurements: Measurements) -> dict[str, object]:
    run = check.summary.run
    machine = machine_of(run.machine)
    return {
        "run": run,
        "app": str(run.scenario.get("app", "the app")),
        "verdict": check.verdict,
        "words": WORDS,
        "marks": MARKS,
        "headline": headline(check),
        "status": STATUS[run.status],
        "compared": compared(run),
        "facts": {**_compared(run), **_facts(measurements), "Machine": machine["Processor"]},
        "dependencies": run.check.dependencies if run.check else (),
        "cards": cards_of(check.cells),
        "notices": _notices(check, measurements),
        "requirements": requirement_rows(check.summary),
        "looks": listed([str(look) for look in run.check.looks]) if run.check else "",
        "confirmation": run.check.confirmation if run.check else 0,
        "baseline": run.baseline,
        "deployments": deployments_of(measurements),
        "repeat": _repeat(run),
        "machine": machine,
    }


def _compared(run: Run) -> dict[str, str]:
    if run.baseline is not None:
        return {"Baseline": saved(run.baseline), "Head": "the folder as it is"}
    return {"Base": base_of(run.check), "Head": head_of(run.check)} if run.check is not None else {}


def _facts(measurements: Measurements) -> dict[str, str]:
    run = measurements.run
    repeated = sum(launch.confirming for launch in measurements.launches)
    launches = f"{len(measurements.launches) - repeated}"
    return {
        "Launches": f"{launches}, and {repeated} that repeated" if repeated else launches,
        "Run": run.id,
        "Started": moment(run.started_at),
    }


def _notices(check: CheckSummary, measurements: Measurements) -> tuple[Notice, ...]:
    """What is to be known beside the cells; what is wrong with one of them stands there."""
    summary = check.summary
    return (
        *(Notice("Note", (Point(typeset(note)),)) for note in check.notes),
        *warnings(summary),
        *skipped(summary),
        *failures(measurements),
    )


def _repeat(run: Run) -> str:
    """The command that does this check again."""
    against = ["--against", run.check.against if run.check else ""]
    if run.baseline is not None:
        against = ["--baseline", run.baseline.file]
    return shlex.join(["bench", "check", run.scenario_file, *against, "--seed", str(run.seed)])
