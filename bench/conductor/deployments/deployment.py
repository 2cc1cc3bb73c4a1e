"""A deployment at work: started, proven to be the one that answers, sampled, stopped."""

import http.client
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.conductor.deployments.exchange import Answer, Endpoint, ask, keeps_alive, request_bytes
from bench.conductor.deployments.running_part import RunningPart, Surroundings
from bench.conductor.deployments.site import Site
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.log import LINES
from bench.conductor.processes.ports import listening_sockets, receiving_sockets, sockets_of
from bench.errors import InputError, ServerFailed
from bench.results.model import Deployment, Failure
from bench.scenario.model import Measure, Request
from bench.servers import Blueprint
from bench.units import NS_PER_S, format_duration

POLL_S = 0.005
WRONG_STATUS_PATIENCE_S = 3.0
PROCESSES_PATIENCE_S = 5.0
STOP_PATIENCE_S = 5.0


class RunningDeployment:
    """One fresh start of a deployment: all its parts. Raises ServerFailed where one cannot be started.

    Its folder is made here, with the blueprint's files in it, and the run's certificate where it speaks TLS.
    What it writes goes to the `log`; of several parts each has one of its own, named after it.
    """

    def __init__(
        self,
        deployment: Deployment,
        blueprint: Blueprint,
        *,
        site: Site,
        log: Path,
        surroundings: Surroundings,
    ) -> None:
        self.deployment = deployment
        self.endpoint = Endpoint(site.port, site.certificate.tls if site.certificate else None)
        self.files = dict(blueprint.files)
        self.parts: list[RunningPart] = []
        self.start_up_ns: int | None = None
        self.keeps_alive: bool | None = None
        site.prepare(blueprint.files)
        self._started_ns = time.perf_counter_ns()
        try:
            for part, process in zip(deployment.parts, blueprint.parts, strict=True):
                own = log if len(deployment.parts) == 1 else _log_of(part.name, log)
                self.parts.append(RunningPart(part.name, process, log=own, surroundings=surroundings))
        except BaseException:
            self.kill()
            raise

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 on which it is asked."""
        return self.endpoint.port

    @property
    def pids(self) -> list[int]:
        """The processes it had when it was ready, those of all its parts."""
        return [pid for part in self.parts for pid in part.pids]

    def wait_until_ready(self, request: Request, measure: Measure) -> None:
        """Wait for the first good answer, and prove that it came from this deployment.

        Raises ServerFailed where it ends, stays silent, answers wrongly, or is not who answers; InputError
        where the app redirects to another host.
        """
        data = request_bytes(request, self.port)
        deadline = time.monotonic() + measure.start_timeout_ns / NS_PER_S
        self._wait_for_parts(deadline, format_duration(measure.start_timeout_ns))
        what = f"gave no answer to {request.label} within {format_duration(measure.start_timeout_ns)}"
        while True:
            self._require_alive()
            answer = self._first_answer(data, request.method, deadline)
            if answer is not None and answer.status == request.expect.status:
                break
            if answer is not None:
                refuse_redirect_away(answer, request)
                what = f"answers {answer.status} instead of {request.expect.status} to {request.label}"
                deadline = min(deadline, time.monotonic() + WRONG_STATUS_PATIENCE_S)
            if time.monotonic() > deadline:
                raise self._not_started(what)
            time.sleep(POLL_S)
        self.start_up_ns = time.perf_counter_ns() - self._started_ns
        self._wait_for_processes()
        self._prove_who_answers()
        with suppress(OSError, http.client.HTTPException):
            self.keeps_alive = keeps_alive(data, request.method, self.endpoint, 5.0)

    def _wait_for_parts(self, deadline: float, patience: str) -> None:
        """Wait until whoever stands behind another takes connections: until then a proxy answers errors."""
        for part in self.parts[:-1]:
            while not part.takes_connections:
                self._require_alive()
                if time.monotonic() > deadline:
                    what = f"has a part, {part.name}, that did not listen within {patience}"
                    raise self._not_started(what, part)
                time.sleep(POLL_S)

    def _first_answer(self, data: bytes, method: str, deadline: float) -> Answer | None:
        try:
            return ask(data, method, self.endpoint, max(0.05, deadline - time.monotonic()))
        except (OSError, http.client.HTTPException):
            return None

    def _wait_for_processes(self) -> None:
        """Wait for the workers that start after the one that answered: later they would pass for new ones.

        Where they do not come to be as many as expected, that is noted: the parts tell how many there are.
        """
        deadline = time.monotonic() + PROCESSES_PATIENCE_S
        while not all(part.is_whole for part in self.parts) and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def _prove_who_answers(self) -> None:
        for part in self.parts:
            part.note_members()
        ours, listening = sockets_of(self.pids), listening_sockets()
        if any(one.port == self.port and one.inode not in ours for one in listening):
            raise self._not_started(f"is not what answers on port {self.port}: another process listens there")
        for one in (*listening, *receiving_sockets()):
            if one.inode in ours and not one.on_loopback:
                raise self._not_started(
                    f"listens on port {one.port} for other machines, too: only loopback is allowed"
                )

    def _require_alive(self) -> None:
        for part in self.parts:
            if part.exit_code is not None:
                raise self._not_started(self._ended(part, "before it answered"), part)

    def _ended(self, part: RunningPart, when: str) -> str:
        """How its first process ended; one that did so of its own will may go on in the background."""
        hint = ": it has to stay in the foreground" if part.exit_code == 0 else ""
        return f"ended with exit code {part.exit_code} {when}{self._of(part)}{hint}"

    def _of(self, part: RunningPart) -> str:
        """Which part that was, where there are several."""
        return f" ({part.name})" if len(self.parts) > 1 else ""

    def _not_started(self, what: str, part: RunningPart | None = None) -> ServerFailed:
        """The error; of the part that is to blame it quotes what that wrote last, or else of all."""
        lines = self._log_lines() if part is None else part.last_lines()
        return ServerFailed(f"{self.deployment.id} {what}", "\n  ".join(lines))

    def _log_lines(self) -> list[str]:
        """The last lines of what its parts wrote, as many of each."""
        most = max(1, LINES // len(self.parts))
        return [line for part in self.parts for line in part.last_lines(most)]

    def cpu_by_part_ns(self) -> list[int]:
        """CPU time used so far by each part. Raises ProcessLookupError where a process has ended."""
        return [part.cpu_ns() for part in self.parts]

    def failure(self) -> Failure | None:
        """What has happened to its processes since it was ready, if anything has."""
        for part in self.parts:
            if part.exit_code is not None:
                return Failure(code="died", what=self._ended(part, "under load"), log=part.last_lines())
        for part in self.parts:
            lost, new = part.changes()
            if lost or new:
                what = f"{lost} of its processes ended and {new} new ones appeared under load{self._of(part)}"
                return Failure(code="worker", what=what, log=part.last_lines())
            if stopped := part.stopped():
                what = f"{stopped} of its {len(part.pids)} processes stood still, stopped by a signal"
                return Failure(code="worker", what=f"{what}{self._of(part)}", log=part.last_lines())
        return None

    def ask_to_stop(self) -> list[list[psutil.Process]]:
        """Ask its parts to end, the one that faces the load first; returns what must be gone, by part."""
        return [part.ask_to_stop() for part in reversed(self.parts)][::-1]

    def kill(self) -> None:
        """End it without asking."""
        self.make_sure([[] for _ in self.parts])

    @property
    def has_ended(self) -> bool:
        """Whether the first process of each part has ended."""
        return all(part.exit_code is not None for part in self.parts)

    def make_sure(self, known: Sequence[Sequence[psutil.Process]]) -> None:
        """Kill what is left of it, and wait until that is gone."""
        for part, members in zip(self.parts, known, strict=True):
            part.make_sure(members)


def _log_of(part: str, log: Path) -> Path:
    return log.with_name(f"{log.stem}-{part.replace('/', '-')}{log.suffix}")


def refuse_redirect_away(answer: Answer, request: Request) -> None:
    """Raise InputError where the app sends the client to another host: redirects are never followed."""
    host = urlsplit(answer.headers.get("location", "")).hostname
    if 300 <= answer.status < 400 and host not in (None, "127.0.0.1", "localhost"):
        raise InputError(
            f"{request.label} is redirected to the host {host}",
            "only the deployments on loopback are ever asked; choose a path that the app answers itself",
        )


class Stopping:
    """Deployments that were asked to stop, and may take their time as long as nobody waits for them."""

    def __init__(self, deployments: Iterable[RunningDeployment]) -> None:
        self._asked = [(deployment, deployment.ask_to_stop()) for deployment in deployments]
        self._deadline = time.monotonic() + STOP_PATIENCE_S

    def wait(self, interruption: Interruption) -> None:
        """Wait until all have ended; they are killed when patience ends, or at a second Ctrl-C."""
        while not all(deployment.has_ended for deployment, _ in self._asked):
            if time.monotonic() > self._deadline or interruption.hurried:
                break
            time.sleep(POLL_S)
        for deployment, members in self._asked:
            deployment.make_sure(members)
        self._asked = []
