"""The course of a check against a baseline: so many launches as were settled, then those that repeat."""

from bench.results.model import Measurements
from bench.stats.baselines.pairing import Held, held_cells
from bench.stats.baselines.rule import judgements_of
from bench.stats.decision import Decision


def decide_against_baseline(measurements: Measurements) -> Decision:
    """Go on until the launches are through that were settled before; then repeat what came out red."""
    check = measurements.run.baseline
    if check is None:
        raise ValueError("this run is held against no baseline")
    cells = held_cells(measurements)
    launches = sum(not one.confirming for one in measurements.launches)
    hopeful = [cell for cell in cells if not cell.hopeless]
    if launches < check.launches and hopeful:
        told = f"{launches} of {check.launches} launches, after which there is a verdict"
        return Decision(enough=False, left_out=_others(measurements, hopeful), standing=told)
    red = _red(cells) if launches >= check.launches else []
    if not red or len(measurements.launches) - launches >= check.confirmation:
        return Decision(enough=True, standing="every cell judged")
    told = f"worse in {len(red)} of {len(cells)} cells, being repeated with fresh launches"
    return Decision(enough=False, left_out=_others(measurements, red), confirming=True, standing=told)


def _red(cells: tuple[Held, ...]) -> list[Held]:
    """The cells that came out slower at the look, or missed their rate."""
    judgements = judgements_of(cells, look=True)
    red = {cell for (cell, _), (first, _) in judgements.items() if first.verdict == "regression"}
    return [cell for cell in cells if cell.id in red or cell.overloaded]


def _others(measurements: Measurements, wanted: list[Held]) -> tuple[str, ...]:
    """The ids of all cells but those wanted and what is measured beside them."""
    kept = {each for cell in wanted for each in cell.cells}
    return tuple(cell.id for cell in measurements.run.cells if cell.id not in kept)
