"""Which of an app's routes can be measured as they are, and why the others cannot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bench.conductor.inspection.inspected_app import InspectedAnswer, InspectedApp, Rule
from bench.scenario.texts import PATH

Kind = Literal["answer", "arguments", "methods", "static"]
"""Why a route is left out: what it answers, what it needs, or what it is for. The first is told first."""

KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST_S = 1.0  # a slice would have few answers in it, and the run take longer than asked
_UNASKED = InspectedAnswer("", failure="not asked: the app ended its process too often")
_BY_THEMSELVES = ("HEAD", "OPTIONS")
_ARGUMENT = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<options>[^<>]*)\))?:)?(?P<name>\w+)>")
_VALUES = {"int": "1", "float": "1.5", "uuid": "00000000-0000-4000-8000-000000000000", "path": "some/path"}


@dataclass(frozen=True)
class TakenRoute:
    """A path that answers 200 to GET, its first answer, and how long the quickest took.

    It `varies` where its body is not always the same.
    """

    path: str
    answer: InspectedAnswer
    varies: bool
    seconds: float


@dataclass(frozen=True)
class LeftOutRoute:
    """A route that is not measured: one of its methods, its rule, an example of its path, and the reason."""

    kind: Kind
    method: str
    rule: str
    path: str
    reason: str


def taken_routes(app: InspectedApp) -> list[TakenRoute]:
    """What can be measured as it is, `/` first and else in the order of the URL map."""
    found = [
        TakenRoute(answers[0].path, answers[0], len({one.digest for one in answers}) > 1, _seconds(answers))
        for answers in app.answers.values()
        if not fault(answers)
    ]
    return sorted(found, key=lambda route: route.path != "/")


def left_out_routes(app: InspectedApp) -> list[LeftOutRoute]:
    """What cannot, in the order of the URL map, each rule and method once."""
    rules = app.rules or tuple(Rule(path) for path in app.answers)
    return list(dict.fromkeys(route for rule in rules for route in _left_out(rule, app)))


def _left_out(rule: Rule, app: InspectedApp) -> Iterator[LeftOutRoute]:
    methods = [name for name in rule.methods or ("GET",) if name not in _BY_THEMSELVES]
    path = example_path(rule.rule)
    if rule.static is not None:
        yield LeftOutRoute("static", "GET", rule.rule, path, "serves files")
    elif "GET" in methods and rule.arguments:
        names = " and ".join(rule.arguments)
        yield LeftOutRoute("arguments", "GET", rule.rule, path, f"needs a value for {names}")
    elif "GET" in methods:
        answers = app.answers.get(rule.rule, (_UNASKED,))
        if reason := fault(answers):
            yield LeftOutRoute("answer", "GET", rule.rule, answers[0].path or path, reason)
    elif methods:
        yield LeftOutRoute("methods", methods[0], rule.rule, path, "changes something, or needs a body")


def fault(answers: tuple[InspectedAnswer, ...]) -> str:
    """Why a path with these answers is not measured; empty where it is."""
    wrong = next((one for one in answers if one.failure or one.status != 200), None)
    if wrong is None:
        if _seconds(answers) > LONGEST_S:
            return f"takes {_seconds(answers):.1f} s"
        return "" if re.fullmatch(PATH, answers[0].path) else "a scenario cannot hold such a path"
    if wrong.failure:
        return wrong.failure
    where = f", to {wrong.location}" if wrong.location else ""
    why = f": {wrong.raised}" if wrong.raised else ""
    seldom = "" if answers[0].status == wrong.status else ", though 200 before"
    return f"answers {wrong.status}{where}{seldom}{why}"


def _seconds(answers: tuple[InspectedAnswer, ...]) -> float:
    """How long an answer takes; the first one often takes longer."""
    return min(one.seconds for one in answers)


def example_path(rule: str) -> str:
    """A path that the rule fits, with made-up values for its arguments."""
    return _ARGUMENT.sub(_value, rule)


def _value(argument: re.Match[str]) -> str:
    if argument["converter"] == "any":
        return (argument["options"] or "").partition(",")[0].strip().strip("'\"")
    return _VALUES.get(argument["converter"] or "", argument["name"])
