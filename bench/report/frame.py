"""What every page is made in: templates that escape, one style sheet, a policy that lets nothing in."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


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
    sheets = "\n".join(environment.get_template(name).render() for name in style_sheets)
    style_sheet = Markup(sheets)  # noqa: S704  # files of ours
    return environment.get_template(template).render(style_sheet=style_sheet, **content).encode()
