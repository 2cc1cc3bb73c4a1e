"""One launch: all deployments freshly started, their answers judged, and what became of each."""

from dataclasses import dataclass, field

from bench.conductor.answers import judge_answers
from bench.conductor.deployment import RunningDeployment, Surroundings
from bench.conductor.exchange import request_bytes
from bench.conductor.interruption import Interruption
from bench.conductor.observer import Observer
from bench.conductor.ports import free_port
from bench.conductor.preparation import Prepared
from bench.errors import ServerFailed
from bench.load.response import Expected
from bench.load.target import Target
from bench.plan import launch_order
from bench.results.model import Cell, Deployment, Failure, Launch, LaunchedDeployment
from bench.results.store import Store


@dataclass
class LaunchInProgress:
    """The deployments of one launch: those running, and the record of those that are not any more."""

    number: int
    prepared: Prepared
    store: Store
    observer: Observer
    interruption: Interruption
    running: dict[str, RunningDeployment] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    _ended: list[LaunchedDeployment] = field(default_factory=list)

    def start(self, broken: set[str]) -> None:
        """Start every deployment that has not broken before, one after the other in random order."""
        deployments = {d.id: d for d in self.prepared.run.deployments if d.id not in broken}
        for key in launch_order(sorted(deployments), self.prepared.run.seed, self.number):
            try:
                self._start_one(deployments[key])
            except ServerFailed as error:
                broken.add(key)
                self.lose(key, Failure(code="start", what=error.what, log=_lines(error.remedy)))
        self.write()

    def _start_one(self, deployment: Deployment) -> None:
        loaded = self.prepared.loaded
        fixed = self.prepared.choices[deployment.id].port if deployment.app == "app" else None
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
        started.wait_until_ready(loaded.scenario.requests[0], loaded.scenario.measure)
        self.observer.ready(deployment, started.start_up_ns or 0)

    def _taken_ports(self) -> set[int]:
        """Ports of those that run, and those fixed for the ones still to come."""
        fixed = {choice.port for choice in self.prepared.choices.values() if choice.port is not None}
        return fixed | {running.port for running in self.running.values()}

    def judge(self, bodies: dict[str, bytes | None]) -> dict[str, Target]:
        """Compare the answers to each request; returns what the generator is to ask, by cell.

        `bodies` holds the right body of each request from earlier launches, and is completed here.
        """
        scenario = self.prepared.loaded.scenario
        targets: dict[str, Target] = {}
        for request in scenario.requests:
            judgement = judge_answers(
                request,
                self._apps_first(),
                bodies.get(request.label),
                scenario.measure.response_timeout_ns,
            )
            bodies[request.label] = judgement.body
            for cell in self.cells():
                if cell.request != request.label:
                    continue
                if cell.deployment in judgement.rejected:
                    self.rejected[cell.id] = judgement.rejected[cell.deployment]
                    self.observer.rejected(cell, self.rejected[cell.id])
                    continue
                port = self.running[cell.deployment].port
                targets[cell.id] = Target(
                    host="127.0.0.1",
                    port=port,
                    method=request.method,
                    name=cell.id,
                    request=request_bytes(request, port),
                    expected=Expected(request.expect.status, judgement.body),
                )
        return targets

    def _apps_first(self) -> list[RunningDeployment]:
        """Those that run in the order of the run, floors last: where opinions are even, the app is right."""
        ordered = sorted(self.prepared.run.deployments, key=lambda deployment: deployment.app == "floor")
        return [self.running[deployment.id] for deployment in ordered if deployment.id in self.running]

    def cells(self) -> list[Cell]:
        """The cells of the deployments that are running and give right answers."""
        return [
            cell
            for cell in self.prepared.run.cells
            if cell.deployment in self.running and cell.id not in self.rejected
        ]

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
            Launch(number=self.number, deployments=(*self._ended, *running), rejected=self.rejected)
        )


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
