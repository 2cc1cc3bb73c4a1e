"""How many turns of the loop in `spinning_app` make a request so much more expensive."""

from dataclasses import dataclass
from typing import Any

from bench.errors import NothingValid
from bench.results.model import Measurements
from bench.scenario.reading import LoadedScenario
from bench.stats.summarise import summarise
from benchmarks.ordinary_run import ordinary_run, scenario_of
from benchmarks.program import say
from benchmarks.stage import Stage

APP = "benchmarks.spinning_app:app"
SERVER = "gunicorn"  # its `--env` gives one of two deployments its turns
CONNECTIONS = 16
PLAIN, SPINNING = "plain", "spinning"
TRIAL_TURNS = 20_000
MEASURE = {"for": "12s", "launches": 4}


@dataclass(frozen=True)
class Spin:
    """CPU time of a request that does not spin, the server's part included, and of a turn of the loop."""

    request_us: float
    turn_us: float

    def turns(self, share: float) -> int:
        """As many as cost this share of the request's CPU time."""
        return round(share * self.request_us / self.turn_us)


def calibrated(stage: Stage, seed: int) -> Spin:
    """Measure both in a short run of one deployment that does not spin and one that does.

    Raises what a run does, and NothingValid where the CPU time of either cannot be read.
    """
    say(f"calibration: a run of {MEASURE['for']}")
    measurements, _ = ordinary_run(stage, plain_and_spinning(TRIAL_TURNS, MEASURE), seed)
    costs = cpu_us(measurements)
    return Spin(costs[PLAIN], (costs[SPINNING] - costs[PLAIN]) / TRIAL_TURNS)


def plain_and_spinning(turns: int, measure: dict[str, Any]) -> LoadedScenario:
    """The app under two deployments of the same server, one of them with turns."""
    environment = ["--env", f"TURNS={turns}"]
    return scenario_of(
        {
            "app": APP,
            "servers": [
                {"server": SERVER, "name": PLAIN},
                {"server": SERVER, "name": SPINNING, "options": environment},
            ],
            "requests": ["GET /"],
            "load": {"connections": CONNECTIONS},
            "measure": {**measure, "twin": False},
        }
    )


def cpu_us(measurements: Measurements) -> dict[str, float]:
    """CPU time a request of each deployment. Raises NothingValid where it cannot be read."""
    cells = summarise(measurements).cells
    costs = {cell.deployment.name: cell.cpu_us_per_request for cell in cells}
    known = {name: cost.value for name, cost in costs.items() if cost is not None}
    if len(known) < len(costs):
        raise NothingValid("the CPU time of the servers cannot be read", "look into /proc/PID/schedstat")
    return known
