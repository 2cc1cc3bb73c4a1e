"""One launch: all deployments freshly started, their answers judged, and what became of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from bench.conductor.answers import (
    Judgement,
    differs,
    judge_answers,
    most_common,
    without_expectation,
)
from bench.conductor.deployment import RunningDeployment, Surroundings
from bench.conductor.exchange import request_bytes
from bench.conductor.interruption import Interruption
from bench.conductor.observer import Observer
from bench.conductor.ports import free_port
from bench.conductor.preparation import Prepared
from bench.errors import ServerFailed
from bench.load.target import Target, WireRequest
from bench.plan import launch_order, shares_of
from bench.results.model import Answer, Cell, Deployment, Failure, Launch, LaunchedDeployment, Revision
from bench.results.store import Store
from bench.scenario.model import Measure, Mix, Request
from bench.stats.decision import Decision

Version = Revision | Literal["reference"] | None
"""Whose answers are compared with each other: those of one version of the app, or of the references."""

Asked = tuple[Version, str, str]
Bodies = dict[Asked, bytes | None]
"""The right body of each request that is sent, None where there is none: by its label and its part's.

What is right for one version of the app need not be for another.
"""


@dataclass
class LaunchInProgress:
    """The deployments of one launch: those running, and the record of those that are not any more."""

    number: int
    prepared: Prepared
    store: Store
    observer: Observer
    interruption: Interruption
    decision: Decision
    running: dict[str, RunningDeployment] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    unlike: set[str] = field(default_factory=set)
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    _records: dict[str, LaunchedDeployment] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)
    _opinions: dict[Asked, dict[str, bytes]] = field(default_factory=dict)

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
        has_own_port = deployment.app == "app" and deployment.twin_of is None
        fixed = self.prepared.choices[deployment.id].port if has_own_port else None
        port = free_port(fixed, self._taken_ports())
        (part,) = self.prepared.blueprint(deployment, port).parts
        source = self.prepared.sources[deployment.id]
        with self.interruption.held():
            started = self.running[deployment.id] = RunningDeployment(
                deployment,
                part,
                port=port,
                log=self.store.logs / _log_name(self.number, deployment),
                surroundings=Surroundings(
                    directory=source.directory,
                    environment=loaded.scenario.environment,
                    cores=self.prepared.run.machine.server_cores,
                    python=source.python,
                ),
            )
        first = _as_asked(loaded.scenario.requests[0].parts[0], _version_of(deployment))
        started.wait_until_ready(first, loaded.scenario.measure)
        self.observer.ready(deployment, started.start_up_ns or 0)

    def _taken_ports(self) -> set[int]:
        """Ports of those that run, and those fixed for the ones still to come."""
        fixed = {choice.port for choice in self.prepared.choices.values() if choice.port is not None}
        return fixed | {running.port for running in self.running.values()}

    def judge(self, bodies: Bodies) -> dict[str, Target]:
        """Compare the answers to each request; returns what the generator is to ask, by cell.

        `bodies` holds what is known of the right bodies from earlier launches, and is completed here. What
        the users of a locustfile ask is theirs to judge.
        """
        targets: dict[str, Target] = {}
        for request in self.prepared.loaded.scenario.requests:
            for version in dict.fromkeys(_version_of(one.deployment) for one in self.running.values()):
                cells = [cell for cell in self.cells() if self._asks(cell, request, version)]
                if cells:
                    targets |= self._judge_cells(request, cells, version, bodies)
        return targets

    def _judge_cells(
        self, request: Request | Mix, cells: Sequence[Cell], version: Version, bodies: Bodies
    ) -> dict[str, Target]:
        targets = {}
        judgements = self._judge_parts(request, self._twins_of(cells), version, bodies)
        for cell in cells:
            against = [one for one in judgements if cell.deployment in one.rejected]
            if against:
                reason = against[0].rejected[cell.deployment]
                unlike = all(cell.deployment in one.unlike for one in against)
                self._reject(cell, reason, unlike=unlike)
            else:
                targets[cell.id] = self._target(cell, request, judgements)
                self._remember_answers(cell, request, judgements)
        return targets

    def _judge_parts(
        self,
        request: Request | Mix,
        twins: Sequence[RunningDeployment],
        version: Version,
        bodies: Bodies,
    ) -> list[Judgement]:
        """The judgement of each request that is sent; twins have no say in what the right answer is."""
        timeout_ns = self.prepared.loaded.scenario.measure.response_timeout_ns
        judgements = []
        for part in (_as_asked(one, version) for one in request.parts):
            key = version, request.label, part.label
            apps = self._apps_first(version)
            judgement = judge_answers(part, apps or twins, bodies.get(key), timeout_ns)
            again = judge_answers(part, twins if apps else (), judgement.expected.body, timeout_ns)
            if self.measure.in_rounds and bodies.get(key) is None:
                self._hear(key, judgement)
            else:
                bodies[key] = judgement.expected.body
            judgements.append(
                Judgement(
                    judgement.expected,
                    judgement.rejected | again.rejected,
                    judgement.unlike | again.unlike,
                )
            )
        return judgements

    def _hear(self, asked: Asked, judgement: Judgement) -> None:
        """Note the body of the one deployment that is up, while it is not known which body is right."""
        (key,) = self.running
        if judgement.expected.body is not None:
            self._opinions.setdefault(asked, {})[key] = judgement.expected.body

    def judge_rounds(self, bodies: Bodies) -> None:
        """Compare what deployments answered that were never up together, when all have had their round.

        Until then each was held to its own first answer. The right one is found as if all had been asked at
        once: whoever differs from it is not accepted in this launch, and `bodies` is completed.
        """
        for asked, given in self._opinions.items():
            body = most_common(given[key] for key in self._heard_first() if key in given)
            if body is not None:
                bodies[asked] = body
                self._reject_unlike(
                    {key: differs(own) for key, own in given.items() if own != body}, asked[1]
                )
        if self._opinions:
            self.write()

    def _reject_unlike(self, reasons: dict[str, str], request: str) -> None:
        """Accept no answer of these deployments to this request: it is not the others'."""
        for cell in self.cells_asked_for():
            if cell.deployment in reasons and cell.request == request:
                self._reject(cell, reasons[cell.deployment], unlike=cell.id not in self.rejected)

    def _reject(self, cell: Cell, reason: str, *, unlike: bool) -> None:
        self.rejected[cell.id] = reason
        if unlike:
            self.unlike.add(cell.id)
        self.observer.rejected(cell, reason)

    def _remember_answers(self, cell: Cell, request: Request | Mix, judgements: Sequence[Judgement]) -> None:
        """Note what a version of the app answers, where all its deployments must answer the same."""
        if self.running[cell.deployment].deployment.revision is None:
            return
        self.answers[cell.id] = {
            part.label: Answer(bytes=len(body), sha256=sha256(body).hexdigest())
            for part, judgement in zip(request.parts, judgements, strict=True)
            if part.expect.body == "same" and (body := judgement.expected.body) is not None
        }

    def _target(self, cell: Cell, request: Request | Mix, judgements: Sequence[Judgement]) -> Target:
        port = self.running[cell.deployment].port
        requests = tuple(
            WireRequest(
                name=cell.id if part is request else part.label,
                method=part.method,
                data=request_bytes(part, port),
                expected=judgement.expected,
                weight=part.weight,
            )
            for part, judgement in zip(request.parts, judgements, strict=True)
        )
        return Target("127.0.0.1", port, requests)

    def _apps_first(self, version: Version) -> list[RunningDeployment]:
        """Those that run in the order of the run, floors last: where opinions are even, the app is right."""
        running = [self.running[key] for key in self._heard_first() if key in self.running]
        return [one for one in running if _version_of(one.deployment) == version]

    def _heard_first(self) -> list[str]:
        """The deployments (ids) that have a say in what is right, those first that win where it is even."""
        several = [deployment for deployment in self.prepared.run.deployments if deployment.twin_of is None]
        ordered = sorted(several, key=lambda deployment: deployment.app == "floor")
        return [deployment.id for deployment in ordered]

    def _twins_of(self, cells: Sequence[Cell]) -> list[RunningDeployment]:
        """The twins that any of these cells belongs to."""
        running = (self.running[cell.deployment] for cell in cells)
        return [one for one in running if one.deployment.twin_of is not None]

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

    def _asks(self, cell: Cell, request: Request | Mix, version: Version) -> bool:
        """Whether the cell asks this of this version of the app."""
        same = _version_of(self.running[cell.deployment].deployment) == version
        return same and cell.load.locustfile is None and cell.request == request.label

    def _repeated(self, cell: Cell) -> str:
        """The deployment (id) that this cell's repeats, or its own where it is no twin."""
        return self.running[cell.deployment].deployment.twin_of or cell.deployment

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


def _version_of(deployment: Deployment) -> Version:
    return "reference" if deployment.app == "reference" else deployment.revision


def _as_asked(request: Request, version: Version) -> Request:
    """The request with what is expected of this version: what the scenario expects is the app's alone."""
    return without_expectation(request) if version == "reference" else request


def _log_name(launch: int, deployment: Deployment) -> str:
    return f"{launch:04}-{deployment.name}-{deployment.revision or deployment.app}.log"


def _record(
    deployment: Deployment, running: RunningDeployment | None, failure: Failure | None
) -> LaunchedDeployment:
    return LaunchedDeployment(
        deployment=deployment.id,
        command=running.command if running else deployment.command,
        start_up_ns=running.start_up_ns if running else None,
        keeps_alive=running.keeps_alive if running else None,
        processes=running.processes if running else None,
        memory_bytes=running.memory_bytes() if running and failure is None else None,
        failure=failure,
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines())
