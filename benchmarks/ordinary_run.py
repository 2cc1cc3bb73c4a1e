"""An ordinary run through the conductor, as `bench run` makes it, and two of its deployments compared."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.conductor.conduct import conduct
from bench.conductor.preparation import prepare
from bench.errors import NothingValid
from bench.results.model import Measurements
from bench.results.store import Store
from bench.scenario.model import Scenario
from bench.scenario.reading import LoadedScenario
from bench.stats.ratios import pair, ratio
from bench.stats.summary import Interval
from bench.stats.tally import Tally, tallies
from benchmarks.complaints import Complaints
from benchmarks.stage import Stage

ROOT = Path(__file__).resolve().parents[1]


def scenario_of(values: dict[str, Any]) -> LoadedScenario:
    """The scenario of these values, its app in the project's folder."""
    text = json.dumps(values)
    return LoadedScenario(Path("benchmark.yaml"), text, Scenario.model_validate(values), ROOT)


def ordinary_run(stage: Stage, loaded: LoadedScenario, seed: int) -> tuple[Measurements, float]:
    """Make the run; what was measured, and the seconds it took with its launches. Raises what these do."""
    begin = time.monotonic()
    prepared = prepare(loaded, seed=seed, machine=stage.machine)
    store = Store.create(stage.folder, prepared.run.id)
    conduct(prepared, store, Complaints())
    return store.read(), time.monotonic() - begin


def compared(
    measurements: Measurements, name: str, against: str, of: Callable[[Tally], Sequence[float]]
) -> Interval:
    """What one deployment's slices achieved as a multiple of another's, as a run compares them.

    Raises NothingValid where fewer blocks than an interval needs have both in them.
    """
    by_name = {tally.deployment.name: tally for tally in tallies(measurements)}
    interval = ratio(pair(by_name[name], by_name[against], of))
    if interval is None:
        raise NothingValid(f"{name} and {against} have too few blocks in common", "give them longer")
    return interval
