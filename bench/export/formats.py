"""The formats a run can be exported to: which files each writes, and what makes them."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.export.bencher import bencher
from bench.export.check_json import check_json
from bench.export.csv_table import csv_table
from bench.export.github_action_benchmark import bigger_is_better, smaller_is_better
from bench.export.junit import junit
from bench.export.markdown import markdown
from bench.export.run_hlog import run_hlog
from bench.export.summary_json import summary_json
from bench.stats.checks.summary import CheckSummary
from bench.stats.summary import Summary

Render = Callable[[Summary, CheckSummary | None], bytes]


@dataclass(frozen=True)
class Format:
    """A format: its files by name, each with what renders it from a run and, where it is one, its check."""

    what: str
    files: dict[str, Render]


def _json(summary: Summary, check: CheckSummary | None) -> bytes:
    return check_json(check) if check else summary_json(summary)


FORMATS = {
    "junit": Format("JUnit XML, a test case for each gate", {"junit.xml": junit}),
    "markdown": Format("Markdown for a comment", {"summary.md": markdown}),
    "csv": Format("CSV, a row for each cell", {"cells.csv": csv_table}),
    "json": Format("the summary as JSON", {"summary.json": _json}),
    "bencher": Format("Bencher Metric Format", {"bencher.json": lambda summary, _: bencher(summary)}),
    "github-action-benchmark": Format(
        "two files for github-action-benchmark",
        {
            "bigger-is-better.json": lambda summary, _: bigger_is_better(summary),
            "smaller-is-better.json": lambda summary, _: smaller_is_better(summary),
        },
    ),
    "hlog": Format("HdrHistogram log", {"run.hlog": lambda summary, _: run_hlog(summary)}),
}
