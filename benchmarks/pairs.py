"""Pairs: turns taken one right after the other, in random order, and the ratio they agree on.

What slows the machine for longer than a turn slows both of a pair, and cancels in their ratio. The interval
is the sign test's: exact whatever the ratios are distributed like, and nothing of the project's statistics.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import comb
from statistics import median
from typing import TypeVar

from bench.stats.summary import Interval

FEWEST_PAIRS = 6
_LEVEL = 0.95
_T = TypeVar("_T")

Turn = Callable[[], float]
Played = dict[str, list[tuple[float, float]]]  # by pair, round by round


def shuffled(items: Iterable[_T], chance: random.Random) -> list[_T]:
    """The items in a random order."""
    order = list(items)
    chance.shuffle(order)
    return order


def play(
    pairs: Mapping[str, tuple[Turn, Turn]], *, rounds: int, seed: int, say: Callable[[str], None]
) -> Played:
    """What the two of each pair achieved, round by round: the pairs in random order, and the two of each."""
    chance = random.Random(seed)
    played: Played = {name: [] for name in pairs}
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        for name in shuffled(pairs, chance):
            played[name].append(_play_pair(pairs[name], chance))
    return played


def _play_pair(pair: tuple[Turn, Turn], chance: random.Random) -> tuple[float, float]:
    achieved = {place: pair[place]() for place in shuffled((0, 1), chance)}
    return achieved[0], achieved[1]


def median_ratio(pairs: Sequence[tuple[float, float]]) -> Interval:
    """The median of first / second, with an interval that holds the true one with at least 95 %.

    Raises ValueError with fewer than six pairs: they have no such interval.
    """
    return median_interval([one / other for one, other in pairs])


def median_interval(values: Sequence[float]) -> Interval:
    """The median of the values, with an interval as that of `median_ratio`."""
    ordered = sorted(values)
    rank = interval_rank(len(ordered))
    return Interval(median(ordered), ordered[rank - 1], ordered[-rank])


def interval_rank(count: int) -> int:
    """The rank, counted from either end, of the values that bound the median's 95 % interval."""
    if count < FEWEST_PAIRS:
        raise ValueError(f"{count} values have no 95 % interval of their median")
    outside, rank = 0, 0
    while 2 * (outside := outside + comb(count, rank)) <= (1 - _LEVEL) * 2**count:
        rank += 1
    return rank
