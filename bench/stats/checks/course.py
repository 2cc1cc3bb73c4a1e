"""The rule of a check: after which launch it is over, and which cells still need some."""

from collections.abc import Sequence

from bench.results.model import Check, Launch, Measurements
from bench.stats.checks.pairing import Pairing, pairings
from bench.stats.checks.rule import judgements_of, planned_looks
from bench.stats.decision import Decision


def decide_check(measurements: Measurements) -> Decision:
    """Go on until every cell is decided or the last look is through; then repeat what came out red."""
    check = measurements.run.check
    if check is None:
        raise ValueError("this run compares no two versions")
    pairs = pairings(measurements)
    launches = len(pairs[0].launches) if pairs else 0
    red: list[Pairing] = []
    undecided = [] if launches in check.looks else _still_open(pairs, measurements.launches)
    if not undecided:
        red, undecided = _red_and_undecided(pairs, check, launches)
    if undecided:
        told = f"{len(pairs) - len(undecided)} of {len(pairs)} cells decided"
        return Decision(enough=False, left_out=_others(pairs, undecided), standing=told)
    repeated = len(pairs[0].repeated) if pairs else 0
    if not red or repeated >= check.confirmation:
        return Decision(enough=True, standing="every cell decided")
    told = f"worse in {len(red)} of {len(pairs)} cells, being repeated with fresh launches"
    return Decision(enough=False, left_out=_others(pairs, red), confirming=True, standing=told)


def _still_open(pairs: Sequence[Pairing], launches: Sequence[Launch]) -> list[Pairing]:
    """Between two looks: the cells that were open before, without those that nothing more can decide."""
    decided = launches[-2].left_out if len(launches) > 1 else ()
    return [pair for pair in pairs if not pair.hopeless and pair.head.cell.id not in decided]


def _red_and_undecided(
    pairs: Sequence[Pairing], check: Check, launches: int
) -> tuple[list[Pairing], list[Pairing]]:
    """At a look: the cells that came out red by now, and those that could not be decided."""
    looks = planned_looks(check, launches, ended=False)
    verdicts: dict[str, set[str]] = {}
    for (cell, _), (judgement, _) in judgements_of(pairs, looks).items():
        verdicts.setdefault(cell, set()).add(judgement.verdict)
    slower = [pair for pair in pairs if pair.usable and "regression" in verdicts[pair.head.cell.id]]
    red = [pair for pair in pairs if pair in slower or pair.overloaded]
    if launches >= looks.pairs[-1]:
        return red, []
    open_ = [pair for pair in pairs if pair.usable and "inconclusive" in verdicts[pair.head.cell.id]]
    return red, [pair for pair in open_ if not pair.hopeless and pair not in red]


def _others(pairs: Sequence[Pairing], wanted: Sequence[Pairing]) -> tuple[str, ...]:
    """The ids of all cells that are not among those wanted."""
    kept = {cell for pair in wanted for cell in pair.cells}
    return tuple(cell for pair in pairs for cell in pair.cells if cell not in kept)
