"""Preparing a check: base and head under the scenario's servers, in one run that ends when it is sure."""

from dataclasses import replace

from bench.conductor.preparation import Prepared, prepare
from bench.conductor.revisions.compared import Revisions
from bench.results.model import Check, Run
from bench.scenario.model import Scenario
from bench.scenario.reading import LoadedScenario
from bench.stats.checks.course import decide_check
from bench.stats.inference.looks import Looks, planned

CONFIRMATION = 12
"""Launches that a regression has to show in again; with them one of 5 % does in 96 of 100 noisy checks."""


def prepare_check(
    loaded: LoadedScenario, compared: Revisions, *, seed: int | None = None, name: str | None = None
) -> Prepared:
    """Plan a check of head against base, as `prepare` plans a run, and raising what it raises.

    What a run measures beside the app is left out: the floor, the twin (base and head are as good as one) and
    the precision that a run would end at.
    """
    scenario = loaded.scenario
    measure = scenario.measure.model_copy(
        update={"launches": scenario.check.launches, "until": None, "twin": False}
    )
    plain = scenario.model_copy(update={"measure": measure, "floor": None})
    prepared = prepare(
        replace(loaded, scenario=plain), seed=seed, name=name, sources=(compared.base, compared.head)
    )
    looks = _looks(prepared.run, scenario)
    check = Check(
        against=compared.against,
        base=compared.base_commit,
        head=compared.head_commit,
        changed=compared.changed,
        looks=looks.pairs,
        confirmation=CONFIRMATION,
        dependencies=compared.dependencies,
        notes=compared.notes,
    )
    return replace(
        prepared,
        run=prepared.run.model_copy(update={"check": check}),
        most_launches=looks.pairs[-1] + CONFIRMATION,
        decide=decide_check,
    )


def _looks(run: Run, scenario: Scenario) -> Looks:
    """After how many launches there may be a verdict: the more figures decide, the more it takes."""
    names = {one.id: one.name for one in run.deployments if one.revision == "head"}
    family = sum(
        len(scenario.check.gate_of(names[cell.deployment], cell.request))
        for cell in run.cells
        if cell.deployment in names
    )
    return planned(family, scenario.check.launches)
