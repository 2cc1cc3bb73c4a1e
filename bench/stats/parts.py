"""A deployment by its parts: what a proxy and those behind it take each, and how evenly backends work."""

import re
from collections.abc import Sequence
from statistics import median
from typing import TypeVar

from bench.results.model import LaunchedPart
from bench.stats.intervals import ratio_of_sums
from bench.stats.summary import Interval, PartSummary, Spread
from bench.stats.tally import Tally
from bench.units import NS_PER_US

Known = TypeVar("Known")

IDLE_BELOW = 0.05  # of the deployment's CPU time; a backend that is asked takes more than its proxy

_BACKEND = re.compile(r"(.+)-[0-9]+")


def part_summaries(tally: Tally) -> tuple[PartSummary, ...]:
    """What each part took, the one in front first; empty where the deployment has one part only."""
    names = [part.name for part in tally.deployment.parts]
    if len(names) < 2:
        return ()
    costs = [_cpu_us_per_request(tally, place) for place in range(len(names))]
    found = [
        PartSummary(
            name=name,
            processes=max(_seen([part.processes for part in launched]), default=None),
            cpu_us_per_request=cost,
            cpu_share=_share(cost, costs),
            memory_bytes=_middle(_seen([part.memory_bytes for part in launched])),
        )
        for place, (name, cost) in enumerate(zip(names, costs, strict=True))
        for launched in [_launched(tally, place)]
    ]
    return front_first(found)


def front_first(parts: Sequence[Known]) -> tuple[Known, ...]:
    """The parts of a deployment in the order in which a request comes by; stored are those behind first."""
    return (*parts[-1:], *parts[:-1])


def spread_of(parts: Sequence[PartSummary]) -> Spread | None:
    """How evenly the backends worked; None where there are not several, or their work is not known.

    None as well where they had next to none: whoever stands in front serves files itself, and what they take
    is what idle processes take.
    """
    kinds = [match[1] for part in parts if (match := _BACKEND.fullmatch(part.name))]
    if len(kinds) < 2 or len(set(kinds)) > 1:
        return None
    costs = _seen([part.cpu_us_per_request for part in parts if _BACKEND.fullmatch(part.name)])
    values = [cost.value for cost in costs]
    if len(values) < len(kinds) or not sum(values):
        return None
    all_us = sum(values)
    if all_us < IDLE_BELOW * sum(cost.value for cost in _seen([part.cpu_us_per_request for part in parts])):
        return None
    return Spread(kinds[0], len(kinds), all_us, min(values) / all_us, max(values) / all_us)


def sentence(parts: Sequence[PartSummary], spread: Spread | None) -> str:
    """What each part takes of a request: `nginx 21 us, gunicorn 180 us`, backends together.

    Empty where it is not known.
    """
    alone = [part for part in parts if spread is None or not _BACKEND.fullmatch(part.name)]
    words = [f"{part.name} {cost.value:.0f} us" for part in alone if (cost := part.cpu_us_per_request)]
    if len(words) < len(alone):
        return ""
    if spread is not None:
        words.append(f"{spread.backends} x {spread.of} {spread.cpu_us_per_request:.0f} us")
    return ", ".join(words)


def evenness(spread: Spread) -> str:
    """The share of their work that a backend did, in words: `48.1 % to 51.9 % each`."""
    return f"{100 * spread.least:.1f} % to {100 * spread.most:.1f} % each"


def _cpu_us_per_request(tally: Tally, place: int) -> Interval | None:
    """The CPU time of the deployment's part in this place by everything answered, as that of all parts."""
    read = [
        (launch, one.cpu_by_part_ns[place] / NS_PER_US, one.answered)
        for launch, one in zip(tally.launches, tally.slices, strict=True)
        if len(one.cpu_by_part_ns) == len(tally.deployment.parts)
    ]
    return ratio_of_sums(
        [launch for launch, _, _ in read], [us for _, us, _ in read], [n for _, _, n in read]
    )


def _launched(tally: Tally, place: int) -> list[LaunchedPart]:
    """Each start of the part in this place."""
    return [one.parts[place] for _, one in tally.launched if len(one.parts) == len(tally.deployment.parts)]


def _share(cost: Interval | None, costs: Sequence[Interval | None]) -> float | None:
    all_us = sum(one.value for one in costs if one is not None)
    return cost.value / all_us if cost is not None and all_us else None


def _middle(sizes: Sequence[int]) -> int | None:
    return round(median(sizes)) if sizes else None


def _seen(values: Sequence[Known | None]) -> list[Known]:
    """Those of the values that are known."""
    return [value for value in values if value is not None]
