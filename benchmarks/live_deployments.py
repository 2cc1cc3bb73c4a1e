"""The deployments of a scenario, all up at once, as the conductor starts them for a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.conductor.deployments.deployment import Stopping
from bench.conductor.judge import Judge
from bench.conductor.launch import LaunchInProgress
from bench.conductor.preparation import prepare
from bench.errors import ServerFailed
from bench.load.target import Target
from bench.results.model import Cell
from bench.results.store import Store
from bench.scenario.reading import LoadedScenario
from bench.stats.decision import Decision
from benchmarks.complaints import Complaints
from benchmarks.program import say
from benchmarks.stage import Stage


@dataclass(frozen=True)
class LiveCell:
    """A cell of a running deployment and where it is asked."""

    cell: Cell
    target: Target


@contextmanager
def live_deployments(stage: Stage, loaded: LoadedScenario) -> Iterator[list[LiveCell]]:
    """Start everything in the scenario, prove that the answers are right; stop it at the end.

    What does not start, or answers wrongly, is left out and said. Raises ServerFailed where nothing is left,
    or where a process ended or was replaced while it was used.
    """
    prepared = prepare(loaded, machine=stage.machine)
    for skipped in prepared.run.skipped:
        say(f"left out: {skipped.name}: {skipped.reason}; {skipped.remedy}")
    store = Store.create(stage.folder, prepared.run.id)
    launch = LaunchInProgress(
        1,
        prepared,
        stage.folder / f"deployments-{prepared.run.id}",
        store,
        Complaints(),
        stage.interruption,
        Decision(enough=False),
    )
    try:
        launch.start(set())
        targets = Judge(launch, {}).targets()
        if not targets:
            raise ServerFailed("no deployment of the scenario gives an answer that can be verified")
        twins = {deployment.id for deployment in prepared.run.deployments if deployment.twin_of}
        yield [LiveCell(cell, targets[cell.id]) for cell in launch.cells() if cell.deployment not in twins]
        if broken := launch.look_after():
            raise ServerFailed(f"broke under load: {', '.join(sorted(broken))}")
    finally:
        Stopping(launch.running.values()).wait(stage.interruption)
