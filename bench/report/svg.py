"""A matplotlib figure as an SVG element that can stand in a page among others.

What matplotlib writes is a document: its ids repeat from one figure to the next, its style sheet would reach
the whole page, and its colours are fixed. Here ids get the figure's name in front, the style sheet and the
metadata go, and placeholder colours become CSS variables.
"""

import io
import re
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.report.theme import ROLES, placeholder

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_FOREIGN = ("metadata", "style")
_VARIABLES = {placeholder(role): f"var(--{role})" for role in ROLES}
_PLACEHOLDER = re.compile("|".join(_VARIABLES))
_LOCAL_REFERENCE = re.compile(r"url\(#")


def inline_svg(figure: Figure, name: str, description: str) -> Markup:
    """The figure as one `<svg>` element; `name` is unique in the page, `description` is read aloud."""
    root = ElementTree.fromstring(_document(figure))  # noqa: S314  # written by matplotlib a line above
    _drop_foreign(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        element.attrib.update(_rewritten(element.attrib, name))
        element.attrib.pop(_HREF, None)
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {width} {height}",
        "class": "figure",
        "role": "img",
        "aria-label": description,
    }
    # Escaped by ElementTree, so what it returns is markup.
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704


def _document(figure: Figure) -> bytes:
    target = io.BytesIO()
    FigureCanvasSVG(figure)
    figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue()


def _drop_foreign(root: ElementTree.Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(_NAMESPACE) in _FOREIGN:
                parent.remove(child)


def _rewritten(attributes: dict[str, str], name: str) -> dict[str, str]:
    """The attributes that need another value: ids, references to them, colours and the font."""
    changed = {}
    for key, value in attributes.items():
        if key == "id":
            changed["id"] = f"{name}-{value}"
        elif key == _HREF:
            changed["href"] = f"#{name}-{value.removeprefix('#')}"
        elif key in ("style", "clip-path", "fill", "stroke"):
            changed[key] = _restyled(value, name)
    return changed


def _restyled(style: str, name: str) -> str:
    style = _LOCAL_REFERENCE.sub(f"url(#{name}-", style)
    style = _PLACEHOLDER.sub(lambda match: _VARIABLES[match[0]], style)
    return style.replace("'DejaVu Sans'", "var(--font)")
