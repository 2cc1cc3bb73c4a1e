"""What a check against a baseline says to people: which baseline, that a reference was beside it, and how."""

import io

from rich.console import Console

from bench.cli.verdicts import print_check
from bench.export.junit import junit
from bench.export.markdown import markdown
from bench.report.check_page import render_check
from bench.stats.checks.check import check_of
from tests.report.test_check_page import text_of
from tests.stats.synthetic_baseline import APP, CONFIRMATION, LAUNCHES, held, measured
from tests.stats.synthetic_check import slower

SAVED = "saved on 2025-01-01 (run 20250101-120000-synthetic)"
RED = held(
    measured(slower(APP, 0.15), seed=2, launches=LAUNCHES + CONFIRMATION), APP, confirming=CONFIRMATION
)


def test_every_output_names_the_baseline() -> None:
    check = check_of(RED)
    console = Console(file=io.StringIO(), width=200, highlight=False)
    print_check(check, console)
    assert isinstance(console.file, io.StringIO)
    for text in (
        console.file.getvalue(),
        markdown(check.summary, check).decode(),
        text_of(render_check(check, RED).decode()),
    ):
        assert f"head against the baseline {SAVED}" in text
    assert "numbers of the reference and head" in junit(check.summary, check).decode()


def test_the_page_tells_how_it_was_decided_and_how_to_do_it_again() -> None:
    text = text_of(render_check(check_of(RED), RED).decode())
    assert "rank-sum" in text
    assert "signed-rank" not in text
    assert "There was one look, after 24 launches; 12 more repeat" in text
    assert "fresh start of the reference and head" in text
    assert "bench check scenario.yaml --baseline b.json --seed 2" in text
    assert "24, and 12 that repeated" in text
