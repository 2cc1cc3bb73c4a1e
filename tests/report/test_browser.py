"""The report in a real browser: nothing runs, nothing is fetched, nothing sticks out, themes are followed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from bench.report import render_report
from bench.results.model import Failure, LaunchedPart, Skipped
from bench.stats.summary import CellSummary, PartSummary, Reason, Spread

from .synthetic import Report, at_rates, complete, invalid, many, mixed, partial

Scheme = Literal["light", "dark"]

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUN = "document.title='ran'"
HOSTILE = f"""<script>{RUN}</script>"><img src=x onerror="{RUN}"><svg onload=alert(1)>"""
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# `&lt;` would be shown as `<` where something is escaped too little, and run where it is then parsed again.
TWICE = f"&lt;script&gt;{RUN}&lt;/script&gt;"


@dataclass
class Opened:
    """A page of a report, with every address it asked for and all that it said on the console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        """Close a dialog, which no report opens."""
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def fetched(self) -> list[str]:
        """Every address asked for beside the page's own and what stands in the page."""
        return [url for url in self.requests if url != self.page.url and not url.startswith("data:")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


def open_report(
    browser: Browser,
    path: Path,
    report: Report | bytes,
    width: int = 1280,
    scheme: Scheme = "light",
) -> Opened:
    path.write_bytes(report if isinstance(report, bytes) else render_report(*report))
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    opened = Opened(page)
    page.on("request", lambda request: opened.requests.append(request.url))
    page.on("console", lambda message: opened.complaints.append(message.text))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("dialog", opened.refuse)
    page.goto(path.as_uri())
    return opened


def hostile() -> Report:
    """A run in which every text that comes from outside tries to break out."""
    summary, measurements = invalid()
    text = HOSTILE + TWICE
    run = summary.run.model_copy(
        update={
            "id": text,
            "scenario_file": text,
            "scenario_text": text,
            "scenario": {"app": text},
            "versions": {text: text},
            "machine": summary.run.machine.model_copy(update={"cpu_model": text, "hypervisor": text}),
            "deployments": tuple(
                each.model_copy(
                    update={
                        "name": f"{number} {text}",
                        "version": text,
                        "remarks": (text,),
                        "behind": text,
                        "programs": {text: text},
                    }
                )
                for number, each in enumerate(summary.run.deployments)
            ),
        }
    )
    cells = tuple(
        replace(
            cell,
            deployment=run.deployments[number],
            cell=cell.cell.model_copy(update={"request": f"GET /{text}"}),
            errors={text: 3},
            parts=(PartSummary(text, 1, cell.cpu_us_per_request, 0.5, 1),) * 2,
            spread=Spread(text, 2, 10.0, 0.5, 0.5),
            reasons=(Reason(text, text, text),) if cell.reasons else (),
        )
        for number, cell in enumerate(summary.cells)
    )
    split = tuple(replace(each, request=f"GET /{text}") for each in summary.split)
    launch = measurements.launches[0]
    failed = launch.deployments[0].model_copy(
        update={
            "parts": (LaunchedPart(name=text, command=("sh", text)),) * 2,
            "files": {text: text},
            "failure": Failure(code="died", what=text, log=(text,)),
        }
    )
    launches = (launch.model_copy(update={"deployments": (failed, *launch.deployments[1:])}),)
    skipped = (Skipped(name=text, server=text, reason=text, remedy=text),)
    changed = replace(summary, run=run, cells=cells, split=split, warnings=(text,), skipped=skipped)
    return changed, measurements.model_copy(update={"run": run, "launches": launches})


def long_names() -> Report:
    """A run whose names are as long as a scenario allows."""
    summary, measurements = complete()
    deployments = {
        each.id: each.model_copy(update={"name": f"{each.name}-{'x' * 48}-{number}"})
        for number, each in enumerate(summary.run.deployments)
    }
    run = summary.run.model_copy(update={"deployments": tuple(deployments.values())})
    cells: tuple[CellSummary, ...] = tuple(
        replace(
            cell,
            deployment=deployments[cell.deployment.id],
            cell=cell.cell.model_copy(update={"request": "GET /" + "y" * 300}),
        )
        for cell in summary.cells
    )
    split = tuple(replace(each, request="GET /" + "y" * 300) for each in summary.split)
    return replace(summary, run=run, cells=cells, split=split), measurements.model_copy(update={"run": run})


@pytest.fixture(scope="module", params=[invalid, partial, long_names, mixed])
def rendered(request: pytest.FixtureRequest) -> bytes:
    return render_report(*request.param())


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_is_no_wider_than_the_window(
    browser: Browser, tmp_path: Path, width: int, scheme: Scheme, rendered: bytes
) -> None:
    opened = open_report(browser, tmp_path / "report.html", rendered, width, scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.complaints == []
    assert opened.fetched() == []


@pytest.mark.parametrize("report", [invalid, at_rates, many])
@pytest.mark.parametrize("width", [390, 1280])
def test_texts_of_a_figure_do_not_overlap_nor_leave_the_window(
    browser: Browser, tmp_path: Path, width: int, report: Callable[[], Report]
) -> None:
    opened = open_report(browser, tmp_path / "report.html", report(), width)
    boxes = opened.page.evaluate(
        """[...document.querySelectorAll('svg.figure')].filter(svg => svg.getClientRects().length).map(
            svg => [...svg.querySelectorAll('text')].map(text => {
                const box = text.getBoundingClientRect()
                return [text.textContent, box.left, box.top, box.right, box.bottom]
            }))"""
    )
    assert sum(len(texts) for texts in boxes) > 100
    for texts in boxes:
        assert all(left >= 0 and right <= width for _, left, _, right, _ in texts)
        assert [pair for pair in pairs(texts) if overlap(*pair)] == []


def pairs(texts: list[list[Any]]) -> list[tuple[list[Any], list[Any]]]:
    return [(one, other) for number, one in enumerate(texts) for other in texts[:number]]


def overlap(one: list[Any], other: list[Any]) -> bool:
    margin = 2.5  # a text's box reaches above and below its letters
    across = min(one[3], other[3]) - max(one[1], other[1])
    down = min(one[4], other[4]) - max(one[2], other[2])
    return bool(across > 0.5 and down > margin)


def test_each_page_width_shows_the_figures_drawn_for_it(browser: Browser, tmp_path: Path) -> None:
    opened = open_report(browser, tmp_path / "report.html", complete(), 390)
    shown = "document.querySelector('#throughput .{}').getClientRects().length > 0"
    assert opened.page.evaluate(shown.format("narrow"))
    assert not opened.page.evaluate(shown.format("wide"))
    opened.page.set_viewport_size({"width": 1280, "height": 900})
    assert opened.page.evaluate(shown.format("wide"))
    assert not opened.page.evaluate(shown.format("narrow"))


def test_text_in_figures_follows_the_theme(browser: Browser, tmp_path: Path) -> None:
    script = """[...document.querySelectorAll('#throughput .wide text')].map(
        text => getComputedStyle(text).fill).concat([getComputedStyle(document.body).color])"""
    found = {}
    for scheme in SCHEMES:
        opened = open_report(browser, tmp_path / f"{scheme}.html", complete(), 1280, scheme)
        *texts, ink = opened.page.evaluate(script)
        assert ink in texts
        found[scheme] = texts
    assert set(found["light"]).isdisjoint(found["dark"])


def test_hostile_text_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    opened = open_report(browser, tmp_path / "report.html", hostile(), 390)
    page = opened.page
    assert HOSTILE in page.inner_text("#trust")
    assert TWICE in page.inner_text("#again")
    assert page.title() != "ran"
    assert page.evaluate("document.querySelectorAll('script, img, iframe, object, embed').length") == 0
    attributes = "[...document.querySelectorAll('*')].flatMap(element => element.getAttributeNames())"
    assert [name for name in page.evaluate(attributes) if name.startswith("on")] == []
    assert opened.complaints == []
    assert opened.fetched() == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    page = browser.new_page()
    content = render_report(*complete()).replace(b"</body>", b"<script>document.title='ran'</script></body>")
    path.write_bytes(content)
    page.goto(path.as_uri())
    assert page.title() != "ran"
