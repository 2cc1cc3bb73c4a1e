"""Whether the app keeps what the scenario requires of it: each figure of each cell against its limit.

The verdict follows from the 95 % interval that is shown: it has to lie on one side of the limit as a whole.
So either verdict is wrong in about 2.5 % of the runs, and that only where the truth sits on the limit. It is
not corrected for the number of requirements: each is a promise of its own, and what else is required must
not change whether it is kept.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isinf
from typing import Any, get_args

from bench.results.model import Run
from bench.scenario.requirement import Requirement
from bench.stats.inference.verdict import Verdict
from bench.stats.requirements.figures import AT_LEAST, interval_of
from bench.stats.requirements.words import sentence
from bench.stats.summary import CellSummary, Interval, RequiredFigure, RequirementVerdict
from bench.stats.tally import Tally

FIGURES: tuple[RequiredFigure, ...] = get_args(RequiredFigure)
MISSING_AT_MOST = 0.001
"""At a rate, this share of what was due may be missing and the server still keeps up, as for `overloaded`."""

_WORST_FIRST: tuple[Verdict, ...] = ("regression", "inconclusive", "pass")
_NOT_THERE = frozenset({"failed", "died"})  # what does not run keeps no promise
_FLATTERING = frozenset({"errors", "overloaded"})  # these can only hide how bad a figure is
_ONE_LAUNCH = "one launch does not tell how far the next would differ"


def requirements_of(
    cells: Sequence[CellSummary], tallies: Sequence[Tally], run: Run
) -> tuple[RequirementVerdict, ...]:
    """The verdict on every figure that the scenario requires, cell by cell in their order.

    `cells` and `tallies` belong together one by one. Only cells of the app are held to it, and in a check
    only those of its head.
    """
    return tuple(
        _verdict(cell, tally, figure, limit)
        for cell, tally in zip(cells, tallies, strict=True)
        if _is_held_to_it(cell)
        for figure, limit in _limits(cell, run.scenario)
    )


def worst_first(requirements: Sequence[RequirementVerdict]) -> list[RequirementVerdict]:
    """The requirements by their verdicts: regression, inconclusive, pass; else in their order."""
    return sorted(requirements, key=lambda one: _WORST_FIRST.index(one.verdict))


def counted(requirements: Sequence[RequirementVerdict]) -> str:
    """How many have each verdict, the worst first: `1 regression, 2 inconclusive, 4 pass`."""
    found = Counter(one.verdict for one in requirements)
    return ", ".join(f"{found[verdict]} {verdict}" for verdict in _WORST_FIRST if found[verdict])


def _is_held_to_it(cell: CellSummary) -> bool:
    one = cell.deployment
    return one.app == "app" and one.twin_of is None and one.revision in (None, "head")


def _limits(cell: CellSummary, scenario: dict[str, Any]) -> Iterator[tuple[RequiredFigure, float]]:
    """The figures required of a cell; what stands within its request goes before what stands at the top."""
    limits = _written(scenario)
    for request in scenario.get("requests", ()):
        if cell.cell.load.locustfile is None and _label(request) == cell.cell.request:
            limits |= _written(request)
    yield from ((figure, limits[figure]) for figure in FIGURES if figure in limits)


def _written(part: dict[str, Any]) -> dict[str, float]:
    """The limits below `require` in a stored part of a scenario; in an older run there is no such key."""
    return Requirement.model_validate(part.get("require") or {}).limits()


def _label(request: dict[str, Any]) -> str:
    """What cells call a stored request or mix."""
    return str(request["name"]) if "mix" in request else f"{request['method']} {request['path']}"


def _verdict(cell: CellSummary, tally: Tally, figure: RequiredFigure, limit: float) -> RequirementVerdict:
    value = interval_of(figure, cell, tally)
    found, because = _judged(cell, tally, figure, limit, value)
    what = sentence(figure, limit, value, cell.cell.load, because)
    return RequirementVerdict(cell.cell.id, figure, limit, value, found, what, because)


def _judged(
    cell: CellSummary, tally: Tally, figure: RequiredFigure, limit: float, value: Interval | None
) -> tuple[Verdict, str]:
    """The verdict, and the reason for it where the interval is not all of it."""
    against = {reason.code: reason.what for reason in cell.reasons}
    if broken := _broken(figure, against):
        return "regression", broken
    side = _side(figure, limit, value, cell.cell.load.rate_per_s)
    if side == "regression" and _stands(figure, against, tally):
        return "regression", ""
    doubt = _doubt(cell, tally, figure, limit, value)
    return ("inconclusive" if doubt else side), doubt


def _broken(figure: RequiredFigure, against: dict[str, str]) -> str:
    """What breaks the requirement whatever was measured: no server, or answers that are all wrong."""
    codes = {*_NOT_THERE, "answers-differ"} if figure == "errors" else _NOT_THERE
    return next((what for code, what in against.items() if code in codes), "")


def _side(figure: RequiredFigure, limit: float, value: Interval | None, rate: float | None) -> Verdict:
    """On which side of the limit the whole interval lies."""
    if value is None:
        return "inconclusive"
    low, high = value.low, value.high
    if figure in AT_LEAST:
        low, high = -high, -low
        limit = -(limit if rate is None else min(limit, rate) * (1 - MISSING_AT_MOST))
    elif limit == 0:  # no number of right answers shows that there are no errors: what is required is a count
        low = high = value.value
    if high <= limit:
        return "pass"
    return "regression" if low > limit else "inconclusive"


def _stands(figure: RequiredFigure, against: dict[str, str], tally: Tally) -> bool:
    """Whether a limit that is not kept is so beyond what speaks against the cell's numbers."""
    return figure == "errors" or (against.keys() <= _FLATTERING and _launches(tally) > 1)


def _doubt(
    cell: CellSummary, tally: Tally, figure: RequiredFigure, limit: float, value: Interval | None
) -> str:
    """Why nothing can be said of the figure, but that its limit is not kept; empty where something can."""
    excused = {"errors"} if figure == "errors" else set()  # what is counted does not spoil the count
    if speaks_against := [one.what for one in cell.reasons if one.code not in excused]:
        return speaks_against[0]
    if value is None:
        return "it was not measured"
    if _launches(tally) < 2:
        return _ONE_LAUNCH
    if isinf(value.high):
        return "there are too few answers, or launches, for an upper bound"
    rate = cell.cell.load.rate_per_s
    if figure == "goodput" and rate is not None and limit > rate:
        return f"no more than {rate:.12g}/s were asked for"
    return ""


def _launches(tally: Tally) -> int:
    return len(set(tally.launches))
