"""Who watches a run: told of each step, between slices and never during one."""

from typing import Protocol

from bench.results.model import Block, Cell, Deployment, Failure, Run


class Observer(Protocol):
    """What the conductor tells whoever shows progress."""

    def planned(self, run: Run, estimated_ns: int) -> None:
        """The run is about to start and will take about this long."""

    def commanded(self, what: str, command: str) -> None:
        """A command of the scenario is about to run: its setup, or its teardown."""

    def warned(self, what: str) -> None:
        """Something went wrong that does not touch what was measured."""

    def launching(self, launch: int, launches: int) -> None:
        """A fresh start of all deployments begins."""

    def ready(self, deployment: Deployment, start_up_ns: int) -> None:
        """A deployment gave its first good answer."""

    def failed(self, deployment: Deployment, failure: Failure) -> None:
        """A deployment did not start, or broke."""

    def rejected(self, cell: Cell, reason: str) -> None:
        """A cell's answer was not accepted; it is not measured in this launch."""

    def measuring(self, launch: int, blocks: int) -> None:
        """All that could start has started; this launch will have so many blocks."""

    def measured(self, block: Block, remaining_ns: int) -> None:
        """A block is on disk; the load still to come takes about this long."""

    def decided(self, standing: str) -> None:
        """After a launch of a run that goes on until it knows enough: what is known by now."""

    def stopping(self) -> None:
        """The deployments are being stopped."""
