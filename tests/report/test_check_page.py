"""The page of a check: what it says, that it holds every launch, and that nothing runs or is fetched."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import sync_playwright

from bench.report.check_cards import cards_of
from bench.report.check_page import render_check
from bench.report.check_words import headline, told
from bench.results.model import Failure, LaunchedPart
from bench.stats.summary import Interval, Reason, RequirementVerdict

from .synthetic_check import BROKEN, LOOKED, REPEATED, WHY_OPEN, Checked, broken, passed, red, undecided
from .test_browser import ARGUMENTS, CHROMIUM, HOSTILE, TWICE, open_report, overlap, pairs

CHECKS: dict[str, Callable[[], Checked]] = {
    "red": red, "passed": passed, "undecided": undecided, "broken": broken,
}  # fmt: skip


@lru_cache
def page_named(name: str) -> str:
    return render_check(*CHECKS[name]()).decode()


@pytest.fixture(params=CHECKS)
def page(request: pytest.FixtureRequest) -> str:
    return page_named(request.param)


class Text(HTMLParser):
    """What a reader sees of a page, figures left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.feed(re.sub(r"<svg .*?</svg>|<style>.*?</style>", "", page, flags=re.DOTALL))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def text_of(page: str) -> str:
    return " ".join(" ".join(Text(page).pieces).split())


def band(name: str) -> str:
    found = re.search(r'<div class="band.*?</div>', page_named(name), re.DOTALL)
    assert found is not None
    return text_of(found[0])


def test_the_verdict_stands_on_top_in_words() -> None:
    assert band("red") == (
        "\u2715 Regression gunicorn, GET /search, 16 connections got worse. "
        "Compared: head 1a2b3c4 with uncommitted changes against main (9f8e7d6)."
    )
    assert "\u2713 Pass Nothing got slower by as much as is allowed." in band("passed")
    assert "? Inconclusive uwsgi, GET /json, 16 connections: neither surely slower" in band("undecided")
    assert "2 of 2 cells no longer answer as base does." in band("broken")


def test_a_metric_shows_what_it_was_what_it_became_and_how_sure_that_is() -> None:
    text = text_of(page_named("red"))
    assert "goodput 2,612/s 2,488/s \u22124.8 % slower \u22125.2 to \u22124.3 %" in text
    assert "\u2715 regression 5 % allowed; confirmed by 10 fresh launches" in text
    assert "? inconclusive 5 % allowed; 6.2 % would have been seen" in text
    assert "\u2713 pass 5 % allowed; surely below 0.9 %" in text
    assert "p99 service time 9.73 ms 9.83 ms" in text
    assert "p99 latency" in text  # of the cell at a rate
    assert WHY_OPEN in text


def test_every_launch_is_in_the_table_and_those_that_repeated_are_marked() -> None:
    first, *_ = re.findall(r"<details>.*?</details>", page_named("red"), re.DOTALL)
    numbers = re.findall(r'<th scope="row">(\d+)(, repeating)?</th>', first)
    assert [int(number) for number, _ in numbers] == [*range(1, LOOKED + REPEATED + 1)]
    assert [bool(repeating) for _, repeating in numbers] == [False] * LOOKED + [True] * REPEATED
    values = re.findall(r"<td>([^<]+)</td>", first)
    assert len(values) == 5 * (LOOKED + REPEATED)
    assert values[0] == "\u2013"  # the first launch has none


def test_a_figure_tells_who_cannot_see_it_what_it_shows() -> None:
    labels = re.findall(r'aria-label="(Slow-down[^"]+)"', page_named("red"))
    assert len(labels) == 2 * 3  # wide and narrow
    assert "goodput: 4.8\u00a0% slower (4.3 to 5.2\u00a0%)" in labels[0]
    assert "p99, not gated: no clear change" in labels[0]
    text = text_of(page_named("red"))
    assert "Launches in which head was slower: 23 of 23 by goodput" in text
    assert "Of those that repeated it: 10 of 10 by goodput" in text


def test_what_is_wrong_with_head_stands_out_and_no_change_is_shown() -> None:
    text = text_of(page_named("broken"))
    assert f"Head is not right. {BROKEN.what}. {BROKEN.remedy}" in text
    assert "faster (" not in text
    assert "+42.9" not in text
    assert "slow-downs-cell" not in page_named("broken")


def test_a_regression_that_was_not_repeated_says_so() -> None:
    cell = red()[0].cells[0]
    metrics = tuple(
        replace(one, confirming=(), confirmation=None, verdict="inconclusive" if one.gated else None)
        for one in cell.metrics
    )
    (card,) = cards_of((replace(cell, metrics=metrics),))
    assert card.rows[0].below == "4.8\u00a0% allowed; worse at first, not repeated"


def test_a_better_head_is_called_faster() -> None:
    one = replace(red()[0].cells[0].metrics[0], ratio=Interval(1.25, 1.2, 1.3))
    assert told(one) == "25.0\u00a0% faster (20.0 to 30.0\u00a0%)"
    assert told(replace(one, ratio=None)) == "too few launches to say"


def test_a_requirement_that_is_not_kept_is_in_the_headline() -> None:
    check, measurements = passed()
    one = RequirementVerdict(
        check.cells[0].head.cell.id, "p99", 5e6, Interval(9e6, 8e6, 1e7), "regression", ""
    )
    failed = replace(check, verdict="regression", summary=replace(check.summary, requirements=(one,)))
    assert headline(failed) == "1 requirement is not kept."
    assert "at most 5 ms" in text_of(render_check(failed, measurements).decode())


def test_the_commands_that_repeat_it_stand_there() -> None:
    text = text_of(page_named("red"))
    assert "bench check bench/check.yaml --against main --seed 1" in text
    assert "gunicorn (base)" in text
    assert "gunicorn (head)" in text


def test_the_same_check_gives_the_same_bytes() -> None:
    assert render_check(*undecided()).decode() == page_named("undecided")


def test_the_page_is_well_made(page: str) -> None:
    assert "<script" not in page
    assert set(re.findall(r"(?:https?:)?//[a-z0-9.]+", page)) <= {"http://www.w3.org"}
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)
    assert {one or other for one, other in references} <= set(ids)
    assert all("scope=" in header for header in re.findall(r"<th\b[^>]*>", page))
    for figure in re.findall(r"<svg .*?</svg>", page, re.DOTALL):
        assert ElementTree.fromstring(figure).attrib["aria-label"]


def hostile() -> Checked:
    """A check in which every text that comes from outside tries to break out."""
    check, measurements = red()
    text = HOSTILE + TWICE
    assert check.summary.run.check is not None
    compared = check.summary.run.check.model_copy(update={"against": text, "dependencies": (text,)})
    run = check.summary.run.model_copy(
        update={
            "id": text, "check": compared, "scenario_file": text, "scenario_text": text,
            "scenario": {"app": text}, "versions": {text: text},
        }
    )  # fmt: skip
    cells = []
    for cell in check.cells:
        base, head = (
            replace(
                one,
                deployment=one.deployment.model_copy(update={"name": text}),
                cell=one.cell.model_copy(update={"request": f"GET /{text}"}),
            )
            for one in (cell.base, cell.head)
        )
        cells.append(replace(cell, base=base, head=head, why=text))
    cells[1] = replace(cells[1], reasons=(Reason(text, text, text),))
    launch = measurements.launches[0]
    failed = launch.deployments[0].model_copy(
        update={
            "parts": (LaunchedPart(name=text, command=("sh", text)),) * 2,
            "files": {text: text},
            "failure": Failure(code="died", what=text, log=(text,)),
        }
    )
    launches = (launch.model_copy(update={"deployments": (failed, *launch.deployments[1:])}),)
    summary = replace(check.summary, run=run, warnings=(text,))
    changed = replace(check, summary=summary, cells=tuple(cells), notes=(text,))
    return changed, measurements.model_copy(update={"run": run, "launches": launches})


# The texts of every figure that is shown, each with its box.
TEXTS = """[...document.querySelectorAll('svg.figure')].filter(svg => svg.getClientRects().length).map(
    svg => [...svg.querySelectorAll('text')].map(text => {
        const box = text.getBoundingClientRect()
        return [text.textContent, box.left, box.top, box.right, box.bottom]
    }))"""


def test_in_a_browser_hostile_text_is_inert_nothing_is_fetched_and_a_phone_shows_it_all(
    tmp_path: Path,
) -> None:
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        opened = open_report(browser, tmp_path / "check.html", render_check(*hostile()), 390)
        page = opened.page
        assert HOSTILE in page.inner_text("#notes")
        assert TWICE in page.inner_text("#again")
        assert page.title() != "ran"
        assert page.evaluate("document.querySelectorAll('script, img, iframe, object, embed').length") == 0
        attributes = "[...document.querySelectorAll('*')].flatMap(element => element.getAttributeNames())"
        assert [name for name in page.evaluate(attributes) if name.startswith("on")] == []
        drawn = (
            "[...document.querySelectorAll('svg.figure')].filter(one => one.getClientRects().length).length"
        )
        assert page.evaluate(drawn) == 2  # one each, but of the cell whose head is wrong
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            for texts in page.evaluate(TEXTS):
                assert all(left >= 0 and right <= width for _, left, _, right, _ in texts)
                assert [pair for pair in pairs(texts) if overlap(*pair)] == []
        assert opened.complaints == []
        assert opened.fetched() == []
        browser.close()
