"""The reference: what two runs have both measured beside everything else, so that its machine cancels.

A deployment of the app that `bench` brings along (`App` is "reference") does the same work wherever it runs.
Divided by it, launch by launch in paired slices of one run, a cell says how much slower than the reference it
is; that can be held against what another run said, on a faster or slower day or machine.
"""

from collections.abc import Sequence

from bench.results.model import App
from bench.scenario.check import METRICS, Metric
from bench.stats.checks.slow_downs import slow_downs
from bench.stats.tally import Tally

VERSION_NAME = "reference app"
"""What `Run.versions` calls the version of the app that `bench` brings along."""

LogRatios = dict[Metric, tuple[float, ...]]
"""By metric one log-ratio a launch, above 0 where the cell is worse than the reference; nan without one."""


def reference_of(cell: Tally, tallies: Sequence[Tally], app: App = "reference") -> Tally | None:
    """The tally of this kind of reference for a cell: same server and load; None where the run has none.

    That of the same revision and request is taken where there is one. The reference answers any request with
    the same work, so else another will do.
    """
    same = [
        one
        for one in tallies
        if one.deployment.app == app
        and one.deployment.name == cell.deployment.name
        and one.cell.load == cell.cell.load
    ]
    return min(same, key=lambda one: _unlike(one, cell), default=None)


def _unlike(reference: Tally, cell: Tally) -> tuple[bool, bool]:
    return (
        reference.deployment.revision != cell.deployment.revision,
        reference.cell.request != cell.cell.request,
    )


def log_ratios(cell: Tally, reference: Tally, launches: Sequence[int]) -> LogRatios:
    """How much worse than the reference the cell is by every metric, in each of these launches."""
    return {metric: slow_downs(cell, reference, metric, launches) for metric in METRICS}
