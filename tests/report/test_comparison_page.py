"""The page of two runs side by side."""

import re
from html.parser import HTMLParser

import pytest

from bench.report.comparison_page import WIDTH, headline, render_comparison
from bench.stats.two_runs.comparison import TwoRuns, compare
from tests.export.test_comparison import HOSTILE, hostile, two_runs
from tests.stats.synthetic import Part, measurements


class Elements(HTMLParser):
    """Every element of a page with its attributes, its text, and what is not closed as it was opened."""

    VOID = frozenset({"meta", "link", "line", "circle"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def elements(two: TwoRuns) -> Elements:
    return Elements(render_comparison(two).decode())


@pytest.mark.parametrize("two", [two_runs(), hostile(), compare(*[measurements([Part("a")], 1, 1)] * 2)])
def test_the_page_is_well_formed_and_refers_to_nothing_outside(two: TwoRuns) -> None:
    page = elements(two)
    assert page.open == []
    names = {tag for tag, _ in page.found}
    assert not names & {"script", "img", "iframe", "object", "embed", "form"}
    assert all(not name.startswith("on") for _, attributes in page.found for name in attributes)
    assert [one["href"] for tag, one in page.found if tag in ("a", "link")] == ["data:,"]


def test_hostile_text_is_shown_as_it_is() -> None:
    assert HOSTILE in elements(hostile()).text


def test_every_interval_can_be_read_aloud_and_lies_on_its_track() -> None:
    page = elements(two_runs())
    plots = [one for tag, one in page.found if tag == "svg"]
    assert len(plots) == 10  # five metrics of the app and of the floor
    assert all(re.search(r"\d to \d", one["aria-label"] or "") for one in plots)
    reaches = [one for tag, one in page.found if tag == "line" and one["class"] == "reach"]
    assert all(0 <= float(one["x1"] or "") <= float(one["x2"] or "") <= WIDTH for one in reaches)
    assert any(one["x1"] != one["x2"] for one in reaches)


def test_the_page_begins_with_how_many_figures_got_worse() -> None:
    two = two_runs()
    verdicts = [one.verdict for cell in two.cells if cell.valid for one in cell.metrics if one.verdict]
    worse, better, tie = (verdicts.count(one) for one in ("worse", "better", "tie"))
    said = f"B is worse in {worse}, better in {better}, and ties in {tie}. How fast the machine was"
    page = elements(two).text
    assert page.index(f"Of {len(verdicts)} figures that both runs have, {said}") < page.index(
        "What to know first"
    )
    assert headline(two).endswith("is part of some of that.")  # the floor is relative to nothing
    alone = compare(*[measurements([Part("gunicorn", goodput)], 3, 3) for goodput in (2000, 1500)])
    assert headline(alone).endswith("How fast the machine was in each run is part of all of that.")
    apart = compare(*[measurements([Part(name)], 3, 3) for name in "ab"])
    assert "no cell in common" in elements(apart).text


def test_tables_name_what_their_rows_and_columns_are() -> None:
    page = elements(two_runs())
    headings = [one for tag, one in page.found if tag == "th"]
    assert all(one.get("scope") in ("row", "col") for one in headings)
    regions = [one for _, one in page.found if one.get("role") == "region"]
    assert len({one["aria-label"] for one in regions}) == len(regions) == 3


def test_what_the_machine_may_have_done_is_not_painted_as_good_or_bad() -> None:
    slower = [measurements([Part("gunicorn", goodput)], 3, 3) for goodput in (2000, 1500)]
    page = render_comparison(compare(*slower)).decode()
    assert "worse, or the machine was slower" in page
    assert '<td class="worse">' not in page
    assert '<td class="worse">' in render_comparison(two_runs()).decode()
