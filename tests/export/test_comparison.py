"""Two runs side by side, as Markdown and as JSON."""

import json
import re
from pathlib import Path

from bench.export.comparison_json import comparison_document, comparison_json
from bench.export.comparison_markdown import comparison_markdown
from bench.results.model import Measurements
from bench.stats.two_runs.comparison import TwoRuns, compare
from tests.stats.synthetic import Part, measurements, with_run

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "compare.md").read_text()
HOSTILE = '<script>alert(1)</script>|`x` **b** [a](http://x) ![i](y)\n# @team #12 "'


def measured(*parts: Part, seed: int = 1) -> Measurements:
    return measurements(parts, launches=3, blocks=3, seed=seed)


def two_runs() -> TwoRuns:
    first = measured(Part("gunicorn"), Part("gunicorn", 5000, "floor"), Part("flask"))
    second = measured(Part("gunicorn", 1500), Part("gunicorn", 5000, "floor"), Part("uwsgi"), seed=2)
    return compare(first, with_run(second, id="later", versions={"python": "3.12"}))


def hostile() -> TwoRuns:
    run = measured(Part("gunicorn", request=f"GET /{HOSTILE}"))
    deployments = tuple(one.model_copy(update={"name": HOSTILE}) for one in run.run.deployments)
    first = with_run(run, id=HOSTILE, deployments=deployments)
    return compare(first, with_run(first, versions={HOSTILE: HOSTILE}, scenario_file=HOSTILE))


# JSON


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for one in value.values() for key in keys(one)}
    return {key for one in value for key in keys(one)} if isinstance(value, list) else set()


def test_every_field_of_the_json_is_documented() -> None:
    for name in keys(comparison_document(two_runs())):
        assert f"`{name}`" in DOCUMENTATION


def test_the_json_has_both_ratios_and_says_which_carries_the_verdict() -> None:
    document = json.loads(comparison_json(two_runs()))
    cell = document["cells"][0]
    goodput = cell["metrics"]["goodput"]
    assert (document["a"]["launches"], document["b"]["id"]) == (3, "later")
    assert cell["relative_to"] == "the floor under gunicorn"
    assert goodput["machine_cancels"]
    assert goodput["verdict"] == "worse"
    assert goodput["ratio"]["low"] < 0.75 < goodput["ratio"]["high"]
    assert cell["metrics"]["memory"]["relative_ratio"] is None
    assert document["only_in_a"] == ["flask, GET /json, 16 connections"]
    assert {"name": "version of Python", "a": "3.11", "b": "3.12", "matters": True} in document["differences"]


def test_the_same_runs_give_the_same_bytes() -> None:
    assert comparison_json(two_runs()) == comparison_json(two_runs())
    assert comparison_markdown(two_runs()) == comparison_markdown(two_runs())


# Markdown


def test_the_markdown_says_first_what_the_ratios_are_worth() -> None:
    text = comparison_markdown(two_runs()).decode()
    assert (
        text.index("how fast the machine was cancels")
        < text.index("version of Python")
        < text.index("| goodput")
    )
    assert re.search(r"\| goodput \| .*/s \| .*/s \| 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\) \| worse \|", text)
    assert "Only in B:" in text


def test_every_table_has_as_many_columns_in_each_row_whatever_is_in_it() -> None:
    for two in (two_runs(), hostile()):
        tables = re.findall(r"(?:^\|.*\n)+", comparison_markdown(two).decode(), re.MULTILINE)
        assert len(tables) >= 2
        for table in tables:
            assert len({row.count("|") for row in table.splitlines()}) == 1


def test_what_a_run_brings_along_is_neither_markup_nor_a_mention() -> None:
    text = comparison_markdown(hostile()).decode()
    assert not re.search(r"<(?!sub>|/sub>)|[`@]|\]\(|!\[|://|(?<!&)#12", text)
    assert not re.search(r"^#(?!## |# )", text, re.MULTILINE)


def test_plain_words_stay_as_they_are_and_long_ones_are_cut() -> None:
    two = compare(
        measured(Part("gunicorn")), with_run(measured(Part("gunicorn")), scenario_file="x" * 10_000)
    )
    text = comparison_markdown(two).decode()
    assert "### gunicorn, GET /json, 16 connections\n" in text
    assert "xxx\u2026 |" in text
    assert max(map(len, text.splitlines())) < 1_000


def test_a_long_comparison_is_cut_to_what_a_comment_holds_and_says_so() -> None:
    whole = comparison_markdown(two_runs())
    cut = comparison_markdown(two_runs(), len(whole) - 1)
    assert len(cut) < len(whole)
    assert b"Cut off here" in cut
    assert b"bench compare" in cut
    assert b"Cut off here" not in whole
