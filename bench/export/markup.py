"""Markdown that nothing can break out of: text escaped for GitHub and GitLab, tables, a document cut to size.

Punctuation becomes character references, which no Markdown construct is read from, in a table or elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ACTED_ON = re.compile(r"[!#$&*<>@\[-`{-~]")
_LINKED = re.compile(r"[@#!~](?=\w)|:(?=//)|\bwww(?=\.)")
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_BREAK = "\u200b"  # between a mark and a name, so that nobody is notified and nothing is linked

LONGEST = 600


def prose(text: str) -> str:
    """The text as it reads, on one line: no markup, no mention of a person, no link to an issue."""
    return _escaped(_LINKED.sub(rf"\g<0>{_BREAK}", _shortened(text)))


def code(text: str) -> str:
    """The text as code, on one line."""
    return f"<code>{_escaped(_shortened(text))}</code>"


def row(entries: Sequence[str]) -> str:
    """A row of a table, from entries that are Markdown already."""
    return f"| {' | '.join(entries)} |"


def table_head(names: Sequence[str]) -> str:
    """The heading of a table and the line below it."""
    return f"{row(names)}\n{row(['---'] * len(names))}"


@dataclass(frozen=True)
class Document:
    """Markdown in pieces that may not be torn, the most important first; each ends its line."""

    pieces: tuple[str, ...]

    def within(self, limit: int, cut: str) -> str:
        """As many pieces as fit into so many bytes of UTF-8, and where some do not, the sentence `cut`."""
        whole = "".join(f"{piece}\n" for piece in self.pieces)
        if len(whole.encode()) <= limit:
            return whole
        ending = f"\n{cut}\n"
        room, kept = limit - len(ending.encode()), ""
        for piece in self.pieces:
            room -= len(f"{piece}\n".encode())
            if room < 0:
                break
            kept += f"{piece}\n"
        return kept + ending


def details(title: str, lines: Sequence[str]) -> str:
    """Lines that are folded away until somebody wants them."""
    body = "\n".join(lines)
    return f"\n<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"


def _shortened(text: str) -> str:
    line = " ".join(_NOT_SHOWN.sub(" ", text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}\u2026"


def _escaped(text: str) -> str:
    return _ACTED_ON.sub(lambda found: f"&#{ord(found[0])};", text)
