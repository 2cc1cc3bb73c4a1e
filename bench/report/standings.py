"""Who stands where: the cells of one request and load, and the groups in which they may be compared."""

from dataclasses import dataclass

from bench.results.model import LoadLevel
from bench.stats.caveats import condition
from bench.stats.merit import Merit, merit_of
from bench.stats.summary import CellSummary, Comparison, Interval, Noise, Split, Summary


@dataclass(frozen=True)
class Follower:
    """A valid cell that is not the best of its group, and its figure of merit as a ratio to the best's."""

    cell: CellSummary
    ratio: Interval

    @property
    def worse_by_at_most(self) -> float:
        """How much worse than the best it may be, as a share of the best's figure of merit."""
        less_is_better = merit_of(self.cell.cell.load).less_is_better
        return max(0.0, self.ratio.high - 1 if less_is_better else 1 - self.ratio.low)


@dataclass(frozen=True)
class Group:
    """Cells of the app that may be compared: the best with those that tie with it, then the others.

    `unseen` is how much worse than the best one that ties with it may still be, as a share.
    """

    keeps_alive: bool
    leaders: tuple[CellSummary, ...]
    followers: tuple[Follower, ...]
    unseen: float = 0.0

    @property
    def best(self) -> CellSummary:
        """The cell with the best figure of merit."""
        return self.leaders[0]

    @property
    def mode(self) -> str:
        """The group's keep-alive mode in words."""
        return mode_of(self.keeps_alive)


@dataclass(frozen=True)
class Condition:
    """One request under one load: its cells in the order of the run, its groups with keep-alive first.

    `noise` is the run's own where it was measured under this very request and load.
    """

    number: int
    request: str
    load: LoadLevel
    app: tuple[CellSummary, ...]
    floor: dict[str, CellSummary]
    groups: tuple[Group, ...]
    split: tuple[Split, ...]
    noise: Noise | None = None

    @property
    def merit(self) -> Merit:
        """What the cells are ranked by."""
        return merit_of(self.load)

    @property
    def durations(self) -> str:
        """What the durations are called: they are latencies where it is known when requests were due."""
        return "latency" if self.load.is_open else "service time"

    @property
    def title(self) -> str:
        """The condition as headings name it."""
        return condition(self.request, self.load)


def mode_of(keeps_alive: bool) -> str:
    """The keep-alive mode in words."""
    return "with keep-alive" if keeps_alive else "without keep-alive"


def conditions_of(summary: Summary) -> tuple[Condition, ...]:
    """Every request and load of the run, in its order."""
    keys = dict.fromkeys((each.cell.request, each.cell.load) for each in summary.cells)
    return tuple(_condition(summary, number, *key) for number, key in enumerate(keys, 1))


def standing(condition: Condition, cell: CellSummary) -> str:
    """`best` or `tie` where the cell leads its group; nothing where it does not, or is alone in it."""
    for group in condition.groups:
        if cell in group.leaders and (len(group.leaders) > 1 or group.followers):
            return "tie" if len(group.leaders) > 1 else "best"
    return ""


def _condition(summary: Summary, number: int, request: str, load: LoadLevel) -> Condition:
    here = [each for each in summary.cells if (each.cell.request, each.cell.load) == (request, load)]
    app = {each.cell.id: each for each in here if each.deployment.app == "app"}
    comparisons = {each.cell: each for each in summary.comparisons if each.cell != each.against}
    ranking = [ranked for ranked in summary.ranking if ranked and ranked[0] in app]
    groups = [_group([app[cell] for cell in ranked], comparisons) for ranked in ranking]
    noise = summary.noise
    return Condition(
        number=number,
        request=request,
        load=load,
        app=tuple(app.values()),
        floor={each.deployment.name: each for each in here if each.deployment.app == "floor"},
        groups=tuple(sorted(groups, key=lambda group: not group.keeps_alive)),
        split=tuple(each for each in summary.split if (each.request, each.load) == (request, load)),
        noise=noise if noise and (noise.request, noise.load) == (request, load) else None,
    )


def _group(ranked: list[CellSummary], comparisons: dict[str, Comparison]) -> Group:
    best, *others = ranked
    known = [(cell, comparisons[cell.cell.id]) for cell in others if cell.cell.id in comparisons]
    ties = [Follower(cell, found.ratio) for cell, found in known if found.verdict != "slower"]
    followers = (Follower(cell, found.ratio) for cell, found in known if found.verdict == "slower")
    return Group(
        best.keeps_alive,
        (best, *(tie.cell for tie in ties)),
        tuple(followers),
        unseen=max((tie.worse_by_at_most for tie in ties), default=0.0),
    )
