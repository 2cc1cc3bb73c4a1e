"""Planned looks: after how many pairs a running check may be judged, and what each look may cost.

Who tests after every pair until something is significant will find it. So the looks are fixed before the run,
and each gets an equal share of the level: however the looks depend on one another, their chances of a false
alarm add up to the level at most.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from bench.stats.inference.signed_rank import fewest


@dataclass(frozen=True)
class Looks:
    """After how many pairs there is a look, ascending, and the level they share.

    Raises ValueError where the numbers of pairs do not ascend from at least 1, or there are none.
    """

    pairs: tuple[int, ...] = (12, 24, 36)
    level: float = 0.01

    def __post_init__(self) -> None:
        if not self.pairs or any(later <= sooner for sooner, later in pairwise((0, *self.pairs))):
            raise ValueError(f"looks must come after ever more pairs, at least 1, not {self.pairs}")

    @property
    def share(self) -> float:
        """The level of each look."""
        return self.level / len(self.pairs)

    def reached(self, pairs: int) -> tuple[int, ...]:
        """The looks that this many pairs allow."""
        return tuple(look for look in self.pairs if look <= pairs)

    def following(self, pairs: int) -> int | None:
        """After how many pairs the next look is, having this many; None where there is no other."""
        return next((look for look in self.pairs if look > pairs), None)

    def cut_at(self, pairs: int) -> "Looks":
        """The looks of a run that ended after this many pairs: the one that would have followed is taken now.

        Its share stays what it was. Sound where time or a person ended the run, not what it had shown.
        """
        done = self.reached(pairs)
        if pairs in done or len(done) == len(self.pairs):
            return self
        return replace(self, pairs=(*done, pairs, *self.pairs[len(done) + 1 :]))


def planned(family: int, most: int = 36, count: int = 3, level: float = 0.01) -> Looks:
    """Looks evenly spaced up to `most` pairs, the first where a family of this size can tell anything.

    A single look, with the whole level, where there is no room for several.
    """
    first = max(most // count, fewest(level / count / family))
    if count == 1 or most - first < count - 1:
        return Looks((most,), level)
    return Looks(tuple(first + (most - first) * step // (count - 1) for step in range(count)), level)
