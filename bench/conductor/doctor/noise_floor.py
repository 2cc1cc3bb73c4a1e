"""The noise floor: how far apart the same server comes out when it is measured as two.

An A/A run is an ordinary run, conducted like any other, whose two deployments differ in nothing but the
name. Whatever their ratio shows beside 1 is what this machine does to a comparison.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from math import expm1, log, log1p, sqrt
from pathlib import Path

import numpy as np

from bench.conductor.conduct import conduct
from bench.conductor.doctor import null_app
from bench.conductor.preparation import prepare
from bench.errors import NothingValid
from bench.results.model import Block, Cell, Deployment, Failure, Machine, Measurements, Run
from bench.results.store import Store
from bench.scenario.model import Scenario
from bench.scenario.reading import LoadedScenario
from bench.stats.inference.gate import by_launch
from bench.stats.ratios import Pairs, pair, ratio
from bench.stats.summarise import summarise
from bench.stats.summary import Interval
from bench.stats.tally import tallies
from bench.units import NS_PER_S, write_duration

SERVER = "waitress"
LAUNCHES = 8
NAMES = ("one", "the-same")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class NoiseFloor:
    """What an A/A run showed: the ratio of a server to itself, and what it rests on.

    `load_ns` is the counted load of both together. The spreads are standard deviations of log-ratios: of the
    launches' estimates, and of blocks around the estimate of their launch; None where there are too few.
    `reasons` tell why a cell's numbers could not be trusted, where that is so.
    """

    ratio: Interval
    load_ns: int
    launches: int
    pairs: int
    launch_spread: float | None
    block_spread: float | None
    reasons: tuple[str, ...] = ()

    @property
    def half_width(self) -> float:
        """Half the 95 % interval, as a fraction: 0.02 is plus or minus 2 %."""
        return expm1(self._log_half_width)

    @property
    def _log_half_width(self) -> float:
        return log(self.ratio.high / self.ratio.low) / 2

    def ns_to_resolve(self, difference: float) -> float:
        """How long two deployments that differ by this much must be loaded until their interval excludes 1.

        The half-width shrinks with the square root of the time. It must come down to half the difference: the
        estimate may lie off the truth by one half-width, and by more in one case of forty on either side.
        """
        return self.load_ns * (2 * self._log_half_width / log1p(difference)) ** 2


def measure_noise(machine: Machine, folder: Path, load_ns: int, tell: Tell) -> NoiseFloor:
    """Make an A/A run with so much load, in this folder.

    Raises what `conduct` raises, ServerFailed where there is no server to run, and NothingValid.
    """
    prepared = prepare(_loaded(folder, load_ns), name="noise", machine=machine)
    store = Store.create(folder, prepared.run.id)
    conduct(prepared, store, _Listener(tell))
    return noise_of(store.read())


def noise_of(measurements: Measurements) -> NoiseFloor:
    """What the run shows. Raises NothingValid where fewer than five blocks have both deployments in them."""
    by_name = {tally.deployment.name: tally for tally in tallies(measurements)}
    one, other = (by_name[name] for name in NAMES)
    pairs = pair(other, one, lambda tally: tally.goodputs)
    interval = ratio(pairs)
    reasons = _reasons(measurements)
    if interval is None:
        what = reasons[0] if reasons else "too few blocks were measured"
        raise NothingValid(what, "keep the machine quiet, and give it longer with --duration")
    launch_spread, block_spread = _spreads(pairs)
    return NoiseFloor(
        ratio=interval,
        load_ns=sum(measured.counted_ns for tally in (one, other) for measured in tally.slices),
        launches=len(set(pairs.launches)),
        pairs=len(pairs.log_ratios),
        launch_spread=launch_spread,
        block_spread=block_spread,
        reasons=reasons,
    )


def _reasons(measurements: Measurements) -> tuple[str, ...]:
    """Everything that speaks against the numbers of either deployment."""
    cells = summarise(measurements).cells
    return tuple(dict.fromkeys(reason.what for cell in cells for reason in cell.reasons))


def _spreads(pairs: Pairs) -> tuple[float | None, float | None]:
    """How the launches' estimates spread, and how blocks do around that of their launch."""
    launches = sorted(set(pairs.launches))
    estimates = dict(zip(launches, by_launch(pairs, launches), strict=True))
    residuals = np.array(pairs.log_ratios) - np.array([estimates[launch] for launch in pairs.launches])
    freedom = len(residuals) - len(launches)
    return (
        float(np.std(list(estimates.values()), ddof=1)) if len(launches) > 1 else None,
        sqrt(float(np.sum(residuals**2)) / freedom) if freedom > 0 else None,
    )


def _loaded(folder: Path, load_ns: int) -> LoadedScenario:
    """The scenario of the run, with its app in the folder."""
    shutil.copy(null_app.__file__, folder)
    scenario = {
        "app": f"{Path(null_app.__file__).stem}:app",
        "servers": [{"server": SERVER, "name": name} for name in NAMES],
        "measure": {"for": write_duration(load_ns), "launches": launches_for(load_ns), "twin": False},
    }
    return LoadedScenario(
        path=folder / "noise.yaml",
        text=json.dumps(scenario),
        scenario=Scenario.model_validate(scenario),
        directory=folder,
    )


def launches_for(load_ns: int) -> int:
    """As many launches as a run has by itself; fewer, but two, where the load is too short for them."""
    return max(2, min(LAUNCHES, load_ns // NS_PER_S))


class _Listener:
    """Passes on which launch begins; that is between slices."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def planned(self, run: Run, estimated_ns: int) -> None: ...
    def commanded(self, what: str, command: str) -> None: ...
    def warned(self, what: str) -> None: ...
    def ready(self, deployment: Deployment, start_up_ns: int) -> None: ...
    def failed(self, deployment: Deployment, failure: Failure) -> None: ...
    def rejected(self, cell: Cell, reason: str) -> None: ...
    def measuring(self, launch: int, blocks: int) -> None: ...
    def measured(self, block: Block, remaining_ns: int) -> None: ...
    def decided(self, standing: str) -> None: ...
    def stopping(self) -> None: ...

    def launching(self, launch: int, launches: int) -> None:
        self._tell(f"A/A run: launch {launch}/{launches}")
