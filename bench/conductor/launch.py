"""One launch: all deployments freshly started, their answers judged, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.conductor.answers import Judgement, judge_answers
from bench.conductor.deployment import RunningDeployment, Surroundings
from bench.conductor.exchange import request_bytes
from bench.conductor.interruption import Interruption
from bench.conductor.observer import Observer
from bench.conductor.ports import free_port
from bench.conductor.preparation import Prepared
from bench.errors import ServerFailed
from bench.load.target import Target, WireRequest
from bench.plan import launch_order
from bench.results.model import Cell, Deployment, Failure, Launch, LaunchedDeployment
from bench.results.store import Store
from bench.scenario.model import Mix, Request
from bench.stats.decision import Decision

Bodies = dict[tuple[str, str], bytes | None]
"""The right body of each request that is sent, None where there is none: by its label and its part's."""


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
    _ended: list[LaunchedDeployment] = field(default_factory=list)

    def start(self, broken: set[str]) -> None:
        """Start every deployment that is needed and has not broken before, in random order."""
        needed = {cell.deployment for cell in self._cells_asked_for()}
        deployments = {d.id: d for d in self.prepared.run.deployments if d.id in needed - broken}
        for key in launch_order(sorted(deployments), self.prepared.run.seed, self.number):
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
        with self.interruption.held():
            started = self.running[deployment.id] = RunningDeployment(
                deployment,
                part,
                port=port,
                log=self.store.logs / f"{self.number:04}-{deployment.name}-{deployment.app}.log",
                surroundings=Surroundings(
                    directory=loaded.directory,
                    environment=loaded.scenario.environment,
                    cores=self.prepared.run.machine.server_cores,
                ),
            )
        started.wait_until_ready(loaded.scenario.requests[0].parts[0], loaded.scenario.measure)
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
            cells = [cell for cell in self.cells() if _asks(cell, request)]
            judgements = self._judge_parts(request, self._twins_of(cells), bodies) if cells else []
            for cell in cells:
                reasons = [reason for one in judgements if (reason := one.rejected.get(cell.deployment))]
                if reasons:
                    self.rejected[cell.id] = reasons[0]
                    self.observer.rejected(cell, reasons[0])
                else:
                    targets[cell.id] = self._target(cell, request, judgements)
        return targets

    def _judge_parts(
        self, request: Request | Mix, twins: Sequence[RunningDeployment], bodies: Bodies
    ) -> list[Judgement]:
        """The judgement of each request that is sent; twins have no say in what the right answer is."""
        timeout_ns = self.prepared.loaded.scenario.measure.response_timeout_ns
        judgements = []
        for part in request.parts:
            key = request.label, part.label
            judgement = judge_answers(part, self._apps_first(), bodies.get(key), timeout_ns)
            again = judge_answers(part, twins, judgement.expected.body, timeout_ns)
            bodies[key] = judgement.expected.body
            judgements.append(Judgement(judgement.expected, judgement.rejected | again.rejected))
        return judgements

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

    def _apps_first(self) -> list[RunningDeployment]:
        """Those that run in the order of the run, floors last: where opinions are even, the app is right."""
        several = [deployment for deployment in self.prepared.run.deployments if deployment.twin_of is None]
        ordered = sorted(several, key=lambda deployment: deployment.app == "floor")
        return [self.running[deployment.id] for deployment in ordered if deployment.id in self.running]

    def _twins_of(self, cells: Sequence[Cell]) -> list[RunningDeployment]:
        """The twins that any of these cells belongs to."""
        running = (self.running[cell.deployment] for cell in cells)
        return [one for one in running if one.deployment.twin_of is not None]

    def cells(self) -> list[Cell]:
        """The cells of the deployments that run and answer rightly; a twin's only beside what it repeats."""
        found = [
            cell
            for cell in self._cells_asked_for()
            if cell.deployment in self.running and cell.id not in self.rejected
        ]
        there = {(cell.deployment, cell.request, cell.load) for cell in found}
        return [cell for cell in found if (self._repeated(cell), cell.request, cell.load) in there]

    def _cells_asked_for(self) -> list[Cell]:
        """The cells of this launch, whether their deployments run or not."""
        return [cell for cell in self.prepared.run.cells if cell.id not in self.decision.left_out]

    def _repeated(self, cell: Cell) -> str:
        """The deployment (id) that this cell's repeats, or its own where it is no twin."""
        return self.running[cell.deployment].deployment.twin_of or cell.deployment

    def lose(self, key: str, failure: Failure) -> None:
        """Note that a deployment is not measured any more, and end what is left of it."""
        deployment = next(d for d in self.prepared.run.deployments if d.id == key)
        lost = self.running.get(key)
        if lost is not None:
            lost.kill()  # while it is still among those that a Ctrl-C just now would stop
        self._ended.append(_record(deployment, lost, failure))
        self.running.pop(key, None)
        self.observer.failed(deployment, failure)

    def look_after(self) -> set[str]:
        """Lose the deployments whose processes are not those that became ready; returns their ids."""
        failures = {key: deployment.failure() for key, deployment in self.running.items()}
        for key, failure in failures.items():
            if failure is not None:
                self.lose(key, failure)
        return {key for key, failure in failures.items() if failure is not None}

    def write(self) -> None:
        """Write what is known of this launch."""
        running = [_record(d.deployment, d, None) for d in self.running.values()]
        self.store.write_launch(
            Launch(
                number=self.number,
                deployments=(*self._ended, *running),
                rejected=self.rejected,
                confirming=self.decision.confirming,
            )
        )


def _asks(cell: Cell, request: Request | Mix) -> bool:
    return cell.load.locustfile is None and cell.request == request.label


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
