"""What follows a check: the verdicts, the page, the files that were asked for, and the exit code."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.cli.console import OutputConsole
from bench.cli.continuous_integration import report_to_github
from bench.cli.outcome import WIDTH_WITHOUT_TERMINAL, write_page
from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.cli.verdicts import print_check
from bench.errors import BenchError, InputError, NothingValid, Regression, ServerFailed
from bench.export.check_json import check_json
from bench.export.junit import junit
from bench.export.markdown import markdown
from bench.report.check_page import render_check
from bench.results.store import Store
from bench.stats.checks.changes import beside
from bench.stats.checks.check import check_of
from bench.stats.checks.summary import CheckSummary
from bench.stats.inference.gate import Verdict

RENDERERS: Mapping[str, Callable[[CheckSummary], bytes]] = {
    "json": check_json,
    "junit": lambda check: junit(check.summary, check),
    "markdown": lambda check: markdown(check.summary, check),
}

_NOTHING_TO_COMPARE_WITH = (
    "there is nothing to compare with; what it wrote last stands above and in the report"
)
_OF_BASE = (
    "; base has only the files that git knows: where it lacks others, such as an .env or a database, have "
    "them outside of the repository, and let `environment:` say where"
)


@dataclass(frozen=True)
class CheckOutputs:
    """Where the page of a check goes, and the file in each further format that was asked for."""

    reports: Path
    files: Mapping[str, str | None]

    @property
    def asked_for(self) -> dict[str, str]:
        """The files by format."""
        return {name: file for name, file in self.files.items() if file is not None}

    def require_writable(self) -> None:
        """Raise InputError where one of the files could not be written now, or two would be one."""
        if list(self.asked_for.values()).count(STANDARD_OUTPUT) > 1:
            raise InputError("only one output can go to standard output", "name a file for the others")
        for file in self.asked_for.values():
            require_writable(file)

    def show(
        self, store: Store, ending: BenchError | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Print the verdicts of a stored check, write what was asked for, raise what the exit code says.

        What GitHub shows is written where the environment is that of one of its runners.
        """
        measurements = store.read()
        check = check_of(measurements)
        console = OutputConsole(stderr=STANDARD_OUTPUT in self.asked_for.values(), highlight=False)
        if not console.is_terminal:
            console.width = WIDTH_WITHOUT_TERMINAL
        print_check(check, console)
        for name, file in self.asked_for.items():
            write_output(file, RENDERERS[name](check))
        page = write_page(render_check(check, measurements), check.summary.run.id, self.reports)
        console.print(f"results  {store.folder}\nreport   {page}", soft_wrap=True, markup=False)
        elsewhere = STANDARD_OUTPUT in self.asked_for.values()
        report_to_github(check.summary, check, environment, err=elsewhere)
        if (error := ending or _ending(check)) is not None:
            raise error


def _ending(check: CheckSummary) -> BenchError | None:
    """What the exit code must say of a check that went to its end; None where all passed."""
    if check.verdict == "pass":
        return None
    if check.verdict == "regression":
        named = _named(check, "regression")
        return Regression(f"regression: {named}", "what got worse stands above and in the report")
    failed = [cell.server for cell in check.cells if any(why.code == "failed" for why in cell.base.reasons)]
    if failed:
        what = f"{beside(check.cells[0])} did not start under {', '.join(dict.fromkeys(failed))}"
        return ServerFailed(what, f"{_NOTHING_TO_COMPARE_WITH}{_OF_BASE if check.summary.run.check else ''}")
    return NothingValid(f"no verdict: {_named(check, 'inconclusive')}", "why stands above and in the report")


def _named(check: CheckSummary, verdict: Verdict) -> str:
    """The cells with this verdict, and how many requirements have it."""
    cells = [cell.name for cell in check.cells if cell.verdict == verdict]
    required = sum(one.verdict == verdict for one in check.summary.requirements)
    told = [f"{required} requirement{'s' * (required > 1)}"] if required else []
    return "; ".join([*cells, *told])
