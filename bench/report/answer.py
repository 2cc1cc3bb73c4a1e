"""The answer in plain words: which server, by how much, and what changing it can gain at most."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.report.merits import shown
from bench.report.standings import Condition, Group, conditions_of
from bench.report.words import first_of, listed, percent
from bench.results.model import LoadLevel
from bench.stats.merit import merit_of
from bench.stats.split import written_factor
from bench.stats.summary import CellSummary, Interval, Summary


@dataclass(frozen=True)
class Answer:
    """The answer for one request and load: who is best in each group, what the server can gain at most."""

    condition: str
    verdicts: tuple[str, ...]
    gain: str


def answers(summary: Summary) -> tuple[Answer, ...]:
    """One answer for each request and load, in the order of the run; none where nothing was planned."""
    return tuple(Answer(each.title, tuple(_verdicts(each)), _gain(each)) for each in conditions_of(summary))


def _verdicts(condition: Condition) -> Iterator[str]:
    """A sentence or two for each group, then who cannot keep up with a rate: no number, but an answer."""
    yield from (_standing(group, condition) for group in condition.groups)
    if not condition.groups:
        yield _no_answer(len(condition.app))
    names = [
        cell.deployment.name
        for cell in condition.app
        if any(reason.code == "overloaded" for reason in cell.reasons)
    ]
    if names:
        yield f"{listed(first_of(names))} cannot keep up with {condition.load.label}."


def _no_answer(deployments: int) -> str:
    nobody = (
        "the only deployment gave no" if deployments == 1 else f"none of the {deployments} deployments gave"
    )
    return f"No answer: {nobody} numbers that can be trusted. The reasons stand below."


def _standing(group: Group, condition: Condition) -> str:
    mode, name = group.mode.capitalize(), group.best.deployment.name
    if len(group.leaders) > 1:
        names = listed(first_of([cell.deployment.name for cell in group.leaders]))
        text = f"{mode}, {names} tie at about {_figure(group.best)}: {_unseen(group)}."
        return f"{text}{_next(group, f' {name} does ', ' ')}"
    if not group.followers:
        return f"{mode}, {name} has nobody to be ranked with: {_figure(group.best, whole=True)}."
    does = "answers soonest" if condition.load.is_open else "is the fastest"
    return f"{mode}, {name} {does}: {_figure(group.best)}{_next(group, ', ', '; ')}"


def _unseen(group: Group) -> str:
    """That a tie shows no difference, and how large one may be all the same."""
    unseen = percent(group.unseen, 0 if group.unseen >= 0.1 else 1)
    return f"no difference is shown, but one of up to {unseen} is not ruled out"


def _figure(cell: CellSummary, *, whole: bool = False) -> str:
    """What the cell is ranked by, in words; the whole of it has its interval."""
    load = cell.cell.load
    figure, how = merit_of(load).of_cell(cell), shown(load)
    value = "-" if figure is None else how.interval(figure) if whole else how.write(figure.value)
    return f"a median latency of {value}" if load.is_open else f"{value} verified responses a second"


def _next(group: Group, before_more: str, before_longer: str) -> str:
    """How far the first follower is behind: that the best does more than it, or that it takes longer."""
    if not group.followers:
        return ""
    follower = group.followers[0]
    name = follower.cell.deployment.name
    if follower.cell.cell.load.is_open:
        return f"{before_longer}{name}, the next, takes {_lag(follower.ratio)}."
    return f"{before_more}{_lead(follower.ratio)} {name}, the next."


def _lag(ratio: Interval) -> str:
    """How much longer the follower takes: `16 % (14 % to 18 %) longer`."""
    if ratio.value >= 1.9:
        return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}) times as long"
    digits = 1 if ratio.value < 1.1 else 0
    value, low, high = (percent(each - 1, digits) for each in (ratio.value, ratio.low, ratio.high))
    return f"{value} ({low} to {high}) longer"


def _lead(ratio: Interval) -> str:
    """How far the best is ahead, from the follower's ratio to it: `16 % (14 % to 18 %) more than`."""
    value, low, high = (_inverse(each) for each in (ratio.value, ratio.high, ratio.low))
    if value >= 1.9:
        return f"{value:.2f} ({low:.2f} to {high:.2f}) times as many as"
    digits = 1 if value < 1.1 else 0
    return (
        f"{percent(value - 1, digits)} ({percent(low - 1, digits)} to {percent(high - 1, digits)}) more than"
    )


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio > 0 else float("inf")


def _gain(condition: Condition) -> str:
    if not condition.floor:
        return "What the server can gain was not measured: the scenario names no floor."
    splits = {each.deployment: each.gain_at_most for each in condition.split}
    gains = [
        _gained(gain, condition.load, group.best.deployment.name)
        for group in condition.groups
        if (gain := splits.get(group.best.deployment.id)) is not None
    ]
    if not gains:
        return "What the server can gain at most cannot be told from these numbers."
    effect = "let the app bear" if condition.load.is_open else "make the app"
    return (
        f"A server that cost nothing would {effect} {listed(gains)}: "
        "that is the most a change of server can gain."
    )


def _gained(gain: float, load: LoadLevel, name: str) -> str:
    if load.is_open:
        return f"{written_factor(gain)} times the load it bears under {name}"
    return f"{written_factor(gain)} times as fast as under {name}"
