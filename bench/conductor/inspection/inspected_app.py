"""What is found out about an app: what it is, the rules of its URL map, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A rule of the URL map; `methods` is None where it takes any. `static` is the folder it serves."""

    rule: str
    methods: tuple[str, ...] | None = ("GET",)
    arguments: tuple[str, ...] = ()
    static: str | None = None


@dataclass(frozen=True)
class InspectedAnswer:
    """What came for a path: an answer, of `length` bytes and after so many `seconds`, or a failure instead.

    `raised` is the exception behind it, where the app made an answer of one.
    """

    path: str
    status: int = 0
    content_type: str = ""
    length: int = 0
    streamed: bool = False
    location: str = ""
    digest: str = ""
    seconds: float = 0.0
    raised: str = ""
    failure: str = ""


@dataclass(frozen=True)
class InspectedApp:
    """An app: its `attribute` in the module, its kind in words, its rules, and the answers by rule.

    It `is_flask` where it is an instance of Flask's class. One without a URL map has no rules, and was asked
    for `/` alone.
    """

    attribute: str
    kind: str
    is_flask: bool
    rules: tuple[Rule, ...]
    answers: Mapping[str, tuple[InspectedAnswer, ...]]


@dataclass
class Told:
    """What the inspector has told before it ended; `asking` is the rule and path it never came back from."""

    app: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None
    rules: list[Rule] = field(default_factory=list)
    answers: dict[str, list[InspectedAnswer]] = field(default_factory=dict)
    asking: tuple[str, str] | None = None
    ended: bool = False

    def take(self, what: str, facts: dict[str, Any]) -> None:
        """Add one thing that it told."""
        match what:
            case "app":
                self.app = facts
            case "fault":
                self.fault = facts
            case "rule":
                self.rules.append(Rule(**{**facts, **_tuples(facts)}))
            case "asking":
                self.asking = (facts["rule"], facts["path"])
            case "answer":
                rule = facts.pop("rule")
                self.answers.setdefault(rule, []).append(InspectedAnswer(**facts))
            case "end":
                self.ended = True


def _tuples(facts: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}


def read_told(file: Path) -> Told:
    """What stands in the inspector's file; a last line that was never finished does not count."""
    told = Told()
    for line in file.read_text(encoding="ascii").splitlines(keepends=True):
        if line.endswith("\n"):
            told.take(*json.loads(line))
    return told
