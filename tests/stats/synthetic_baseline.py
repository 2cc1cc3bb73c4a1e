"""Measurements of checks against a baseline made of numbers: the app beside the reference, then and now."""

from collections.abc import Sequence
from functools import cache

from bench.results.baseline_file import Baseline
from bench.results.model import Answer, BaselineCheck, Measurements
from bench.scenario.check import GATED, Metric
from bench.scenario.model import Scenario
from bench.stats.baselines.cells import baseline_of, referred_cells
from tests.stats.synthetic import Part, measurements, with_run

APP, OTHER = Part("gunicorn"), Part("gunicorn", 1500, request="GET /search", cpu_us=210)
REFERENCE = Part("gunicorn", 3000, "reference", cpu_us=250)
LAUNCHES, CONFIRMATION = 24, 12


def measured(
    *parts: Part, seed: int = 1, launches: int = LAUNCHES, gate: Sequence[Metric] = GATED
) -> Measurements:
    """A run of these cells of the app beside the reference, as head."""
    made = measurements((*parts, REFERENCE), launches=launches, blocks=3, noise=0.01, seed=seed)
    requests = list(dict.fromkeys(part.request for part in parts))
    written = {**made.run.scenario, "servers": ["gunicorn"], "requests": requests, "check": {"gate": gate}}
    scenario = Scenario.model_validate(written).model_dump(mode="json", by_alias=True)
    deployments = tuple(
        one.model_copy(update={"revision": "head"}) if one.app == "app" else one
        for one in made.run.deployments
    )
    return with_run(made, scenario=scenario, deployments=deployments)


def held(now: Measurements, *then: Part, confirming: int = 0, answers: dict[str, Answer] | None = None,
         status: str = "complete") -> Measurements:  # fmt: skip
    """The run as a check against a baseline of those cells; its last launches repeat what came out red."""
    baseline = kept(*then)
    if answers is not None:
        cells = tuple(cell.model_copy(update={"answers": answers}) for cell in baseline.cells)
        baseline = baseline.model_copy(update={"cells": cells})
    content = baseline.model_dump(mode="json")
    check = BaselineCheck(file="b.json", content=content, launches=LAUNCHES, confirmation=CONFIRMATION)
    first = len(now.launches) - confirming
    launches = tuple(
        one.model_copy(update={"confirming": place >= first}) for place, one in enumerate(now.launches)
    )
    return with_run(now.model_copy(update={"launches": launches}), baseline=check, status=status)


@cache
def kept(*parts: Part) -> Baseline:
    """What a baseline keeps of a run of these cells."""
    then = measured(*parts)
    return baseline_of(then.run, referred_cells(then))


def answering(run: Measurements, answers: dict[str, Answer]) -> Measurements:
    """The same run, in every launch of which the app's first cell gave these answers."""
    given = {run.run.cells[0].id: answers}
    launches = tuple(one.model_copy(update={"answers": given}) for one in run.launches)
    return run.model_copy(update={"launches": launches})
