"""Two runs on a terminal: nothing is wider than it, and no figure is cut."""

import io
import re

import pytest
from rich.console import Console

from bench.cli.two_runs import print_comparison
from bench.stats.two_runs.comparison import TwoRuns, compare
from tests.stats.synthetic import Part, measurements, with_run

APP = Part("gunicorn-with-a-rather-long-name")
RATIO = re.compile(r"\d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)")


def two() -> TwoRuns:
    """Two runs without a reference, whose verdicts are long, and which differ in a long fact."""
    first, second = (measurements([APP], 3, 3, seed=seed) for seed in (1, 2))
    return compare(first, with_run(second, scenario_file="scenarios/" * 20 + "shop.yaml"))


def printed(width: int, *, terminal: bool) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, highlight=False, force_terminal=terminal, color_system=None
    )
    print_comparison(two(), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_nothing_is_wider_and_no_figure_is_cut(width: int) -> None:
    lines = printed(width, terminal=True)
    assert max(map(len, lines)) <= width
    assert "\u2026" not in "".join(lines)
    assert sum(bool(RATIO.search(line)) for line in lines) == 5


def test_words_are_wrapped_between_them() -> None:
    lines = printed(80, terminal=True)
    assert any(line.rstrip().endswith("  tie, if the machine") for line in lines)
    assert "gunicorn-with-a-rather-long-name, GET /json, 16 connections" in lines


def test_in_a_file_every_sentence_stays_on_its_line() -> None:
    notes = [line for line in printed(200, terminal=False) if line.startswith("note: ")]
    assert notes
    assert all(line.endswith(".") for line in notes)
