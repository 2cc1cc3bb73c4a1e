"""One launch: all deployments freshly started, their answers judged, and what became of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.conductor.answers import without_expectation
from bench.conductor.deployments.blueprints import addresses_of
from bench.conductor.deployments.deployment import RunningDeployment
from bench.conductor.deployments.running_part import Surroundings
from bench.conductor.observer import Observer
from bench.conductor.preparation import Prepared
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.keeper import Keeper
from bench.conductor.processes.ports import free_port
from bench.errors import ServerFailed
from bench.plan import launch_order, shares_of
from bench.results.model import (
    Answer,
    Cell,
    Deployment,
    Failure,
    Launch,
    LaunchedDeployment,
    LaunchedPart,
    Revision,
)
from bench.results.store import Store
from bench.scenario.model import Measure, Request
from bench.stats.decision import Decision

Version = Revision | Literal["reference"] | None
"""Whose answers are compared with each other: those of one version of the app, or of the references."""


@dataclass
class LaunchInProgress:
    """The deployments of one launch: those running, and the record of those that are not any more.

    In the `folder` each gets one of its own.
    """

    number: int
    prepared: Prepared
    folder: Path
    store: Store
    observer: Observer
    interruption: Interruption
    decision: Decision
    keeper: Keeper | None = None
    running: dict[str, RunningDeployment] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    unlike: set[str] = field(default_factory=set)
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    _records: dict[str, LaunchedDeployment] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)

    @property
    def measure(self) -> Measure:
        """How long and how it is measured."""
        return self.prepared.loaded.scenario.measure

    def rounds(self, broken: set[str]) -> list[list[str]]:
        """The deployments (ids) that are needed and not broken: all at once, or each in a round of its own.

        They are in random order, in which those of a round are started.
        """
        needed = {cell.deployment for cell in self.cells_asked_for()} - broken
        order = launch_order(sorted(needed), self.prepared.run.seed, self.number)
        return [[key] for key in order] if self.measure.in_rounds else [order]

    def shares(self, rounds: Sequence[Collection[str]]) -> list[float]:
        """What part of the launch's load each of these rounds has."""
        cells = [[cell.id for cell in self.cells_asked_for() if cell.deployment in one] for one in rounds]
        return shares_of(cells, self.decision.settled)

    def start(self, broken: set[str], keys: Sequence[str] | None = None) -> None:
        """Start these deployments, or those of the first round; who does not start is broken."""
        self._lost |= broken
        deployments = {deployment.id: deployment for deployment in self.prepared.run.deployments}
        for key in self.rounds(broken)[0] if keys is None else keys:
            try:
                self._start_one(deployments[key])
            except ServerFailed as error:
                broken.add(key)
                self.lose(key, Failure(code="start", what=error.what, log=_lines(error.remedy)))
        self.write()

    def _start_one(self, deployment: Deployment) -> None:
        loaded = self.prepared.loaded
        choice = self.prepared.choices[deployment.id]
        has_own_port = deployment.app == "app" and deployment.twin_of is None
        fixed = choice.server.port if has_own_port else None
        port = free_port(fixed, self._taken_ports(), addresses_of(choice.server))
        place = self.prepared.run.deployments.index(deployment)
        site = self.prepared.site(deployment, port, self.folder / f"{self.number:03}-{place:03}")
        with self.interruption.held():
            started = self.running[deployment.id] = RunningDeployment(
                deployment,
                self.prepared.blueprint(deployment, site),
                site=site,
                log=self.store.logs / _log_name(self.number, deployment),
                surroundings=Surroundings(
                    directory=choice.source.directory,
                    environment=loaded.scenario.environment,
                    cores=self.prepared.run.machine.server_cores,
                    python=choice.source.python,
                    keeper=self.keeper,
                ),
            )
        first = as_asked(loaded.scenario.requests[0].parts[0], version_of(deployment))
        started.wait_until_ready(first, loaded.scenario.measure)
        self.observer.ready(deployment, started.start_up_ns or 0)

    def _taken_ports(self) -> set[int]:
        """Ports of those that run, and those fixed for the ones still to come."""
        choices = self.prepared.choices.values()
        fixed = {choice.server.port for choice in choices if choice.server.port is not None}
        return fixed | {running.port for running in self.running.values()}

    def cells(self) -> list[Cell]:
        """The cells of the deployments that run and answer rightly; a twin's only beside what it repeats."""
        found = [
            cell
            for cell in self.cells_asked_for()
            if cell.deployment in self.running and cell.id not in self.rejected
        ]
        there = {
            (cell.deployment, cell.request, cell.load)
            for cell in self.cells_asked_for()
            if cell.deployment not in self._lost and cell.id not in self.rejected
        }
        return [cell for cell in found if (self._repeated(cell), cell.request, cell.load) in there]

    def cells_asked_for(self) -> list[Cell]:
        """The cells of this launch, whether their deployments run or not."""
        return [cell for cell in self.prepared.run.cells if cell.id not in self.decision.left_out]

    def _repeated(self, cell: Cell) -> str:
        """The deployment (id) that this cell's repeats, or its own where it is no twin."""
        return self.running[cell.deployment].deployment.twin_of or cell.deployment

    def reject(self, cell: Cell, reason: str, *, unlike: bool) -> None:
        """Note that the cell's answer is not accepted; `unlike` where it only is not that of the others."""
        self.rejected[cell.id] = reason
        if unlike:
            self.unlike.add(cell.id)
        self.observer.rejected(cell, reason)

    def lose(self, key: str, failure: Failure) -> None:
        """Note that a deployment is not measured any more, and end what is left of it."""
        deployment = next(d for d in self.prepared.run.deployments if d.id == key)
        lost = self.running.get(key)
        if lost is not None:
            lost.kill()  # while it is still among those that a Ctrl-C just now would stop
        self._lost.add(key)
        self._records[key] = _record(deployment, lost, failure)
        self.running.pop(key, None)
        self.observer.failed(deployment, failure)

    def hand_over(self) -> list[RunningDeployment]:
        """Give away those that run, to be stopped."""
        running = list(self.running.values())
        self.running.clear()
        return running

    def look_after(self) -> set[str]:
        """Lose the deployments whose processes are not those that became ready; returns their ids."""
        failures = {key: deployment.failure() for key, deployment in self.running.items()}
        for key, failure in failures.items():
            if failure is not None:
                self.lose(key, failure)
        return {key for key, failure in failures.items() if failure is not None}

    def write(self) -> None:
        """Write what is known of this launch, as the deployments that run are now."""
        self._records |= {key: _record(one.deployment, one, None) for key, one in self.running.items()}
        self.store.write_launch(
            Launch(
                number=self.number,
                deployments=tuple(self._records.values()),
                rejected=self.rejected,
                unlike=tuple(sorted(self.unlike)),
                answers=self.answers,
                confirming=self.decision.confirming,
            )
        )


def version_of(deployment: Deployment) -> Version:
    """The version that a deployment is one of."""
    return "reference" if deployment.app == "reference" else deployment.revision


def as_asked(request: Request, version: Version) -> Request:
    """The request with what is expected of this version: what the scenario expects is the app's alone."""
    return without_expectation(request) if version == "reference" else request


def _log_name(launch: int, deployment: Deployment) -> str:
    return f"{launch:04}-{deployment.name}-{deployment.revision or deployment.app}.log"


def _record(
    deployment: Deployment, running: RunningDeployment | None, failure: Failure | None
) -> LaunchedDeployment:
    if running is None:
        parts = tuple(LaunchedPart(name=part.name, command=part.command) for part in deployment.parts)
    else:
        parts = tuple(part.record(weighed=failure is None) for part in running.parts)
    return LaunchedDeployment(
        deployment=deployment.id,
        parts=parts,
        start_up_ns=running.start_up_ns if running else None,
        keeps_alive=running.keeps_alive if running else None,
        files=running.files if running else {},
        failure=failure,
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines())
