"""What validation found, as problems a person can read: plain sentences, each with its line and column."""

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bench.errors import Problem
from bench.scenario.check import Check, CheckException
from bench.scenario.expectation import CHECKS, WORD, ExpectedBody, ExpectedHeader
from bench.scenario.mistakes import KEY, TYPE, Location, Mistake, did_you_mean, nearest, quoted
from bench.scenario.model import Expectation, Load, Measure, Mix, Request, Scenario
from bench.scenario.places import Places
from bench.scenario.request import MIX, REQUEST
from bench.scenario.requirement import Requirement
from bench.scenario.server_choice import WORKERS, Behind, ServerChoice
from bench.scenario.static_files import StaticFiles
from bench.scenario.texts import WHAT_AND_REMEDY
from bench.scenario.yaml_nodes import Node
from bench.units import write_duration

_ANY = "*"  # a key that the user chooses
_KINDS = frozenset({REQUEST, MIX, WORD, CHECKS})  # steps of a location that no file has
_OF_A_REQUEST: dict[Location, type[BaseModel]] = {
    (): Request,
    ("expect",): Expectation,
    ("expect", "body", CHECKS): ExpectedBody,
    ("expect", "headers", _ANY): ExpectedHeader,
    ("require",): Requirement,
}
PARTS: dict[Location, type[BaseModel]] = {
    (): Scenario,
    ("require",): Requirement,  # before those of requests: of several homes the first is named
    ("static",): StaticFiles,
    ("servers",): ServerChoice,
    ("servers", "behind"): Behind,
    **{("requests", REQUEST, *below): part for below, part in _OF_A_REQUEST.items()},
    ("requests", MIX): Mix,
    ("requests", MIX, "require"): Requirement,
    **{("requests", MIX, "mix", *below): part for below, part in _OF_A_REQUEST.items()},
    ("load",): Load,
    ("measure",): Measure,
    ("check",): Check,
    ("check", "cells"): CheckException,
}
_NAMES_OF_A_HOST = frozenset({"address", "base_url", "bind", "host", "hosts", "target", "url"})

_REMEDIES = {
    "app": "write `app: package.module:attribute`",
    "server": "write `server: gunicorn`, or another that `bench servers` lists",
    "path": "write `path: /`, or the whole request as `GET /`",
    "proxy": "write `proxy: nginx`",
    "folder": "write the folder of the files, such as `folder: static`",
    "StaticFiles": "write `static: {prefix: /static/, folder: static}`",
    "Behind": "write `behind: nginx`, or `{proxy: nginx, backends: 2}`",
    "ServerChoice": "write a server's name, or `gunicorn: {threads: 8}`",
    "Request": "write it as `GET /json`",
    WORD: "or write what the body must be, such as `{contains: text}`",
    "ExpectedHeader": "write its value, or `{contains: text}`",
    "Load": "write `load: {connections: 16}`",
    "Measure": "write `measure: {for: 60s}`",
    "Requirement": "write `require: {p99: 50ms, errors: 0.1%}`",
    "Check": "write `check: {allow: 5%}`",
    "CheckException": "write `{request: GET /search, allow: 10%}`",
}

_WHAT: dict[str, Callable[[dict[str, Any], Node], str]] = {
    "int_type": lambda *_: "must be a whole number",
    "string_type": lambda *_: "must be text",
    "string_too_short": lambda *_: "the text is empty",
    "dict_type": lambda *_: "must be a mapping",
    "model_type": lambda *_: "must be a mapping of settings",
    "tuple_type": lambda *_: "must be a list",
    "too_short": lambda *_: "the list is empty",
    "bool_type": lambda *_: "must be true or false",
    "literal_error": lambda context, _: _words(context["expected"]),
    "string_pattern_mismatch": lambda context, _: WHAT_AND_REMEDY[context["pattern"]][0],
    "greater_than_equal": lambda context, node: _bound("at least", context["ge"], node),
    "less_than_equal": lambda context, node: _bound("at most", context["le"], node),
    "less_than": lambda context, node: _bound("less than", context["lt"], node),
}


def problems_of(error: ValidationError, root: Node) -> list[Problem]:
    """The problems of a failed validation of what the root node holds.

    What only follows from another mistake is left out, and what several deployments share is told once.
    """
    errors, places = error.errors(include_url=False), Places(root)
    meant = {_meant(details["loc"]) for details in errors if details["type"] == "extra_forbidden"}
    problems: dict[Problem, None] = {}
    for details in errors:
        if details["type"] == "missing" and details["loc"] in meant:
            continue
        for mistake in _mistakes(details, places):
            location = places.written(_in_the_file(details["loc"]) + mistake.at)
            place = places.node(location)
            if not place.broken:
                what = _sentence(mistake.what, location, place)
                problems[Problem(place.line, place.column, what, mistake.remedy)] = None
    return list(problems)


def _mistakes(details: ErrorDetails, places: Places) -> Iterator[Mistake]:
    kind, location = details["type"], details["loc"]
    if kind == TYPE:
        yield from details["ctx"][TYPE]
    elif kind == "extra_forbidden":
        yield Mistake(f"unknown key {quoted(str(location[-1]))}", _remedy_for_unknown(location), (KEY,))
    elif kind == "missing":
        yield Mistake(f"the key `{location[-1]}` is missing", _REMEDIES.get(str(location[-1]), "add it"))
    elif kind == "too_short" and details["input"]:
        return  # the entries that are there have mistakes of their own
    elif kind != "default_factory_not_called":  # which follows from a mistake in another field
        yield _mistake_in_value(details, places.node(places.written(_in_the_file(location))))


def _in_the_file(location: Location) -> Location:
    """The location without the steps that only tell which of several models was meant."""
    return tuple(step for step in location if step not in _KINDS)


def _mistake_in_value(details: ErrorDetails, node: Node) -> Mistake:
    write = _WHAT.get(details["type"])
    what = write(details.get("ctx", {}), node) if write else "must be something else"
    return Mistake(what, _remedy_for_value(details, node))


def _remedy_for_value(details: ErrorDetails, node: Node) -> str:
    context = details.get("ctx", {})
    if "pattern" in context:
        return WHAT_AND_REMEDY[context["pattern"]][1]
    if details["type"] == "string_type" and isinstance(node.value, int | float):
        return _REMEDIES.get(str(details["loc"][-1]), "write it in quotes")
    if details["type"] == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        meant = did_you_mean(details["input"], words) if isinstance(details["input"], str) else ""
        return meant or _REMEDIES.get(str(details["loc"][-1]), "")
    return _REMEDIES.get(context.get("class_name", ""), "")


def _remedy_for_unknown(location: Location) -> str:
    key, keys = str(location[-1]), _keys(location[:-1])
    if key in _NAMES_OF_A_HOST:
        return "leave it out: only deployments on loopback are asked, never another host"
    home = _home(key, location[:-1])
    if home and f"{key}s" not in keys:
        return f"it belongs below {home}"
    return did_you_mean(key, keys) or f"the keys here are {', '.join(keys)}"


def _meant(location: Location) -> Location:
    """The location of the key that the unknown one probably was meant to be."""
    return *location[:-1], nearest(str(location[-1]), _keys(location[:-1])) or ""


def _home(key: str, location: Location) -> str:
    """The keys below which this one belongs, as a file has them: of several homes the nearest; or nothing."""
    here = _steps(location)
    homes = [pattern for pattern, part in PARTS.items() if pattern and key in _keys_of(part)]
    if any(_in_the_file(home) == _in_the_file(here) for home in homes):
        return ""  # it belongs here, beside other keys
    home = max(homes, key=lambda pattern: _steps_shared(pattern, here), default=())
    return " ".join(f"`{step}:`" for step in _in_the_file(home) if step != _ANY)


def _steps_shared(one: Location, other: Location) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _keys(location: Location) -> list[str]:
    """The keys of the part at the location, as a file has them."""
    steps = _steps(location)
    return _keys_of(next(part for pattern, part in PARTS.items() if _fits(pattern, steps)))


def _steps(location: Location) -> Location:
    """The keys of the location, without the places in lists."""
    return tuple(step for step in location if isinstance(step, str))


def _fits(pattern: Location, steps: Location) -> bool:
    return len(pattern) == len(steps) and all(
        expected in (_ANY, step) for expected, step in zip(pattern, steps, strict=True)
    )


def _keys_of(part: type[BaseModel]) -> list[str]:
    others = [WORKERS] if part is ServerChoice else []
    return [field.alias or name for name, field in part.model_fields.items()] + others


def _sentence(what: str, location: Location, node: Node) -> str:
    """What is wrong as a whole sentence: one that starts with `must` gets its subject and its contrast."""
    if not what.startswith("must"):
        return what
    *_, name = (
        str(step) for step in location[: -2 if location[-1] == KEY else None] if isinstance(step, str)
    )
    of = {KEY: "a key of "}.get(str(location[-1]), "an entry of " if isinstance(location[-1], int) else "")
    return f"{of}{quoted(name)} {what}, not {_shown(node)}"


def _bound(relation: str, bound: int, node: Node) -> str:
    """The sentence for a number out of range; a duration is text in the file."""
    if isinstance(node.value, str):
        return f"must be {relation} {write_duration(bound)}"
    return f"must be a whole number {'' if relation == 'less than' else 'of '}{relation} {bound}"


def _words(expected: str) -> str:
    """The sentence for what is none of the words, which come in quotes."""
    return f"must be {'one of ' if ' or ' in expected else ''}{expected.replace(chr(39), '')}"


def _shown(node: Node) -> str:
    """The value as a message shows it."""
    if isinstance(node.value, dict | list):
        return "a mapping" if isinstance(node.value, dict) else "a list"
    if node.value is None:
        return "`null`"
    return quoted(node.value if isinstance(node.value, str) else str(node.value).lower())
