"""A small git repository with a Flask app and scenarios, in which `bench check` is run."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import spinning_app
from benchmarks.check_record import VERDICTS
from benchmarks.spin import CONNECTIONS, SERVER
from benchmarks.stage import Stage
from benchmarks.tools import end_of, find

CHECK_TIMEOUT_S = 900.0
GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
AUTHOR = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@localhost")
RESULT = "check.json"
TURNS = 'TURNS = int(os.environ.get("TURNS", "0"))'
SCENARIO = """\
app: app:app
servers: [{server}]
requests: [GET /]
load: {{connections: {connections}}}
measure: {{for: {load}}}
check: {{launches: {launches}, allow: {allow}}}
"""


@dataclass(frozen=True)
class CheckRepository:
    """The repository; its only commit has the scenarios, and the app without turns."""

    stage: Stage
    folder: Path

    @classmethod
    def create(cls, stage: Stage, scenarios: Mapping[str, str]) -> "CheckRepository":
        """A new repository, with these scenarios by their names. Raises InputError without git."""
        repository = cls(stage, stage.folder / "repository")
        repository.folder.mkdir()
        (repository.folder / ".gitignore").write_text("/results/\n/reports/\n/check.json\n__pycache__/\n")
        for name, text in scenarios.items():
            (repository.folder / f"{name}.yaml").write_text(text)
        repository.head(turns=0)
        for arguments in (("init", "--quiet"), ("add", "."), (*AUTHOR, "commit", "--quiet", "-m", "The app")):
            repository._run(find("git"), *arguments)
        return repository

    def head(self, turns: int) -> None:
        """Have the view in the working folder count so many turns."""
        (self.folder / "app.py").write_text(app_with(turns))

    def check(self, scenario: str) -> tuple[int, list[dict[str, Any]]]:
        """Check the working folder against the commit: the exit code, and the cells of the JSON.

        Raises GeneratorFailed where the command came to no verdict.
        """
        bench = str(Path(sys.executable).with_name("bench"))
        command = (bench, "check", f"{scenario}.yaml", "--against", "HEAD", "--json", RESULT)
        machine = self.stage.machine
        code = end_of(
            self.stage,
            command,
            timeout_s=CHECK_TIMEOUT_S,
            ends_with=VERDICTS,
            cores=(*machine.server_cores, *machine.generator_cores),
            directory=self.folder,
            environment=GIT_ENVIRONMENT,
        ).code
        return code, cells_in(json.loads((self.folder / RESULT).read_bytes()))

    def _run(self, *command: str) -> None:
        end_of(self.stage, command, timeout_s=60, directory=self.folder, environment=GIT_ENVIRONMENT)


def cells_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What a check's JSON says of each cell, without what was measured of base and head apart."""
    told = ("name", "verdict", "why", "reasons", "metrics")
    return [{key: cell[key] for key in told} for cell in document["cells"]]


def scenario(load: str, launches: int, allow: str) -> str:
    """A scenario whose checks have so much load in so many launches at most, and allow this slow-down."""
    return SCENARIO.format(server=SERVER, connections=CONNECTIONS, load=load, launches=launches, allow=allow)


def app_with(turns: int) -> str:
    """The source of the app whose view counts so many turns."""
    before, line, after = Path(spinning_app.__file__).read_text().partition(TURNS)
    if not line:
        raise ValueError(f"there is no line `{TURNS}` in the app")
    return f"{before}TURNS = {turns}{after}"
