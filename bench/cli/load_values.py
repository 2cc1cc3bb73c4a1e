"""How values are written on the command line of `bench load`. Readers raise ValueError for what is none."""

import re
from collections.abc import Callable
from typing import Any

import click

from bench.units import parse_duration_ns, parse_rate_per_s

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_FRAMING = frozenset({"content-length", "transfer-encoding", "expect"})  # another value would end in a hang


def reading(read: Callable[[str], Any]) -> dict[str, Any]:
    """The settings of an option whose values one of the readers makes from text."""

    def callback(context: click.Context, parameter: click.Parameter, given: Any) -> Any:
        try:
            if isinstance(given, tuple):
                return tuple(read(text) for text in given)
            return None if given is None else read(given)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from error

    return {"callback": callback}


def length_ns(text: str) -> int:
    """The nanoseconds of a duration that takes some time."""
    duration_ns = parse_duration_ns(text)
    if not duration_ns:
        raise ValueError("this must take longer than no time")
    return duration_ns


def rate_per_s(text: str) -> float:
    """Requests a second: a rate with its unit, as `2000/s`, or the number alone."""
    rate = parse_rate_per_s(text if "/" in text else f"{text}/s")
    if not rate:
        raise ValueError("at this rate, no request is ever sent")
    return rate


def method(text: str) -> str:
    """A method of HTTP, in capitals."""
    if not _TOKEN.fullmatch(text) or text.upper() == "CONNECT":
        raise ValueError(f"{text!r} is not a method that can be asked with")
    return text.upper()


def header(text: str) -> tuple[str, str]:
    """The name and the value of `Name: value`."""
    name, colon, content = text.partition(":")
    content = content.strip(" \t")
    if not colon or not _TOKEN.fullmatch(name):
        raise ValueError(f"{text!r} is not a header; write 'Name: value'")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set by the load generator; leave it out")
    if re.search(r"[^\t -~\xa0-\xff]", content):
        raise ValueError(f"the value of {name} has characters that no header may have")
    return name, content


def body_rule(text: str) -> tuple[str, str]:
    """What every body must be: `same`, `any`, `contains:TEXT` or `sha256:HEX`, as kind and content."""
    kind, _, content = text.partition(":")
    if text in ("same", "any") or (kind == "contains" and content):
        return kind, content
    if kind == "sha256" and re.fullmatch(r"[0-9a-fA-F]{64}", content):
        return kind, content.lower()
    raise ValueError(f"{text!r} is not one of same, any, contains:TEXT and sha256:HEX (64 digits)")
