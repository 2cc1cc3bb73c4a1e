"""Text as a YAML scalar or comment: what a scenario's reader makes the same text of again."""

import re

from bench.scenario.yaml_scalars import resolve

# Far fewer than YAML allows: what stands here means itself in a list, in a mapping and within braces.
_PLAIN = re.compile(r"(?:[A-Z]+ )?[A-Za-z_/.](?:[A-Za-z0-9_/.~+@%()-]|:(?=[A-Za-z0-9_/]))*")
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def scalar(text: str) -> str:
    """The text as a scalar of one line, in quotation marks where it would mean anything else without."""
    if _PLAIN.fullmatch(text) and isinstance(resolve(text), str):
        return text
    return '"' + "".join(map(_quoted, text)) + '"'


def comment(text: str) -> str:
    """The text as what may follow a `#`: one line, with nothing in it that a file cannot hold."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _quoted(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char.isprintable():
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\U{ord(char):08x}"
