"""Progress of a run on standard error: a live line on a terminal, plain lines elsewhere.

Everything is drawn when the conductor says so, between slices; rich's own refreshing thread stays off.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.results.model import Block, Cell, Deployment, Failure, Run
from bench.units import NS_PER_S, format_duration, format_rate

_BAR = 28  # columns of the bar
_MORE = len("and 99 more")


class RunProgress:
    """Shows a run as it goes on; close it before anything else is printed.

    Where that can no longer be written, the run goes on unseen: it is no part of what is measured.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._cells: dict[str, Cell] = {}
        self._names: dict[str, str] = {}
        self._requests: dict[str, int] = defaultdict(int)
        self._counted_ns: dict[str, int] = defaultdict(int)
        self._launch = ""
        self._standing = ""

    def planned(self, run: Run, estimated_ns: int) -> None:
        """Say what will run and how long it takes."""
        self._cells = {cell.id: cell for cell in run.cells}
        self._names = {deployment.id: deployment.name for deployment in run.deployments}
        kinds = "app and floor" if any(d.app == "floor" for d in run.deployments) else "app"
        facts = {
            "run": f"{run.id}, seed {run.seed}",
            "servers": f"{', '.join(dict.fromkeys(self._names.values()))} ({kinds})",
            "requests": ", ".join(dict.fromkeys(cell.request for cell in run.cells)),
            "load": ", ".join(dict.fromkeys(cell.load.label for cell in run.cells)),
        }
        for name, fact in facts.items():
            self._say(f"{name:<12} {fact}")
        for skipped in run.skipped:
            self._say(f"{'skipped':<12} {skipped.name}: {skipped.reason}; {skipped.remedy}", "yellow")
        self._say_how_long(run, estimated_ns)
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            with self._as_long_as_it_is_read():
                self._live.start()

    def _say_how_long(self, run: Run, estimated_ns: int) -> None:
        """Say how long it takes, or at most where it ends when enough is known, and what may follow."""
        measure = run.scenario["measure"]
        ends = f"every comparison is known to +-{measure['until']}" if measure.get("until") else ""
        if run.check is not None:
            ends = "every cell is decided"
        at_most = "at most " if ends else ""
        self._say(
            f"{'takes':<12} {at_most or 'about '}{format_duration(estimated_ns)}: {at_most}{measure['for']} "
            f"of load on {len(run.cells)} cells, in {at_most}{measure['launches']} launches"
        )
        if (check := run.check or run.baseline) is not None:
            more_ns = estimated_ns * check.confirmation / measure["launches"]
            self._say(
                f"{'':<12} and about {format_duration(more_ns)} more, {check.confirmation} launches, "
                "to confirm a regression"
            )
        if ends:
            self._say(f"{'until':<12} {ends}")

    def tell(self, step: str) -> None:
        """Say what is done before the run."""
        self._say(step)

    def commanded(self, what: str, command: str) -> None:
        """Say which command of the scenario runs now."""
        self._say(f"{what:<12} {command}")

    def warned(self, what: str) -> None:
        """Say what went wrong, and does not touch what was measured."""
        self._say(f"{'warning':<12} {what}", "yellow")

    def launching(self, launch: int, launches: int) -> None:
        """Say which launch begins."""
        self._launch = f"launch {launch}/{launches}"
        self._step(f"{self._launch}: starting the deployments{self._standing}")

    def ready(self, deployment: Deployment, start_up_ns: int) -> None:
        """Say which deployment is up."""
        self._draw(f"{self._launch}: {deployment.id} is up after {format_duration(start_up_ns)}")

    def failed(self, deployment: Deployment, failure: Failure) -> None:
        """Say which deployment is lost, and what it wrote last."""
        self._say(f"{deployment.id} failed: {failure.what}", "bold red")
        for line in failure.log:
            self._say(f"  | {line}", "dim")

    def rejected(self, cell: Cell, reason: str) -> None:
        """Say which cell is not measured."""
        self._say(f"{cell.id} is not measured: {reason}", "yellow")

    def measuring(self, launch: int, blocks: int) -> None:
        """Say how many blocks this launch has."""
        self._step(f"launch {launch}: measuring {blocks} blocks")

    def measured(self, block: Block, remaining_ns: int) -> None:
        """Show the time left and the goodput of each deployment so far."""
        for measured in block.slices:
            self._requests[measured.cell] += measured.requests
            self._counted_ns[measured.cell] += measured.counted_ns
        left = f"{format_duration(remaining_ns)} of load to go" if remaining_ns else "done"
        text = f"{self._launch}: {left}{self._standing}"
        self._draw(text, sum(self._counted_ns.values()), remaining_ns)

    def decided(self, standing: str) -> None:
        """Remember what is known so far, to show it from now on."""
        self._standing = f"; {standing}"

    def stopping(self) -> None:
        """Say that it ends."""
        self._draw("stopping the deployments")

    def close(self) -> None:
        """Take the live line away."""
        if self._live is not None:
            with self._as_long_as_it_is_read():
                self._live.stop()
            self._live = None

    def _say(self, text: str, style: str = "") -> None:
        with self._as_long_as_it_is_read():
            self._console.print(Text(text, style), soft_wrap=True)

    @contextmanager
    def _as_long_as_it_is_read(self) -> Iterator[None]:
        try:
            yield
        except OSError:  # the pipe is broken, the terminal is gone, the disk of its file is full
            self._console.quiet = True

    def _step(self, text: str) -> None:
        """A step that is worth a line also where nothing live can be drawn."""
        if self._live is None:
            self._say(text)
        self._draw(text)

    def _draw(self, text: str, done_ns: int = 0, remaining_ns: int = 0) -> None:
        if self._live is None:
            return
        picture = Table.grid(padding=(0, 1))
        picture.add_row(
            ProgressBar(total=max(1, done_ns + remaining_ns), completed=done_ns, width=_BAR), text
        )
        picture.add_row("", Text(self._goodput_so_far(), "dim"))
        with self._as_long_as_it_is_read():
            self._live.update(picture, refresh=True)

    def _goodput_so_far(self) -> str:
        rates = [
            f"{self._label(self._cells[key])} {format_rate(self._requests[key] * NS_PER_S / counted_ns)}/s"
            for key, counted_ns in self._counted_ns.items()
            if counted_ns and not self._cells[key].deployment.endswith("/floor")
        ]
        return self._as_many_as_fit(rates)

    def _as_many_as_fit(self, rates: list[str]) -> str:
        """As many of the rates as have room in two lines beside the bar, and how many more there are."""
        room = 2 * (self._console.width - _BAR - 2)
        lengths = accumulate(len(rate) + 2 for rate in rates)
        shown = max(1, sum(length <= room - _MORE for length in lengths))
        more = [f"and {len(rates) - shown} more"] if len(rates) > shown else []
        return "  ".join([*rates[:shown], *more])

    def _label(self, cell: Cell) -> str:
        """The deployment's name, with what it is asked where that differs from cell to cell."""
        conditions = {(one.request, one.load) for one in self._cells.values()}
        return cell.id if len(conditions) > 1 else self._names[cell.deployment]
