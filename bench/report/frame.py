"""What every page is made in: templates that escape, one style sheet, a policy that lets nothing in."""

import re
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_QUOTED = re.compile("`([^`]+)`")
_OPTION = re.compile(r"(?<!\S)-\S+")


def rendered(
    template: str, content: dict[str, object], style_sheets: Sequence[str] = ("report.css",)
) -> bytes:
    """The page as one HTML file, UTF-8; the same content gives the same bytes."""
    environment = Environment(
        loader=PackageLoader("bench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(coded=_coded, whole_options=_whole_options)
    sheets = "\n".join(environment.get_template(name).render() for name in style_sheets)
    style_sheet = Markup(sheets)  # noqa: S704  # files of ours
    return environment.get_template(template).render(style_sheet=style_sheet, **content).encode()


def _coded(text: str) -> Markup:
    """The text with what stands in backticks as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def _whole_options(command: str) -> Markup:
    """The command line with options that no line break tears apart at their dashes."""
    parted = _OPTION.sub(r'<span class="option">\g<0></span>', str(escape(command)))
    return Markup(parted)  # noqa: S704  # escaped before
