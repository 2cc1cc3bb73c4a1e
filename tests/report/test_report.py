"""What the report says, and that it says it in well-formed, reproducible bytes."""

import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bench.histogram import Histogram
from bench.report import captions, render_report
from bench.report.answer import Answer, answers
from bench.report.deployments import deployments_of
from bench.report.notices import notices
from bench.report.plots.canvas import NARROW, WIDE
from bench.report.plots.ranking import draw_ranking
from bench.report.plots.split import draw_split
from bench.report.plots.timeline import draw_timeline
from bench.report.requests import requests_of
from bench.report.standings import conditions_of
from bench.report.tables import NOTHING, table_of
from bench.report.theme import ROLES, styles_of
from bench.results.model import Failure, Measurements
from bench.results.store import Store
from bench.stats.caveats import not_measured, not_ranked
from bench.stats.summarise import summarise
from bench.stats.summary import Interval, Reason

from .synthetic import (
    MIX,
    OPEN,
    SERVERS,
    Report,
    at_rates,
    cell_of,
    complete,
    entered_twice,
    invalid,
    mixed,
    partial,
    tied,
    with_cells,
)

EXAMPLE = Path(__file__).parents[2] / "results" / "example"
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}

REPORTS: dict[str, Callable[[], Report]] = {
    "complete": complete,
    "invalid": invalid,
    "partial": partial,
    "tied": tied,
    "two requests": lambda: complete(("GET /json", "POST /echo?price=$1&sum=$2")),
    "at rates": at_rates,
    "mixed": mixed,
    "entered twice": entered_twice,
}


class Ids(HTMLParser):
    """The ids of a page, how often each stands there, and what refers to them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.references = set(re.findall(r"url\(#([^)]+)\)", page))
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.ids[value] += 1
            if name == "href" and value and value.startswith("#"):
                self.references.add(value[1:])


def page_of(report: Report) -> str:
    return render_report(*report).decode()


def figures_in(page: str) -> list[str]:
    return re.findall(r"<svg .*?</svg>", page, re.DOTALL)


def verdict_of(report: Report) -> str:
    return said_by(answers(report[0])[0])


def said_by(answer: Answer) -> str:
    return " ".join(answer.verdicts).replace("\u00a0", " ")


@lru_cache
def page_named(name: str) -> str:
    return page_of(REPORTS[name]())


@pytest.fixture(scope="module", params=REPORTS)
def page(request: pytest.FixtureRequest) -> str:
    return page_named(request.param)


def test_the_same_result_gives_the_same_bytes() -> None:
    first = render_report(*invalid())
    with rc_context({"font.size": 30, "lines.linewidth": 9}):  # what a user's matplotlibrc would do
        assert render_report(*invalid()) == first


def test_every_figure_is_well_formed_and_has_a_description(page: str) -> None:
    figures = [ElementTree.fromstring(figure) for figure in figures_in(page)]
    assert len(figures) >= 12
    assert all(figure.attrib["aria-label"] for figure in figures)


def test_ids_are_unique_and_every_reference_leads_to_one(page: str) -> None:
    found = Ids(page)
    assert [name for name, count in found.ids.items() if count > 1] == []
    assert found.references <= found.ids.keys()
    assert found.references


def test_figures_have_no_colour_but_those_of_the_theme(page: str) -> None:
    for figure in figures_in(page):
        without_references = re.sub(r"url\(#[^)]*\)", "", figure)
        assert (
            re.findall(r"(?:fill|stroke|color)\s*[:=]\s*\"?\s*(#[0-9a-fA-F]{3,8}|rgb)", without_references)
            == []
        )
        assert set(re.findall(r"var\(--([a-z0-9]+)\)", figure)) <= {*ROLES, "font"}


def test_figures_bring_no_style_sheet_of_their_own(page: str) -> None:
    assert all("<style" not in figure and "<metadata" not in figure for figure in figures_in(page))


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    assert "<script" not in page
    addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.]+", page))
    assert addresses <= {"http://www.w3.org"}


def test_the_answer_names_the_best_of_each_keep_alive_group_and_its_lead() -> None:
    verdict = verdict_of(complete())
    assert "With keep-alive, uwsgi is the fastest" in verdict
    assert "16 % (15 % to 17 %) more than waitress" in verdict
    assert "Without keep-alive, gunicorn-sync is the fastest" in verdict
    assert verdict.index("With keep-alive") < verdict.index("Without keep-alive")


def test_the_answer_says_a_tie_is_a_tie() -> None:
    verdict = verdict_of(tied())
    assert "uwsgi and waitress tie" in verdict
    assert "uwsgi is the fastest" not in verdict


def test_a_tie_says_how_large_a_difference_it_does_not_rule_out() -> None:
    summary, _ = tied()
    (group, _) = conditions_of(summary)[0].groups
    low = min(one.ratio.low for one in summary.comparisons if one.cell == group.leaders[1].cell.id)
    assert group.unseen == pytest.approx(1 - low)
    assert f"one of up to {100 * (1 - low):.1f} % is not ruled out" in verdict_of(tied())


def test_an_invalid_cell_is_never_the_answer_nor_ranked() -> None:
    best = cell_of(complete(), "uwsgi-app")
    broken = replace(best, reasons=(Reason("errors", "Errors.", "Look into the log."),))
    report = with_cells(complete(), {"uwsgi-app": broken})
    assert "waitress is the fastest" in verdict_of(report)
    assert "uwsgi" not in verdict_of(report)
    assert "not valid, not ranked" in page_of(report)


def test_where_nothing_is_valid_the_answer_says_so() -> None:
    reasons = (Reason("generator", "The generator was the limit.", "Give it a core."),)
    broken = {cell.deployment.id: replace(cell, reasons=reasons) for cell in complete()[0].cells}
    report = with_cells(complete(), broken)
    assert verdict_of(report).startswith("No answer")
    assert "No answer" in page_of(report)


def test_the_answer_says_what_the_server_can_gain_at_most() -> None:
    gain = answers(complete()[0])[0].gain
    assert "1.35 times as fast as under uwsgi" in gain
    assert "1.99 times as fast as under gunicorn-sync" in gain


def test_a_gain_that_cannot_be_told_is_not_invented() -> None:
    summary, measurements = complete()
    unknown = tuple(replace(split, gain_at_most=None, framework_us=-3.0) for split in summary.split)
    report = (replace(summary, split=unknown), measurements)
    assert "cannot be told" in answers(report[0])[0].gain
    assert "too close to say" in page_of(report)


def test_a_run_without_a_floor_says_what_was_not_measured() -> None:
    summary, measurements = complete()
    cells = tuple(cell for cell in summary.cells if cell.deployment.app == "app")
    report = (replace(summary, cells=cells, split=()), measurements)
    assert "names no floor" in answers(report[0])[0].gain
    assert "Not measured. Name a floor" in page_of(report)


def test_a_partial_run_says_so_before_anything_else() -> None:
    page = page_named("partial")
    assert page.index("Partial: the run was stopped") < page.index('class="answer')
    assert "Partial: the run was stopped" not in page_named("complete")


def test_warnings_stand_before_the_first_figure() -> None:
    page = page_named("invalid")
    for text in (
        "(steal)",
        "apache2 is not installed",
        "Install apache2-dev",
        "busy 94\u00a0% of the time",
        "503",
    ):
        assert page.index(text) < page.index("<svg ")


def test_what_has_a_notice_of_its_own_is_no_warning_as_well() -> None:
    summary, measurements = invalid()
    (broken,) = (cell for cell in summary.cells if not cell.valid)
    repeated = (
        *(not_measured(each) for each in summary.skipped),
        *(not_ranked(broken, reason) for reason in broken.reasons),
    )
    found = notices(replace(summary, warnings=(*repeated, "Only one launch.")), measurements)
    assert [each.about for each in found] == [
        "Warning",
        "mod_wsgi was not measured",
        "Not valid: waitress (app), GET /json, 16 connections, with keep-alive",
    ]
    assert found[0].points[0].what == "Only one launch."
    assert [point.what[0] + point.what[-1] for point in found[2].points] == ["T.", "0."]


def test_a_warning_is_set_as_a_page_is() -> None:
    summary, measurements = complete()
    warning = "9 intervals are wide, up to +-24.6 % (<b>). Use `for`."
    page = page_of((replace(summary, warnings=(warning,)), measurements))
    said = "9 intervals are wide, up to \u00b124.6\u00a0% (&lt;b&gt;). Use <code>for</code>."
    assert said in page


def test_a_failed_launch_is_told_with_the_last_lines_of_its_log() -> None:
    summary, measurements = complete()
    first, *others = measurements.launches
    failed = first.deployments[0].model_copy(
        update={
            "failure": Failure(code="died", what="It ended with code 1.", log=("Traceback", "ImportError: x"))
        }
    )
    launch = first.model_copy(update={"deployments": (failed, *first.deployments[1:])})
    report = (summary, measurements.model_copy(update={"launches": (launch, *others)}))
    assert "Failed in launch 1: flask (app)" in page_of(report)
    assert "ImportError: x" in page_of(report)


def test_every_number_of_the_table_is_that_of_its_cell() -> None:
    summary, _ = complete()
    rows = table_of(conditions_of(summary)[0], summary, styles_of(SERVERS))
    assert len(rows) == len(summary.cells)
    for row, cell in zip(rows, summary.cells, strict=True):
        assert row.name == cell.deployment.name
        for column, share in PERCENTILES.items():
            assert row.columns[column].text == f"{cell.histogram.quantile_ns(share) / 1e6:.2f}"
        assert cell.goodput is not None
        assert cell.cpu_us_per_request is not None
        assert row.columns["goodput /s"].text == f"{cell.goodput.value:,.0f}"
        assert row.columns["goodput /s"].below == f"{cell.goodput.low:,.0f} to {cell.goodput.high:,.0f}"
        assert row.columns["max"].text == f"{cell.longest_ns / 1e6:.2f}"
        assert row.columns["requests"].text == f"{cell.requests:,}"
        assert row.columns["CPU us"].text == f"{cell.cpu_us_per_request.value:,.1f}"


def test_the_columns_of_percentiles_hold_different_numbers() -> None:
    summary, _ = complete()
    for row in table_of(conditions_of(summary)[0], summary, styles_of(SERVERS)):
        values = [float(row.columns[name].text) for name in (*PERCENTILES, "max")]
        assert values == sorted(set(values))


def test_the_page_shows_each_column_under_its_heading() -> None:
    summary, _ = complete()
    table = re.search(r"<table>.*?</table>", page_named("complete"), re.DOTALL)
    assert table
    headings = re.findall(r'<th scope="col">([^<]*)</th>', table[0])
    lines = re.findall(r"<tr class=.*?</tr>", table[0], re.DOTALL)
    for line, cell in zip(lines, summary.cells, strict=True):
        entries = re.findall(r"<td[^>]*>([^<]*)", line)
        found = dict(zip(headings[1:], entries, strict=True))
        assert found["p99"] == f"{cell.histogram.quantile_ns(0.99) / 1e6:.2f}"


def test_a_percentile_that_too_few_responses_support_is_not_shown() -> None:
    few = Histogram.of([1_000_000] * 500)
    report = with_cells(complete(), {"uwsgi-app": replace(cell_of(complete(), "uwsgi-app"), histogram=few)})
    rows = table_of(conditions_of(report[0])[0], report[0], styles_of(SERVERS))
    row = next(row for row in rows if row.name == "uwsgi")
    assert row.columns["p90"].text == "1.00"
    assert (row.columns["p99"].text, row.columns["p99.9"].text) == (NOTHING, NOTHING)


def test_what_was_not_measured_is_shown_as_missing() -> None:
    empty = {
        cell.deployment.id: replace(
            cell, goodput=None, goodput_per_block=(), histogram=Histogram(), longest_ns=0, requests=0,
            cpu_us_per_request=None, memory_bytes=None, start_up_ns=(), generator_busy=None,
            reasons=(Reason("start", "It did not start.", "See its log."),),
        )
        for cell in complete()[0].cells
    }  # fmt: skip
    report = with_cells(complete(), empty)
    rows = table_of(conditions_of(report[0])[0], report[0], styles_of(SERVERS))
    assert {row.columns[name].text for row in rows for name in ("goodput /s", "p50", "max", "memory")} == {
        NOTHING
    }
    assert "No block was measured" in page_of(report)


def test_an_empty_run_still_has_a_page() -> None:
    summary, _ = complete()
    run = summary.run.model_copy(update={"cells": (), "deployments": (), "status": "partial"})
    bare = replace(summary, run=run, cells=(), comparisons=(), ranking=(), split=(), load_share_of_wall=None)
    page = page_of((bare, Measurements(run=run, launches=(), blocks=())))
    assert "Nothing was measured" in page


def test_the_noise_of_the_run_stands_beside_the_answer() -> None:
    page = page_named("entered twice")
    noise = "the same server twice (uwsgi, GET /json, 16 connections) came out at 1.003 (0.991-1.015)"
    assert page.index("uwsgi is the fastest") < page.index(noise) < page.index("What to know first</h2>")
    assert "<dt>Noise</dt>" in page
    assert "Noise" not in page_named("complete")


def test_the_noise_is_a_band_around_the_best_of_each_group_where_it_was_measured() -> None:
    summary, _ = entered_twice()
    (condition,) = conditions_of(summary)
    styles = styles_of(each.name for each in summary.run.deployments)
    (axes,) = draw_ranking(condition, styles, WIDE).axes
    bands = [band.get_paths()[0].get_extents() for band in axes.collections]
    bests = [group.best.goodput for group in condition.groups]
    assert len(bands) == len(bests) == 2
    for band, best in zip(bands, bests, strict=True):
        assert best is not None
        assert (band.x0, band.x1) == pytest.approx((0.991 * best.value, 1.015 * best.value))
    (plain,) = conditions_of(complete()[0])
    assert not draw_ranking(plain, styles, WIDE).axes[0].collections
    assert "grey band around the best" in page_named("entered twice")
    assert "grey band" not in page_named("complete")


def test_there_is_no_best_and_no_band_where_nothing_is_ranked() -> None:
    summary, measurements = entered_twice()
    (cell,) = (each for each in summary.cells if each.cell.id == summary.ranking[0][0])
    alone = replace(summary, cells=(cell,), ranking=((cell.cell.id,),), comparisons=(), split=())
    page = page_of((alone, measurements))
    assert "has nobody to be ranked with" in page
    assert "grey band" not in page
    (row,) = table_of(conditions_of(alone)[0], alone, styles_of(SERVERS))
    assert row.columns["place"].text == NOTHING


def test_the_noise_is_no_band_where_something_else_was_asked() -> None:
    summary, _ = entered_twice()
    assert summary.noise is not None
    elsewhere = replace(summary, noise=replace(summary.noise, request="GET /"))
    assert [condition.noise for condition in conditions_of(elsewhere)] == [None]


def test_command_lines_are_quoted_for_a_shell() -> None:
    page = re.sub(r'<span class="option">(\S+)</span>', r"\1", page_named("complete"))
    assert "python -m uwsgi --bind 127.0.0.1:20103 --name &#39;a b&#39; apps.flask_app:app" in page
    assert "bench run &#39;scenarios/my json.yaml&#39; --seed 8246913" in page


def test_a_long_program_is_folded_away_and_whole_where_it_is() -> None:
    summary, measurements = complete()
    program = "import sys; sys.argv[0] = '<server>'; from server import run; run(); " * 2
    first, *others = measurements.launches[0].deployments
    part = first.parts[0].model_copy(update={"command": ("python", "-c", program, "shop:app")})
    launch = measurements.launches[0].model_copy(
        update={"deployments": (first.model_copy(update={"parts": (part,)}), *others)}
    )
    launches = (launch, *measurements.launches[1:])
    (facts, *rest) = deployments_of(measurements.model_copy(update={"launches": launches}))
    assert re.fullmatch(r"python -c '<program [0-9a-f]{8}>' shop:app", facts.parts[0].command)
    assert shlex.split(facts.parts[0].whole) == ["python", "-c", program, "shop:app"]
    assert {part.whole for one in rest for part in one.parts} == {""}
    page = render_report(summary, measurements.model_copy(update={"launches": launches})).decode()
    assert page.count("The whole command") == 1


def test_a_comparison_of_the_best_with_itself_changes_nothing() -> None:
    summary, measurements = complete()
    best = summary.ranking[0][0]
    own = replace(summary.comparisons[0], cell=best, against=best, ratio=Interval(1, 1, 1), verdict="tie")
    report = (replace(summary, comparisons=(own, *summary.comparisons)), measurements)
    assert verdict_of(report) == verdict_of(complete())


def sections_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<section id="([a-z-]+)">(.*?)</section>', page, re.DOTALL))


def test_where_all_loads_are_rates_the_page_speaks_of_latency_alone() -> None:
    page = page_named("at rates")
    assert re.findall(r"service.time", page, re.IGNORECASE) == []
    assert {"throughput", "service-time"}.isdisjoint(sections_of(page))
    assert "latency, ms" in sections_of(page)["latency"]


def test_where_no_load_is_a_rate_the_page_speaks_of_service_time_alone() -> None:
    page = page_named("complete")
    assert "latency" not in page.lower()
    assert "service time, ms" in sections_of(page)["service-time"]


def test_latency_and_service_time_are_never_drawn_together() -> None:
    sections = sections_of(page_named("mixed"))
    assert "service time, ms" not in sections["latency"]
    assert "latency, ms" not in sections["service-time"] + sections["throughput"]
    assert "1500/s (Poisson)" in sections["latency"]
    assert "16 connections" in sections["service-time"]
    assert "flows.py, 8 users" in sections["service-time"]


def test_the_answer_at_a_rate_names_who_answers_soonest_and_who_cannot_keep_up() -> None:
    first, second = map(said_by, answers(at_rates()[0]))
    assert "With keep-alive, uwsgi answers soonest: a median latency of 376 us; waitress, the next" in first
    assert re.search(r"waitress, the next, takes 20 % \(\d+ % to \d+ %\) longer\.", first)
    assert re.search(r"flask, the next, takes 6\.\d+ \(6\.\d+ to 6\.\d+\) times as long\.", first)
    assert "cannot keep up" not in first
    assert "flask cannot keep up with 1500/s (Poisson)." in second
    assert "flask, the next" not in second


def test_a_gain_at_a_rate_is_load_that_could_be_borne() -> None:
    gain = answers(at_rates()[0])[0].gain
    assert "1.35 times the load it bears under uwsgi" in gain
    assert "bear more than 1.35 times the load" in page_named("at rates")


def test_a_tie_at_a_rate_is_a_tie() -> None:
    report = complete(loads=(OPEN,))
    best, other = cell_of(report, "uwsgi-app"), cell_of(report, "waitress-app")
    assert best.median_latency_ns is not None
    close = Interval(*(1.001 * end for end in vars(best.median_latency_ns).values()))
    tie = with_cells(report, {"waitress-app": replace(other, median_latency_ns=close)})
    said = "uwsgi and waitress tie at about a median latency of 376 us: no difference is shown"
    assert re.search(said + r", but one of up to [0-9.]+ % is not ruled out\. gunicorn", verdict_of(tie))
    assert "gunicorn, the next, takes" in verdict_of(tie)


def test_the_table_of_an_open_loop_says_what_was_due_and_how_late_it_was_sent() -> None:
    summary, _ = at_rates()
    first, second = conditions_of(summary)
    for condition in (first, second):
        for row in table_of(condition, summary, styles_of(SERVERS)):
            columns = row.columns
            due = 48 * 400 if condition is first else 48 * 600
            assert [columns[name].text for name in ("due", "waited", "unsent")] == [
                f"{due:,}", f"{due // 50:,}", "0",
            ]  # fmt: skip
            assert re.fullmatch(r"4\.7\d us", columns["sent late"].text)
            assert columns["sent late"].below.endswith("max 81 us")
    closed = table_of(conditions_of(complete()[0])[0], complete()[0], styles_of(SERVERS))
    assert {"due", "waited", "unsent", "sent late", "median"}.isdisjoint(closed[0].columns)


def test_each_request_of_a_mix_stands_in_a_table_of_its_own() -> None:
    summary, _ = mixed()
    for condition in conditions_of(summary):
        found = requests_of(condition, styles_of(SERVERS))
        assert [each.request for each in found] == sorted(MIX["browsing"])
        for each in found:
            assert [row.name for row in each.rows] == [cell.deployment.name for cell in condition.app]
            for row, cell in zip(each.rows, condition.app, strict=True):
                one = cell.by_request[each.request]
                assert row.columns["requests"] == f"{one.requests:,}"
                assert float(row.columns["p99"]) == pytest.approx(
                    one.histogram.quantile_ns(0.99) / 1e6, abs=0.005
                )
    assert "each request by itself" not in page_named("complete")


def test_the_table_tells_the_floor_from_the_app_and_what_is_not_valid_beside_the_name() -> None:
    table = sections_of(page_named("invalid"))["table"]
    names = re.findall(r'<th scope="row">(.*?)</th>', table)
    assert [("floor" in name, "not valid" in name) for name in names] == [
        (cell.deployment.app == "floor", not cell.valid) for cell in invalid()[0].cells
    ]


def test_captions_have_the_figures_of_the_table() -> None:
    summary, _ = complete()
    condition = conditions_of(summary)[0]
    rows = [row for row in table_of(condition, summary, styles_of(SERVERS)) if row.app == "app"]
    memory, start_up = captions.memory(condition.app), captions.start_up(condition.app)
    for caption, column in ((memory, "memory"), (start_up, "start-up")):
        shown = re.findall(r"([0-9.]+\u00a0\w+) \((\S+)\)", caption)
        assert len(shown) == 2
        assert {(row.columns[column].text, row.name) for row in rows} >= {
            (figure.replace("\u00a0", " "), name) for figure, name in shown
        }


@pytest.mark.parametrize("launches", [3, 8, 24])
def test_numbers_of_launches_keep_apart_on_a_narrow_page(launches: int) -> None:
    (condition,) = conditions_of(complete()[0])
    blocks = tuple((launch, 1000.0) for launch in range(1, launches + 1) for _ in range(3))
    cells = tuple(replace(cell, goodput_per_block=blocks) for cell in condition.app)
    figure = draw_timeline(replace(condition, app=cells), styles_of(SERVERS), NARROW)
    FigureCanvasAgg(figure)  # which measures texts
    named = [text for text in figure.axes[0].texts if re.fullmatch(r"launch|\d+", text.get_text())]
    word, *boxes = [text.get_window_extent() for text in named]
    assert len(boxes) >= min(launches, 8)
    assert word.x1 < boxes[0].x0
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_the_scale_of_the_blocks_is_that_of_valid_cells_and_never_below_nothing() -> None:
    (condition,) = conditions_of(complete()[0])
    wild = tuple((1, value) for value in (1.0, 1000.0, 9000.0))
    first, second, *_ = condition.app
    steady = replace(second, goodput_per_block=tuple((1, value) for value in (990.0, 1000.0, 1010.0)))
    for valid in (True, False):
        reasons = () if valid else (Reason("errors", "Errors.", ""),)
        cells = (replace(first, goodput_per_block=wild, reasons=reasons), steady)
        figure = draw_timeline(replace(condition, app=cells), styles_of(SERVERS), WIDE)
        lowest, highest = figure.axes[0].get_ylim()
        assert lowest >= -1
        assert bool(highest > 1) is valid


def test_the_words_of_a_split_add_up() -> None:
    (condition,) = conditions_of(complete()[0])
    halves = tuple(
        replace(each, server_us=86.4, framework_us=98.1 + 0.1 * n) for n, each in enumerate(condition.split)
    )
    figure = draw_split(halves, {}, styles_of(each.deployment for each in halves), WIDE)
    sums = [re.fullmatch(r"(\d+) \+ (\d+) = (\d+) us", text.get_text()) for text in figure.axes[0].texts]
    found = [tuple(map(int, one.groups())) for one in sums if one]
    assert len(found) == len(halves)
    assert all(server == 86 and server + framework == total for server, framework, total in found)
    assert {total for _, _, total in found} == {round(86.4 + each.framework_us) for each in halves}


def test_what_cannot_keep_up_leaves_the_others_their_room_in_the_figure() -> None:
    summary, _ = at_rates()
    _, condition = conditions_of(summary)
    figure = draw_ranking(condition, styles_of(SERVERS), WIDE)
    slowest = max(
        cell.median_latency_ns.value for cell in summary.cells if cell.valid and cell.median_latency_ns
    )
    assert figure.axes[0].get_xlim()[1] < 1.5 * slowest / 1e6


def test_the_stored_example_still_has_a_page() -> None:
    measurements = Store(EXAMPLE).read()
    page = page_of((summarise(measurements), measurements))
    assert sections_of(page).keys() >= {"throughput", "service-time", "split"}
    assert "Which server for apps.flask_app:app?" in page
