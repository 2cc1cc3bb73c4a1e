"""YAML text to plain data of which every part knows its line and column.

The data is what JSON can hold: mappings with text keys, lists, text, whole and decimal numbers, true, false,
null, read by the core schema of YAML 1.2 (so `1:30` and `no` are text). Tags are refused, so nothing can be
constructed; aliases are allowed, but what they unfold to is counted. The events come from ruamel.yaml.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bench.errors import Problem
from bench.scenario.mistakes import quoted
from bench.scenario.yaml_scalars import Scalar, resolve

MOST_NODES = 10_000
MOST_LEVELS = 50

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_IN_WORDS = {
    "('<stream end>',)": "the end of the file",
    "'<stream end>'": "the end of the file",
    "'\\x00'": "the end of the file",
    "'<document start>'": "the end of the file",  # it is the only thing that may follow
    "<block end>": "the end of the block",
    "'<block mapping start>'": "an indented mapping",
    "'<block sequence start>'": "an indented list",
    "('<scalar>',)": "a value",
    "'<scalar>'": "a value",
}
_SYNTAX_REMEDIES = {
    "'\\t' that cannot start": "indent with spaces, not tabs",
    "that cannot start": "put the text in quotes",
    "mapping values are not allowed": "check the indentation; put a text with a colon and a space in quotes",
}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Node:
    """A value with its place. `value` is a scalar, a list of nodes, or pairs of key and value nodes by key.

    `size` and `levels` are those of everything in it with aliases unfolded. A `broken` node's mistake is
    reported already; its value means nothing.
    """

    line: int
    column: int
    value: "Scalar | list[Node] | dict[str, tuple[Node, Node]]"
    size: int = 1
    levels: int = 0
    broken: bool = False

    def plain(self) -> Any:
        """The value as plain Python data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, (_, node) in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


@dataclass(frozen=True)
class Document:
    """What a text holds: its value, None where there is none that can be read, and all mistakes found."""

    root: Node | None
    problems: list[Problem]


def compose(text: str) -> Document:
    """The one document of the text. Never raises: what is wrong with the text is in the problems."""
    if unprintable := _UNPRINTABLE.search(text):
        line_start = text.rfind("\n", 0, unprintable.start()) + 1
        line = text.count("\n", 0, unprintable.start()) + 1
        what = f"the character {quoted(unprintable[0])} cannot stand in YAML"
        column = unprintable.start() - line_start + 1
        return Document(None, [Problem(line, column, what, "take it out, or write it as an escape")])
    composer = _Composer(YAML(typ="safe", pure=True).parse(text))
    try:
        root = composer.document()
    except _Refused as refused:
        composer.problems.append(refused.problem)
    except MarkedYAMLError as error:
        composer.problems.append(_syntax_problem(error))
    except (YAMLError, ValueError, OverflowError, AssertionError) as error:
        # ruamel lets its own conversions fail: escapes beyond Unicode, odd %YAML directives
        composer.problems.append(Problem(1, 1, f"this is not YAML: {quoted(str(error))}"))
    else:
        return Document(root, composer.problems)
    return Document(None, composer.problems)


def _syntax_problem(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = f"this is not YAML: {error.problem or error.context}"
    for token, words in _IN_WORDS.items():
        what = what.replace(token, words)
    remedy = next((remedy for part, remedy in _SYNTAX_REMEDIES.items() if part in what), "")
    if not remedy and error.context and error.context_mark:
        remedy = f"{error.context} that starts in line {error.context_mark.line + 1}"
    return Problem(line, column, what, remedy)


class _Refused(Exception):
    """A text of which no further part is read."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass
class _Composer:
    events: Iterator[Event]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    size: int = 0

    def document(self) -> Node | None:
        """The node of the only document; None where the text has none."""
        next(self.events)  # the start of the stream
        if not isinstance(next(self.events), DocumentStartEvent):
            return None
        root = self._node(next(self.events), MOST_LEVELS)
        next(self.events)  # the end of the document
        following = next(self.events)
        if isinstance(following, DocumentStartEvent):
            self._report(following, "a second document starts here", "keep one scenario to a file")
        return root

    def _node(self, event: Event, levels_left: int) -> Node:
        if isinstance(event, AliasEvent):
            node = self._alias(event)
        elif isinstance(event, ScalarEvent):
            node = self._scalar(event)
        elif levels_left <= 0:
            raise _Refused(_problem(event, f"nested more than {MOST_LEVELS} levels deep"))
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(event, levels_left)
        else:
            node = self._mapping(event, levels_left)
        if node.levels > levels_left:
            raise _Refused(_problem(event, f"nested more than {MOST_LEVELS} levels deep"))
        self._count(event, node.size if isinstance(event, AliasEvent) else 1)
        if isinstance(event, NodeEvent) and not isinstance(event, AliasEvent):
            node = self._without_tag(event, node)
            if event.anchor:
                self.anchors[event.anchor] = node
        return node

    def _count(self, event: Event, size: int) -> None:
        self.size += size
        if self.size > MOST_NODES:
            what = f"more than {MOST_NODES:,} values, aliases unfolded"
            raise _Refused(_problem(event, what, "a scenario is far smaller than that"))

    def _alias(self, event: AliasEvent) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            what = f"no anchor {quoted('&' + event.anchor)} is complete before this alias"
            return self._broken(event, what, "define it further up, or quote a text that starts with `*`")
        return node

    def _scalar(self, event: ScalarEvent) -> Node:
        if _SURROGATE.search(event.value):
            return self._broken(event, "half a character (a lone surrogate)", "write the character itself")
        if event.style or event.tag:
            return _node_at(event, event.value)
        try:
            return _node_at(event, resolve(event.value))
        except ValueError as error:
            return self._broken(event, f"{quoted(event.value)} is {error}", "write a number that can be used")

    def _sequence(self, start: Event, levels_left: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self._node(event, levels_left - 1))
        return _collection_at(start, items, items)

    def _mapping(self, start: Event, levels_left: int) -> Node:
        pairs: dict[str, tuple[Node, Node]] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._node(event, levels_left - 1)
            value = self._node(next(self.events), levels_left - 1)
            if self._is_usable(key, event, pairs):
                pairs[str(key.value)] = key, value
        return _collection_at(start, pairs, [value for _, value in pairs.values()])

    def _is_usable(self, key: Node, event: Event, pairs: dict[str, tuple[Node, Node]]) -> bool:
        """Whether the key is a text that is new to the mapping; reports it where it is not."""
        if key.broken:
            return False
        if not isinstance(key.value, str):
            self._report(event, "a key must be text", "write it in quotes")
        elif key.value == "<<" and isinstance(event, ScalarEvent) and not event.style:
            self._report(event, "merge keys (`<<`) are not part of YAML 1.2", "write the settings out")
        elif key.value in pairs:
            first = pairs[key.value][0]
            self._report(
                event, f"the key {quoted(key.value)} is there twice", f"the first is in line {first.line}"
            )
        else:
            return True
        return False

    def _without_tag(self, event: NodeEvent, node: Node) -> Node:
        tag = getattr(event, "tag", None)
        if not tag or tag == "!":
            return node
        shown = quoted(str(tag).replace("tag:yaml.org,2002:", "!!"))
        return self._broken(event, f"the tag {shown} is not allowed", "leave it out; write text in quotes")

    def _broken(self, event: Event, what: str, remedy: str) -> Node:
        self._report(event, what, remedy)
        return _node_at(event, None, broken=True)

    def _report(self, event: Event, what: str, remedy: str) -> None:
        self.problems.append(_problem(event, what, remedy))


def _problem(event: Event, what: str, remedy: str = "") -> Problem:
    return Problem(event.start_mark.line + 1, event.start_mark.column + 1, what, remedy)


def _node_at(event: Event, value: Scalar, *, broken: bool = False) -> Node:
    return Node(event.start_mark.line + 1, event.start_mark.column + 1, value, broken=broken)


def _collection_at(
    start: Event, value: list[Node] | dict[str, tuple[Node, Node]], children: list[Node]
) -> Node:
    size = 1 + sum(child.size for child in children)
    levels = 1 + max((child.levels for child in children), default=0)
    return Node(start.start_mark.line + 1, start.start_mark.column + 1, value, size, levels)
