"""Preparing a run of the app beside the reference: to save it as a baseline, or to hold it against one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import comb
from pathlib import Path

from bench.conductor import reference_app
from bench.conductor.check import CONFIRMATION
from bench.conductor.deployments.placement import python_of
from bench.conductor.deployments.source import Source
from bench.conductor.preparation import Prepared, prepare
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.temporary_folder import temporary_folder
from bench.errors import Inconclusive, InputError
from bench.results.baseline_file import Baseline
from bench.results.model import BaselineCheck, Cell, Run
from bench.scenario.model import Scenario
from bench.scenario.reading import LoadedScenario
from bench.scenario.server_choice import COMMAND
from bench.stats.baselines.cells import refusals
from bench.stats.baselines.course import decide_against_baseline
from bench.stats.baselines.judgement import LEVEL
from bench.stats.caveats import condition

LAUNCHES = 24
"""As many as it takes for a slow-down of 5 %, in both runs: docs/decisions/0014-baselines.md."""

_SAVE_AGAIN = "save another with `--save-baseline`, or compare in one run with `--against`"


@contextmanager
def reference_folder(interruption: Interruption) -> Iterator[Path]:
    """A folder with the reference app alone in it, removed in the end or soon after we are killed."""
    with temporary_folder(interruption) as folder:
        shutil.copy(reference_app.__file__, folder)
        yield folder


def prepare_beside_reference(
    loaded: LoadedScenario, reference: Path, *, seed: int | None = None, name: str | None = None
) -> Prepared:
    """Plan a run of the app beside the reference in this folder, as `prepare` plans one.

    Its number of launches is settled: a baseline is judged by one look. It has neither floor nor twin. Raises
    what `prepare` raises, and InputError where a locustfile makes the load or a command of the user's own is
    a server: these know the app alone.
    """
    scenario = loaded.scenario
    if any(load.locustfile is not None for load in scenario.load):
        raise InputError(
            "a baseline cannot be measured with a locustfile: its users ask the app and not the reference",
            "use `connections` or a `rate` as load, or compare in one run with `--against`",
        )
    if any(choice.server == COMMAND for choice in scenario.servers):
        raise InputError(
            "a baseline cannot be measured with a command of your own, which serves the app alone",
            "leave it out of `servers`, or compare in one run with `--against`",
        )
    launches = min(LAUNCHES, scenario.check.launches)
    measure = scenario.measure.model_copy(update={"launches": launches, "until": None, "twin": False})
    plain = scenario.model_copy(update={"measure": measure, "floor": None})
    head = Source(loaded.directory, python_of(loaded), "head")
    return prepare(
        replace(loaded, scenario=plain), seed=seed, name=name, sources=(head,), reference=reference
    )


def held_against(prepared: Prepared, baseline: Baseline, file: str) -> Prepared:
    """The same run as a check against a baseline, read from this file.

    Raises Inconclusive where the two runs differ in a fact that matters, a cell is not in the baseline, or
    either run has too few launches to tell anything.
    """
    run, scenario = prepared.run, prepared.loaded.scenario
    _require_same_facts(baseline, run)
    _require_kept_cells(baseline, run)
    _require_enough_launches(baseline, run, scenario)
    check = BaselineCheck(
        file=file,
        content=baseline.model_dump(mode="json"),
        launches=scenario.measure.launches,
        confirmation=CONFIRMATION,
    )
    return replace(
        prepared,
        run=run.model_copy(update={"baseline": check}),
        most_launches=check.launches + check.confirmation,
        decide=decide_against_baseline,
    )


def _require_same_facts(baseline: Baseline, run: Run) -> None:
    differing = refusals(baseline, run)
    if not differing:
        return
    facts = "\n  ".join(f"{one.name}: {one.first} then, {one.second} now" for one in differing)
    raise Inconclusive(
        f"the baseline of {baseline.measured_at:%Y-%m-%d} decides nothing here: facts that matter differ\n"
        f"  {facts}",
        _SAVE_AGAIN,
    )


def _require_kept_cells(baseline: Baseline, run: Run) -> None:
    kept = {(one.deployment, one.request, one.load) for one in baseline.cells}
    names = _names(run)
    missing = [
        f"{names[cell.deployment]}, {condition(cell.request, cell.load)}"
        for cell in _cells_of_app(run)
        if (names[cell.deployment], cell.request, cell.load) not in kept
    ]
    if missing:
        raise Inconclusive(f"the baseline does not hold: {'; '.join(missing)}", _SAVE_AGAIN)


def _require_enough_launches(baseline: Baseline, run: Run, scenario: Scenario) -> None:
    """Refuse where not even the clearest slow-down would be unlikely enough to be called one."""
    names = _names(run)
    family = sum(
        len(scenario.check.gate_of(names[cell.deployment], cell.request)) for cell in _cells_of_app(run)
    )
    now = scenario.measure.launches
    then = min(len(one.log_ratios) for cell in baseline.cells for one in cell.metrics.values())
    if family > LEVEL * comb(then + now, now):
        raise Inconclusive(
            f"{then} launches then and {now} now cannot tell anything about {family} figures",
            f"let both have more, up to {LAUNCHES}, with `check: {{launches: ...}}`",
        )


def _names(run: Run) -> dict[str, str]:
    """The names of the app's deployments by their ids."""
    return {one.id: one.name for one in run.deployments if one.app == "app"}


def _cells_of_app(run: Run) -> list[Cell]:
    names = _names(run)
    return [cell for cell in run.cells if cell.deployment in names]
