"""Which answers of a launch are right: those of its deployments, held against each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from bench.conductor.answers import Judgement, differs, judge_answers, most_common
from bench.conductor.deployments.deployment import RunningDeployment
from bench.conductor.deployments.exchange import HOST, request_bytes
from bench.conductor.launch import LaunchInProgress, Version, as_asked, version_of
from bench.load.target import Target, WireRequest
from bench.results.model import Answer, Cell
from bench.scenario.model import Mix, Request

Asked = tuple[Version, str, str]
Bodies = dict[Asked, bytes | None]
"""The right body of each request that is sent, None where there is none: by its label and its part's.

What is right for one version of the app need not be for another.
"""


@dataclass
class Judge:
    """Asks the deployments of a launch, and rejects the cells whose answers are not right.

    `bodies` holds what is known of the right bodies from earlier launches, and is completed here.
    """

    launch: LaunchInProgress
    bodies: Bodies
    _opinions: dict[Asked, dict[str, bytes]] = field(default_factory=dict)

    def targets(self) -> dict[str, Target]:
        """Compare the answers of those that run; returns what the generator is to ask, by cell.

        What the users of a locustfile ask is theirs to judge.
        """
        targets: dict[str, Target] = {}
        for request in self.launch.prepared.loaded.scenario.requests:
            for version in dict.fromkeys(version_of(one.deployment) for one in self.launch.running.values()):
                cells = [cell for cell in self.launch.cells() if self._asks(cell, request, version)]
                if cells:
                    targets |= self._judge_cells(request, cells, version)
        return targets

    def _judge_cells(
        self, request: Request | Mix, cells: Sequence[Cell], version: Version
    ) -> dict[str, Target]:
        targets = {}
        judgements = self._judge_parts(request, self._twins_of(cells), version)
        for cell in cells:
            against = [one for one in judgements if cell.deployment in one.rejected]
            if against:
                reason = against[0].rejected[cell.deployment]
                unlike = all(cell.deployment in one.unlike for one in against)
                self.launch.reject(cell, reason, unlike=unlike)
            else:
                targets[cell.id] = self._target(cell, request, judgements)
                self._remember_answers(cell, request, judgements)
        return targets

    def _judge_parts(
        self,
        request: Request | Mix,
        twins: Sequence[RunningDeployment],
        version: Version,
    ) -> list[Judgement]:
        """The judgement of each request that is sent; twins have no say in what the right answer is."""
        timeout_ns = self.launch.prepared.loaded.scenario.measure.response_timeout_ns
        judgements = []
        for part in (as_asked(one, version) for one in request.parts):
            key = version, request.label, part.label
            apps = self._apps_first(version)
            judgement = judge_answers(part, apps or twins, self.bodies.get(key), timeout_ns)
            again = judge_answers(part, twins if apps else (), judgement.expected.body, timeout_ns)
            if self.launch.measure.in_rounds and self.bodies.get(key) is None:
                self._hear(key, judgement)
            else:
                self.bodies[key] = judgement.expected.body
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
        (key,) = self.launch.running
        if judgement.expected.body is not None:
            self._opinions.setdefault(asked, {})[key] = judgement.expected.body

    def after_rounds(self) -> None:
        """Compare what deployments answered that were never up together, when all have had their round.

        Until then each was held to its own first answer. The right one is found as if all had been asked at
        once: whoever differs from it is not accepted in this launch, and `bodies` is completed.
        """
        for asked, given in self._opinions.items():
            body = most_common(given[key] for key in self._heard_first() if key in given)
            if body is not None:
                self.bodies[asked] = body
                self._reject_unlike(
                    {key: differs(own) for key, own in given.items() if own != body}, asked[1]
                )
        if self._opinions:
            self.launch.write()

    def _reject_unlike(self, reasons: dict[str, str], request: str) -> None:
        """Accept no answer of these deployments to this request: it is not the others'."""
        for cell in self.launch.cells_asked_for():
            if cell.deployment in reasons and cell.request == request:
                self.launch.reject(cell, reasons[cell.deployment], unlike=cell.id not in self.launch.rejected)

    def _remember_answers(self, cell: Cell, request: Request | Mix, judgements: Sequence[Judgement]) -> None:
        """Note what a version of the app answers, where all its deployments must answer the same."""
        if self.launch.running[cell.deployment].deployment.revision is None:
            return
        self.launch.answers[cell.id] = {
            part.label: Answer(bytes=len(body), sha256=sha256(body).hexdigest())
            for part, judgement in zip(request.parts, judgements, strict=True)
            if part.expect.body == "same" and (body := judgement.expected.body) is not None
        }

    def _target(self, cell: Cell, request: Request | Mix, judgements: Sequence[Judgement]) -> Target:
        endpoint = self.launch.running[cell.deployment].endpoint
        requests = tuple(
            WireRequest(
                name=cell.id if part is request else part.label,
                method=part.method,
                data=request_bytes(part, endpoint.port),
                expected=judgement.expected,
                weight=part.weight,
            )
            for part, judgement in zip(request.parts, judgements, strict=True)
        )
        return Target(HOST, endpoint.port, requests, endpoint.tls)

    def _apps_first(self, version: Version) -> list[RunningDeployment]:
        """Those that run in the order of the run, floors last: where opinions are even, the app is right."""
        running = [self.launch.running[key] for key in self._heard_first() if key in self.launch.running]
        return [one for one in running if version_of(one.deployment) == version]

    def _heard_first(self) -> list[str]:
        """The deployments (ids) that have a say in what is right, those first that win where it is even."""
        several = [
            deployment for deployment in self.launch.prepared.run.deployments if deployment.twin_of is None
        ]
        ordered = sorted(several, key=lambda deployment: deployment.app == "floor")
        return [deployment.id for deployment in ordered]

    def _twins_of(self, cells: Sequence[Cell]) -> list[RunningDeployment]:
        """The twins that any of these cells belongs to."""
        running = (self.launch.running[cell.deployment] for cell in cells)
        return [one for one in running if one.deployment.twin_of is not None]

    def _asks(self, cell: Cell, request: Request | Mix, version: Version) -> bool:
        """Whether the cell asks this of this version of the app."""
        same = version_of(self.launch.running[cell.deployment].deployment) == version
        return same and cell.load.locustfile is None and cell.request == request.label
