"""Where a version of the app comes from."""

from dataclasses import dataclass
from pathlib import Path

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.results.model import Revision


@dataclass(frozen=True)
class Source:
    """The folder a version of the app is started in, and whose Python runs it.

    In a check there are two, told apart by their `revision`; otherwise there is one, without. A version that
    does not lie where the scenario's paths lead has `moved`: from that folder to that other one.
    """

    directory: Path
    python: PythonEnvironment
    revision: Revision | None = None
    moved: tuple[Path, Path] | None = None

    def place_of(self, path: Path) -> Path:
        """Where this version has what the scenario names by this path; what is of no version stays there."""
        if self.moved is None or not path.is_relative_to(self.moved[0]):
            return path
        return self.moved[1] / path.relative_to(self.moved[0])
