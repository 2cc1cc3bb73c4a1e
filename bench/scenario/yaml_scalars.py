"""What an unquoted YAML scalar means, by the core schema of YAML 1.2: `1:30`, `no` and dates are text."""

import math
import re

Scalar = str | int | float | bool | None

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE_OR_FALSE = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0(o[0-7]+|x[0-9a-fA-F]+)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 20  # digits and sign of any 64-bit number


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises ValueError for a number that cannot be computed with."""
    if _NULL.fullmatch(text):
        return None
    if match := _TRUE_OR_FALSE.fullmatch(text):
        return bool(match[1])
    if _WHOLE.fullmatch(text):
        return _whole_number(text, 10)
    if _OCTAL_OR_HEX.fullmatch(text):
        return _whole_number(text, 0)
    if _DECIMAL.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return _decimal_number(text)
    return text


def _whole_number(text: str, base: int) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("too large a number")
    return int(text, base)


def _decimal_number(text: str) -> float:
    number = math.nan if _NOT_FINITE.fullmatch(text) else float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
