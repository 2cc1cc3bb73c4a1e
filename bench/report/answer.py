"""The answer in plain words: which server, by how much, and what changing it can gain at most."""

from dataclasses import dataclass

from bench.report.standings import Condition, Group, conditions_of
from bench.report.words import listed, percent
from bench.stats.summary import Interval, Summary
from bench.units import format_rate


@dataclass(frozen=True)
class Answer:
    """The answer for one request and load: who is best, and what the server can gain at most."""

    condition: str
    verdict: str
    gain: str


def answers(summary: Summary) -> tuple[Answer, ...]:
    """One answer for each request and load, in the order of the run; none where nothing was planned."""
    return tuple(Answer(each.title, _verdict(each), _gain(each)) for each in conditions_of(summary))


def _verdict(condition: Condition) -> str:
    if not condition.groups:
        return (
            f"No answer: none of the {len(condition.app)} deployments gave numbers that can be trusted. "
            "The reasons stand below."
        )
    return " ".join(_standing(group) for group in condition.groups)


def _standing(group: Group) -> str:
    mode = group.mode.capitalize()
    name = group.best.deployment.name
    rate = format_rate(group.best.goodput.value) if group.best.goodput else "-"
    if len(group.leaders) > 1:
        names = listed([cell.deployment.name for cell in group.leaders])
        text = f"{mode}, {names} tie at about {rate} verified responses a second: no difference is shown"
        return f"{text}.{_next(group, f' {name} does ')}"
    if not group.followers:
        return f"{mode}, {name} has nobody to be ranked with: {rate} verified responses a second."
    return f"{mode}, {name} is the fastest: {rate} verified responses a second,{_next(group, ' ')}"


def _next(group: Group, opening: str) -> str:
    if not group.followers:
        return ""
    follower = group.followers[0]
    return f"{opening}{_lead(follower.ratio)} {follower.cell.deployment.name}, the next."


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
        f"{gain:.2f} times as fast as under {group.best.deployment.name}"
        for group in condition.groups
        if (gain := splits.get(group.best.deployment.id)) is not None
    ]
    if not gains:
        return "What the server can gain at most cannot be told from these numbers."
    return (
        f"A server that cost nothing would make the app {listed(gains)}: "
        "that is the most a change of server can gain."
    )
