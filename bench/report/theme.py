"""How the report looks: one colour and one marker a deployment, and colours that follow the reader's theme.

Figures are drawn in placeholder colours, one a role; `svg.py` turns each into a CSS variable, and
`templates/report.css` gives the variable its value in the light and in the dark. The eight deployment
colours stay apart for the common kinds of colour blindness; the markers make them readable without colour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DEPLOYMENT_COLOURS = 8
ROLES = ("ink", "muted", "rule", "paper", *(f"d{index}" for index in range(DEPLOYMENT_COLOURS)))

_MARKERS = ("o", "s", "^", "D", "v", "P", "<", ">")
_MARKS = ("\u25cf", "\u25a0", "\u25b2", "\u25c6", "\u25bc", "\u271a", "\u25c0", "\u25b6")
_LONGEST_LABEL = 22

MATPLOTLIB: Any = {
    "font.family": "DejaVu Sans",  # only measures the text: the page's own font draws it
    "font.size": 12,
    "text.parse_math": False,  # a request path may hold dollar signs
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",
    "axes.unicode_minus": True,
    "path.simplify": True,
}


def placeholder(role: str) -> str:
    """The colour to draw with where the page shall show the role's colour."""
    return f"#7e57{ROLES.index(role):02x}"


INK, MUTED, RULE, PAPER = (placeholder(role) for role in ("ink", "muted", "rule", "paper"))


@dataclass(frozen=True)
class Style:
    """How one deployment is drawn: its role for colour, matplotlib's marker, the same mark as a character."""

    role: str
    marker: str
    mark: str

    @property
    def colour(self) -> str:
        """The placeholder colour to draw with."""
        return placeholder(self.role)


Styles = dict[str, Style]

INVALID = Style("muted", "x", "\u2715")


def styles_of(names: Iterable[str]) -> Styles:
    """A style for each deployment name, in order; app and floor of one server share theirs."""
    return {name: _style(index) for index, name in enumerate(dict.fromkeys(names))}


def _style(index: int) -> Style:
    # Past the eighth name colours come again, each with another marker.
    shape = (index + index // DEPLOYMENT_COLOURS) % len(_MARKERS)
    return Style(f"d{index % DEPLOYMENT_COLOURS}", _MARKERS[shape], _MARKS[shape])


def label(text: str, longest: int = _LONGEST_LABEL) -> str:
    """The text as a figure can show it: printable, and shortened in its middle where it is too long."""
    printable = "".join(character if character.isprintable() else "\ufffd" for character in text)
    if len(printable) <= longest:
        return printable
    tail = (longest - 1) // 2
    return f"{printable[: longest - 1 - tail]}\u2026{printable[-tail:]}"
