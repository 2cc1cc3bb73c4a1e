"""Where a version of the app comes from."""

from dataclasses import dataclass
from pathlib import Path

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.results.model import Revision


@dataclass(frozen=True)
class Source:
    """The folder a version of the app is started in, and whose Python runs it.

    In a check there are two, told apart by their `revision`; otherwise there is one, without.
    """

    directory: Path
    python: PythonEnvironment
    revision: Revision | None = None
