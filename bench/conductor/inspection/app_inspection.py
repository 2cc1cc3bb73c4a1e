"""Looks into an app, in a process of the app's own Python: what it is, its routes, and what they answer.

It is imported twice, and asked at two ports. What differs from one process, port or second to the next would
differ from server to server in a run, too.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.conductor.inspection import bench_inspector
from bench.conductor.inspection.app_place import AppPlace
from bench.conductor.inspection.app_refusal import ended_early, refusal
from bench.conductor.inspection.inspected_app import InspectedAnswer, InspectedApp, Told, read_told
from bench.conductor.inspection.routes import fault
from bench.conductor.processes.attended import attended
from bench.conductor.processes.children import child_environment
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.temporary_folder import temporary_folder
from bench.errors import Interrupted

MOST_ENDINGS = 5
PORTS = (8001, 8002)  # nothing listens there: it is what the app is told
POLL_S = 0.05

# Its folder stands behind all others, and only until it is imported: what lies beside it is not for the app.
_START = (
    "import sys; sys.path.append(sys.argv[1]); from bench_inspector.program import run; sys.path.pop(); "
    "run(sys.argv[2])"
)


@dataclass(frozen=True)
class Limits:
    """How long importing, each answer, and all of them may take (s), and how long an answer may be."""

    import_s: float = 60.0
    ask_s: float = 5.0
    all_s: float = 60.0
    most_bytes: int = 16_000_000


LIMITS = Limits()


def inspect_app(
    place: AppPlace,
    python: PythonEnvironment,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
    limits: Limits = LIMITS,
) -> InspectedApp:
    """Import the app, read its URL map, and ask for what takes no arguments; `tell` is told each step.

    Raises InputError where there is no such app, ServerFailed where it cannot be imported, and Interrupted
    after Ctrl-C or SIGTERM. In whatever way it ends, nothing of the app runs any more.
    """
    try:
        with Interruption() as interruption, temporary_folder(interruption) as folder:
            inspection = _Inspection(place, python, environment, limits, folder)
            tell(f"importing {place.written}, and asking for what takes no arguments")
            first = inspection.carry_out(PORTS[0])
            tell("once more in a new process, to see what differs")
            second = inspection.carry_out(PORTS[1])
    except KeyboardInterrupt:
        raise Interrupted("interrupted; nothing was written") from None
    answers = {rule: (*given, *second.answers.get(rule, ())) for rule, given in first.answers.items()}
    return InspectedApp(**(first.app or {}), rules=tuple(first.rules), answers=answers)


class _Inspection:
    """Runs the inspector, and again where the app has ended it."""

    def __init__(
        self,
        place: AppPlace,
        python: PythonEnvironment,
        environment: Mapping[str, str],
        limits: Limits,
        folder: Path,
    ) -> None:
        self._place = place
        self._python = python
        self._environment = environment
        self._limits = limits
        self._log = folder / "log"
        self._said = folder / "answers"
        self._skip: set[str] = set()

    def carry_out(self, port: int) -> Told:
        """One look into the app; what did not answer 200 in it, and in time, is skipped in the next."""
        answers: dict[str, list[InspectedAnswer]] = {}
        for _ in range(MOST_ENDINGS):
            told = self._run(port)
            answers.update(told.answers)
            if told.ended or told.asking is None:
                break
            rule, path = told.asking
            answers[rule] = [
                InspectedAnswer(path, failure="the app's process ended, or hung, when it was asked")
            ]
            self._skip |= answers.keys()
        self._skip = {rule for rule, given in answers.items() if fault(tuple(given))}
        told.answers = answers
        return told

    def _run(self, port: int) -> Told:
        self._said.write_text("")
        in_time = self._runs_to_its_end(port)
        told = read_told(self._said)
        if told.fault is not None:
            raise refusal(told.fault, self._place, self._log)
        if told.app is None:
            raise ended_early(self._place, self._log, None if in_time else self._limits.import_s)
        return told

    def _command(self, port: int) -> tuple[str, ...]:
        order = {
            "answers": str(self._said),
            "module": self._place.module,
            "attribute": self._place.attribute,
            "port": port,
            "skip": sorted(self._skip),
            "all_s": self._limits.all_s,
            "ask_s": self._limits.ask_s,
            "most_bytes": self._limits.most_bytes,
        }
        folder = Path(bench_inspector.__file__).parent.parent
        return self._python.command(("python", "-c", _START, str(folder), json.dumps(order)))

    def _runs_to_its_end(self, port: int) -> bool:
        """Run the inspector; returns whether it ended by itself."""
        environment = child_environment(self._environment, self._python)
        directory = self._place.directory
        with (
            self._log.open("wb") as output,
            attended(
                self._command(port), directory=directory, environment=environment, output=output
            ) as process,
        ):
            return self._ends_in_time(process)

    def _ends_in_time(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until it has imported the app, then until it has asked for everything."""
        limits = self._limits
        deadline, asks = time.monotonic() + limits.import_s, False
        while process.poll() is None:
            if not asks and self._said.stat().st_size:
                deadline, asks = time.monotonic() + limits.all_s + 2 * limits.ask_s + limits.ask_s, True
            if time.monotonic() > deadline:
                return False
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)
        return True
