"""What a run does after a launch, decided from what has been measured so far."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.results.model import Measurements


@dataclass(frozen=True)
class Decision:
    """Whether a run is over, and else what its next launch measures; cells by their ids.

    Cells that are `settled` take part only in every second block, those `left_out` in none; deployments all
    of whose cells are left out are not started. A launch that is `confirming` repeats what was found before,
    with fresh data. `standing` is what is known by now, in a few words for whoever watches.
    """

    enough: bool
    settled: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    confirming: bool = False
    standing: str = ""


Decide = Callable[[Measurements], Decision]
"""A pure rule: the same measurements give the same decision again."""
