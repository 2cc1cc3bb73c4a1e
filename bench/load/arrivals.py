"""When requests are due in an open loop: at even distances, or as a Poisson process. Pure: no clock is read.

Times are integers on the clock of `perf_counter_ns`. They do not depend on what the server does, so one that
stalls delays nothing but its own answers (Gil Tene, "How NOT to Measure Latency").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Protocol

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Part:
    """Which of the arrivals are this process's: every `of`-th, beginning with this one."""

    index: int = 0
    of: int = 1


WHOLE = Part()


class Schedule(Protocol):
    """When requests are due."""

    def begin(self, from_ns: int, ramp_ns: int) -> Iterator[int]:
        """Times in ascending order without end; the counted window begins at `from_ns`, after the ramp."""
        ...


@dataclass(frozen=True)
class Constant:
    """Arrivals at even distances, one of them (of all processes') at the very beginning of the window."""

    rate_per_s: float
    part: Part = WHOLE

    def begin(self, from_ns: int, ramp_ns: int) -> Iterator[int]:
        """Each time is computed from its number, so that no error adds up."""
        interval_ns = NS_PER_S / self.rate_per_s
        number = -int(ramp_ns / interval_ns)
        number += (self.part.index - number) % self.part.of
        while True:
            yield from_ns + round(number * interval_ns)
            number += self.part.of


@dataclass(frozen=True)
class Poisson:
    """Arrivals at random, independent of each other.

    Several processes each have a Poisson process with their part of the rate; together they are one.
    """

    rate_per_s: float
    seed: int
    part: Part = WHOLE

    def begin(self, from_ns: int, ramp_ns: int) -> Iterator[int]:
        """The distances are exponentially distributed."""
        chance = Random(f"{self.seed} {self.part.index}")  # noqa: S311  (a load, not a secret)
        rate_per_ns = self.rate_per_s / self.part.of / NS_PER_S
        due_ns = float(from_ns - ramp_ns)
        while True:
            due_ns += chance.expovariate(rate_per_ns)
            yield round(due_ns)


class Pace:
    """Arrivals at a rate that may change at any time, at even distances or as a Poisson process.

    `due_ns` is the one that was given last: the next that has not come yet.
    """

    def __init__(self, rate_per_s: float, *, poisson: bool, seed: int = 0) -> None:
        self.due_ns = 0
        self._rate_per_s = rate_per_s
        self._chance = Random(seed) if poisson else None  # noqa: S311  (a load, not a secret)

    def begin(self, from_ns: int, ramp_ns: int) -> Iterator[int]:
        """Each time follows the one before it by the rate of that moment."""
        self.due_ns = from_ns - ramp_ns
        while True:
            yield self.due_ns
            share = 1.0 if self._chance is None else self._chance.expovariate(1.0)
            self.due_ns += round(share * NS_PER_S / self._rate_per_s)

    def change(self, rate_per_s: float, now_ns: int) -> None:
        """Go on at another rate; what is left of the time to the next arrival shrinks or grows with it."""
        left_ns = max(0, self.due_ns - now_ns)
        self.due_ns += round(left_ns * self._rate_per_s / rate_per_s) - left_ns
        self._rate_per_s = rate_per_s
