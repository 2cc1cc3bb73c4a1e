import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bench.export.markdown import COMMENT_LIMIT, STEP_SUMMARY_LIMIT, markdown
from bench.export.markdown_notes import SYMBOLS
from bench.export.markup import code, prose, row, table_head
from tests.export.synthetic_check import ALL_KINDS, BROKEN, CHECK, Found, check_of, required
from tests.report.synthetic import SERVERS, at_rates, complete, entered_twice, invalid, mixed, partial, tied

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass
class Table:
    """A table as a browser has it: its rows, each with the text of its entries."""

    rows: list[list[str]]


class Page(HTMLParser):
    """What a browser makes of the document: tables, headings, links, and whether every element is closed."""

    VOID = frozenset({"br", "hr", "img"})

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.text = ""
        self.feed(GITHUB.render(document))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append(Table([]))
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.tables[-1].rows[-1][-1] += data


OURS = {
    *("h3", "p", "ul", "li", "strong", "code", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def page(document: bytes) -> Page:
    found = Page(document.decode())
    assert found.elements <= OURS
    for table in found.tables:
        assert len({len(each) for each in table.rows}) == 1
    return found


def test_a_check_begins_with_its_verdict_and_what_was_compared() -> None:
    check = check_of(ALL_KINDS)
    first, second, *_ = page(markdown(check.summary, check)).text.split("\n")
    assert first.endswith("bench check: regression")
    assert second == (
        "head 5555555 with uncommitted changes against main (1111111); "
        "4 cells: 2 regression, 1 inconclusive, 1 pass."
    )


def test_a_check_has_one_row_for_each_cell_red_ones_first() -> None:
    check = check_of(ALL_KINDS)
    heading, *cells = page(markdown(check.summary, check)).tables[0].rows
    assert heading == ["", "cell", "goodput", "CPU time a request", "median", "why"]
    assert [cell[0].split()[-1] for cell in cells] == ["regression", "regression", "inconclusive", "pass"]
    assert cells[0][1] == "gunicorn, GET /json, 16 connections"
    assert cells[0][3] == "+8.0 % (+7.0 to +9.0 %)"
    assert cells[0][-1] == "goodput 7.4 % lower; confirmed by 12 fresh launches."


def test_no_change_is_shown_of_a_head_that_is_wrong() -> None:
    check = check_of(ALL_KINDS)
    found = page(markdown(check.summary, check))
    (flask,) = (cell for cell in found.tables[0].rows if cell[1].startswith("flask"))
    assert flask[2:] == ["-", "-", "-", f"head: {BROKEN.what}."]
    (metrics,) = (table for table in found.tables[1:] if table.rows[1][-1] == "not valid")
    assert [entries[3] for entries in metrics.rows[1:]] == ["-"] * 5
    assert BROKEN.remedy in found.text


def test_metrics_that_are_not_gated_stand_in_the_details_and_notes_above_them() -> None:
    check = check_of([Found("uwsgi")], notes=("uwsgi: p99 20 % longer.",))
    document = markdown(check.summary, check)
    found = page(document)
    assert "p99" not in found.tables[0].rows[0]
    assert [each[0] for each in found.tables[1].rows[1:]] == ["goodput", "CPU time a request", "median",
                                                              "p99", "memory"]  # fmt: skip
    assert found.tables[1].rows[4][-1] == "not gated"
    text = document.decode()
    assert text.index("p99 20 % longer") < text.index("<details>")


def test_a_reference_with_any_name_is_only_text() -> None:
    check = check_of([Found("uwsgi")])
    compared = CHECK.model_copy(update={"against": "<b>|`x`"})
    summary = replace(check.summary, run=check.summary.run.model_copy(update={"check": compared}))
    assert "against <b>|`x` (1111111)" in page(markdown(summary, replace(check, summary=summary))).text


def test_what_speaks_against_a_check_is_folded_away() -> None:
    check = check_of([Found("uwsgi")])
    summary = replace(check.summary, warnings=("Servers and load generator share a core.",))
    assert "share a core." in page(markdown(summary, replace(check, summary=summary))).text


def test_requirements_that_are_not_met_stand_first_and_those_that_are_last() -> None:
    check = check_of([Found("uwsgi"), Found("flask")])
    wanted = (
        required(check.cells[0]),
        required(check.cells[1], "regression", "p99 is 60 ms, and 50 ms are required"),
    )
    check = check_of([Found("uwsgi"), Found("flask")], requirements=wanted)
    found = page(markdown(check.summary, check))
    assert "Requirements: 1 not met, 1 met." in found.text
    assert [each[2:] for each in found.tables[0].rows[1:]] == [
        [f"{SYMBOLS['regression']} not met", "p99 is 60 ms, and 50 ms are required"]
    ]
    assert [each[2:] for each in found.tables[-1].rows[1:]] == [[f"{SYMBOLS['pass']} met", "p99 is 40 ms"]]


def test_a_run_says_in_its_heading_whether_its_requirements_are_met() -> None:
    summary = complete()[0]
    assert markdown(summary).startswith(b"### bench run:")
    for verdict, symbol in SYMBOLS.items():
        one = required(check_of([Found("uwsgi")]).cells[0], verdict)
        text = markdown(replace(summary, requirements=(one,))).decode()
        assert text.startswith(f"### {symbol} bench run:")


def test_a_run_that_did_not_finish_says_so_in_its_heading() -> None:
    assert markdown(partial()[0]).splitlines()[0].endswith(b"(the run did not finish)")
    assert b"did not finish" not in markdown(complete()[0]).splitlines()[0]
    check = check_of([Found("uwsgi", "inconclusive")])
    stopped = replace(check.summary, run=check.summary.run.model_copy(update={"status": "partial"}))
    heading = markdown(stopped, replace(check, summary=stopped)).splitlines()[0]
    assert heading.endswith(b"bench check: inconclusive (the run did not finish)")


def test_what_is_not_met_is_there_even_where_the_cells_have_no_room() -> None:
    many = check_of(ALL_KINDS * 20)
    check = check_of(ALL_KINDS * 20, requirements=(required(many.cells[0], "regression", "p99 is 60 ms"),))
    text = markdown(check.summary, check, 5_000).decode()
    assert "Cut off here" in text
    assert "p99 is 60 ms" in text


@pytest.mark.parametrize("report", [complete, at_rates, mixed, invalid, partial, tied, entered_twice])
def test_a_run_has_one_row_for_each_cell(report: object) -> None:
    assert callable(report)
    summary = report()[0]
    found = page(markdown(summary))
    assert len(found.tables[0].rows) == 1 + len(summary.cells)
    for warning in summary.warnings:
        assert warning in found.text


def test_a_run_says_who_is_best_and_who_ties() -> None:
    assert "with keep-alive: uwsgi is best, 3,631" in page(markdown(complete()[0])).text
    assert "with keep-alive: uwsgi, waitress tie, 3,631" in page(markdown(tied()[0])).text
    assert "median latency" in page(markdown(at_rates()[0])).text


def test_a_cell_that_is_not_valid_says_why_in_its_row() -> None:
    rows = page(markdown(invalid()[0])).tables[0].rows
    (waitress,) = (each for each in rows if each[0] == "waitress, GET /json, 16 connections")
    assert waitress[-1].startswith("not valid: The generator was busy 94 % of the time.")


def test_a_run_in_which_nothing_is_valid_says_so_first() -> None:
    summary = replace(complete()[0], ranking=(), comparisons=())
    assert "Nothing in this run is valid." in page(markdown(summary)).text.split("cell")[0]


HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("|`*_<>&[]()!#@~\\$-+=:/.\n\r\t\"'{}^1x "), st.characters(codec="utf-8")
    ),
    max_size=80,
)


def as_shown(text: str) -> str:
    """What may be seen of a text: no control characters, and one space where there were several."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+", " ", text)
    return " ".join(plain.split())


@given(HOSTILE, HOSTILE)
def test_nothing_in_a_text_is_taken_for_markup(first: str, second: str) -> None:
    table = f"{table_head(['a', 'b'])}\n{row([prose(first), code(second)])}\n"
    found = Page(table)
    assert found.elements <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert [entry.replace("\u200b", "").strip() for entry in found.tables[0].rows[1]] == [
        as_shown(first),
        as_shown(second),
    ]


@given(HOSTILE)
def test_whatever_a_check_says_the_page_keeps_its_shape(text: str) -> None:
    check = check_of(
        [Found("uwsgi", "regression", reasons=(replace(BROKEN, what=text),), why=text)], notes=(text,)
    )
    found = page(markdown(check.summary, check))
    assert [len(each) for each in found.tables[0].rows] == [6, 6]


@pytest.mark.parametrize(
    "text", ["@octocat", "see #12", "https://example.org", "www.example.org", "!7", "~bug"]
)
def test_nobody_is_notified_and_nothing_is_linked(text: str) -> None:
    shown = GITHUB.renderInline(prose(text))
    assert text not in shown
    assert shown.replace("\u200b", "") == text


def many(count: int) -> list[Found]:
    names = list(SERVERS)
    return [Found(names[at % len(names)], why=f"{at} {'long ' * 100}") for at in range(count)]


@pytest.mark.parametrize("limit", [COMMENT_LIMIT, 20_000, 1_500])
def test_what_does_not_fit_is_cut_between_rows_and_it_says_so(limit: int) -> None:
    check = check_of([*many(200), ALL_KINDS[1]])
    document = markdown(check.summary, check, limit)
    assert limit - 2_000 < len(document) <= limit
    found = page(document)
    assert "bench check: regression" in found.text
    assert found.tables[0].rows[1][1].startswith("gunicorn")
    assert "Cut off here, for there is no room for more: bench report" in found.text


def test_what_fits_is_not_cut() -> None:
    check = check_of(many(200))
    document = markdown(check.summary, check, STEP_SUMMARY_LIMIT)
    assert COMMENT_LIMIT < len(document) <= STEP_SUMMARY_LIMIT
    assert len(page(document).tables[0].rows) == 201
    assert markdown(check.summary, check, len(document)) == document
    assert len(markdown(check.summary, check, len(document) - 1)) < len(document)
