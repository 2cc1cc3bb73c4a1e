"""Whether head gives other answers than base: a number for another answer is no faster or slower one."""

from collections.abc import Mapping, Sequence

from bench.results.model import Answer, Cell, Launch
from bench.stats.summary import Reason


def changed_answer(launches: Sequence[Launch], base: Cell, head: Cell) -> Reason | None:
    """That the two bodies differ in some launch; None where they do not, or where any body is right."""
    for launch in launches:
        before, after = launch.answers.get(base.id, {}), launch.answers.get(head.id, {})
        if (changed := _changed(before, after, "base")) is not None:
            return changed
    return None


def changed_since(kept: Mapping[str, Answer], answers: Mapping[str, Answer]) -> Reason | None:
    """That a body is not the one a baseline has kept; None where it is, or where any body is right."""
    return _changed(kept, answers, "the baseline")


def _changed(before: Mapping[str, Answer], after: Mapping[str, Answer], whose: str) -> Reason | None:
    for request in before:
        if request in after and before[request] != after[request]:
            return Reason(
                "answer-changed",
                f"it answers {request} with {after[request].bytes:,} bytes that are not the "
                f"{before[request].bytes:,} of {whose}",
                "where that is meant, say what a right answer is with `expect:`; otherwise mend it",
            )
    return None
