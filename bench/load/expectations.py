"""What a right response is, and telling in a few words what is wrong with another.

JSONPath is that of RFC 9535. Its library is imported when the first path is compiled, as few scenarios have
one and every process of ours imports this module.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from jsonpath import JSONPathError

EXCERPT_BYTES = 40
EXCERPT_CHARACTERS = 80
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class HeaderCheck:
    """One header that must be there (name in lower case), with a value that equals or contains another."""

    name: str
    value: str
    contains: bool = False


@dataclass(frozen=True)
class Expected:
    """A right response: its status, its body (None accepts any), and what else must be so.

    `headers` are checks on single headers (names in lower case); `contains` are bytes the body has in it;
    `json` are JSONPath expressions (RFC 9535) with the value that each selects; `sha256` is the hexadecimal
    digest of the body.
    """

    status: int
    body: bytes | None
    headers: tuple[HeaderCheck, ...] = ()
    contains: tuple[bytes, ...] = ()
    json: tuple[tuple[str, Any], ...] = ()
    sha256: str | None = None

    def to_message(self) -> dict[str, Any]:
        """What is expected as a dictionary of JSON values."""
        return {
            "status": self.status,
            "body": None if self.body is None else _base64(self.body),
            "headers": [asdict(header) for header in self.headers],
            "contains": [_base64(piece) for piece in self.contains],
            "json": [list(pair) for pair in self.json],
            "sha256": self.sha256,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """What `to_message` wrote."""
        body = message["body"]
        return cls(
            status=message["status"],
            body=None if body is None else base64.b64decode(body),
            headers=tuple(HeaderCheck(**header) for header in message["headers"]),
            contains=tuple(base64.b64decode(piece) for piece in message["contains"]),
            json=tuple((path, value) for path, value in message["json"]),
            sha256=message["sha256"],
        )


@dataclass(frozen=True)
class JsonPath:
    """A compiled JSONPath; a singular one has one node at most.

    `select` gives the values of its nodes in a document; ValueError where that is nested too deeply.
    """

    is_singular: bool
    select: Callable[[Any], list[Any]]


@cache
def compile_json_path(text: str) -> JsonPath:
    """The JSONPath (RFC 9535) of this text. Raises ValueError with the reason where it is none."""
    import jsonpath  # noqa: PLC0415  (only where a scenario has a path: see above)

    try:
        compiled = jsonpath.compile(text, strict=True)
        is_singular = isinstance(compiled, jsonpath.JSONPath) and compiled.singular_query()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except jsonpath.JSONPathError as error:
        raise ValueError(_reason(text, error)) from None
    except ValueError:
        raise ValueError("it has a number that is too long") from None

    def select(document: Any) -> list[Any]:
        # A text is taken for JSON that is still to be read.
        data = json.dumps(document) if isinstance(document, str) else document
        try:
            return [node.obj for node in compiled.finditer(data)]
        except (jsonpath.JSONPathError, RecursionError):
            raise ValueError("the document is nested too deeply") from None

    return JsonPath(is_singular, select)


def _reason(text: str, error: "JSONPathError") -> str:
    # Not str(error): that is a drawing of several lines, and fails for some texts.
    if not text.startswith("$"):
        return "a JSONPath begins with `$`, the whole body"
    if error.token is None or error.token.index < 0:
        return f"{error.message} at its end"
    return f"{error.message} at character {error.token.index + 1}"


def mismatch(expected: Expected, status: int, headers: Headers, body: bytes) -> tuple[str, str] | None:
    """What is wrong with a response: the kind of error and a sentence, None where it is right.

    The kind is `status` and what that is, as in `status 429`, or `header`, `length` or `body`; the first that
    is wrong, in that order, is told.
    """
    if status != expected.status:
        return f"status {status}", f"the status is {status}, not {expected.status}"
    for check in expected.headers:
        if sentence := _header_mismatch(check, headers):
            return "header", sentence
    if expected.body is not None and body != expected.body:
        return _other_body(expected.body, body)
    if sentence := _content_mismatch(expected, body):
        return "body", sentence
    return None


def _header_mismatch(check: HeaderCheck, headers: Headers) -> str | None:
    """The sentence on a header that is not there with the right value; of several, one is enough."""
    name = check.name.lower().encode("latin-1", "replace")
    values = [value.decode("latin-1").strip(" \t") for key, value in headers if key.lower() == name]
    if any(check.value in value if check.contains else check.value == value for value in values):
        return None
    wanted = f"{'one with ' if check.contains else ''}{_shown(check.value)}"
    if not values:
        return f"there is no header {check.name}: expected {wanted}"
    return f"the header {check.name} is {' and '.join(map(_shown, values[:3]))}: expected {wanted}"


def _other_body(expected: bytes, body: bytes) -> tuple[str, str]:
    if len(body) != len(expected):
        sizes = f"the body has {len(body):,} bytes, not {len(expected):,}"
        return "length", f"{sizes}: {_excerpt(body)} instead of {_excerpt(expected)}"
    place = _first_difference(body, expected)
    begin = max(0, place - EXCERPT_BYTES // 4)
    around = slice(begin, begin + EXCERPT_BYTES)
    return "body", f"the body differs at byte {place:,}: {body[around]!r} instead of {expected[around]!r}"


def _first_difference(one: bytes, other: bytes) -> int:
    """The first place at which two different pieces of one length differ."""
    begin, end = 0, len(one)
    while end - begin > 1:
        middle = (begin + end) // 2
        if one[begin:middle] == other[begin:middle]:
            begin = middle
        else:
            end = middle
    return begin


def _content_mismatch(expected: Expected, body: bytes) -> str | None:
    for piece in expected.contains:
        if piece not in body:
            return f"the body does not contain {_excerpt(piece)}: it is {_excerpt(body)}"
    if expected.sha256 is not None:
        digest = hashlib.sha256(body).hexdigest()
        if digest != expected.sha256.lower():
            return f"the SHA-256 of the body is {digest[:12]}..., not {expected.sha256[:12].lower()}..."
    return _json_mismatch(expected.json, body) if expected.json else None


def _json_mismatch(checks: Sequence[tuple[str, Any]], body: bytes) -> str | None:
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return f"the body is not JSON: it is {_excerpt(body)}"
    for text, value in checks:
        path = compile_json_path(text)
        try:
            if sentence := _selection_mismatch(path, value, path.select(document)):
                return f"{text} {sentence}"
        except (ValueError, RecursionError):
            return f"{text} cannot be looked up: the body is nested too deeply"
    return None


def _selection_mismatch(path: JsonPath, value: Any, found: list[Any]) -> str | None:
    """What is to be said of a path that selects something else.

    One node equals the value. Where a path can select several, the list of all their values may be the value
    as well: of three, of one and of none.
    """
    if len(found) == 1 and _same_json(found[0], value):
        return None
    if not path.is_singular and _same_json(found, value):
        return None
    if not found:
        return f"is not there: expected {_shown(value)}"
    return f"is {_shown(found[0] if len(found) == 1 else found)}: expected {_shown(value)}"


def _same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same_json(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_json, one, other))
    return bool(one == other)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _excerpt(data: bytes) -> str:
    return repr(data[:EXCERPT_BYTES]) + ("..." if len(data) > EXCERPT_BYTES else "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS] + "..."


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
