"""The run's own noise: one deployment is entered twice, and what the two differ by is no difference."""

from collections.abc import Iterator, Sequence

from bench.stats import validity
from bench.stats.caveats import condition
from bench.stats.merit import merit_of
from bench.stats.ratios import FEWEST_PAIRS, pair, ratio
from bench.stats.summary import Noise
from bench.stats.tally import Tally


def noise_of(tallies: Sequence[Tally]) -> Noise | None:
    """The twin's ratio to the deployment it repeats; None where there is none or either cell is not valid."""
    both = _both(tallies)
    if both is None or any(validity.reasons(tally) for tally in both):
        return None
    twin, first = both
    merit = merit_of(first.cell.load)
    pairs = pair(twin, first, merit.of_slices)
    interval = ratio(pairs)
    if interval is None:
        return None
    return Noise(
        deployment=first.deployment.id,
        request=first.cell.request,
        load=first.cell.load,
        of=merit.name,
        ratio=interval,
        pairs=len(pairs.log_ratios),
        dropped=pairs.dropped,
    )


def about_noise(tallies: Sequence[Tally], noise: Noise | None) -> Iterator[str]:
    """That the noise is not known though a twin was measured for it, or is more than chance explains.

    Where the deployment itself is not valid, its own reasons say enough.
    """
    both = _both(tallies)
    if both is None:
        return
    twin, first = both
    if noise is None and not validity.reasons(first):
        why = [reason.what for reason in validity.reasons(twin)]
        pairs = "launches" if first.in_rounds else "blocks"
        short = f"both answered in fewer than {FEWEST_PAIRS} {pairs}"
        yield f"The run's own noise is not known: {first.deployment.name} was entered twice, and " + (
            f"the second time {why[0]}." if why else f"{short}."
        )
    if noise is not None and noise.told_apart:
        yield (
            f"Two identical deployments of {first.deployment.name} were told apart: do not believe "
            f"differences smaller than {100 * noise.reach:.1f} %. That happens by chance in one run of 20; "
            "where it happens again, end other work on this machine or use more launches."
        )


def sentence(noise: Noise, name: str) -> str:
    """What the two came out at, to stand behind the word noise; `name` is the deployment's."""
    value, low, high = noise.ratio.value, noise.ratio.low, noise.ratio.high
    work = f"{name}, {condition(noise.request, noise.load)}"
    return f"the same server twice ({work}) came out at {value:.3f} ({low:.3f}-{high:.3f})"


def _both(tallies: Sequence[Tally]) -> tuple[Tally, Tally] | None:
    """The twin's tally, and that of the same work by the deployment it repeats."""
    for twin in tallies:
        for first in tallies:
            work = (first.deployment.id, first.cell.request, first.cell.load)
            if work == (twin.deployment.twin_of, twin.cell.request, twin.cell.load):
                return twin, first
    return None
