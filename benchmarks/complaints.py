"""An observer of deployments being started that tells what is left out, and nothing else."""

from bench.results.model import Block, Cell, Deployment, Failure, Run
from benchmarks.program import say


class Complaints:
    """Tells of deployments that are not there and of cells that cannot be measured."""

    def failed(self, deployment: Deployment, failure: Failure) -> None:
        """Say which deployment is not there, and why."""
        say(f"left out: {deployment.id} {failure.what}")

    def rejected(self, cell: Cell, reason: str) -> None:
        """Say which cell cannot be measured, and why."""
        say(f"left out: {cell.id} {reason}")

    def planned(self, run: Run, estimated_ns: int) -> None:
        """Nothing to tell."""

    def commanded(self, what: str, command: str) -> None:
        """Nothing to tell."""

    def warned(self, what: str) -> None:
        """Say what went wrong."""
        say(what)

    def launching(self, launch: int, launches: int) -> None:
        """Nothing to tell."""

    def ready(self, deployment: Deployment, start_up_ns: int) -> None:
        """Nothing to tell."""

    def measuring(self, launch: int, blocks: int) -> None:
        """Nothing to tell."""

    def measured(self, block: Block, remaining_ns: int) -> None:
        """Nothing to tell."""

    def decided(self, standing: str) -> None:
        """Nothing to tell."""

    def stopping(self) -> None:
        """Nothing to tell."""
