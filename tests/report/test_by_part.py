"""Deployments of several processes in the report: each part's cost, the spread, command lines and files."""

import re
from functools import lru_cache
from html import unescape

import pytest
from matplotlib.patches import Rectangle

from bench.report import render_report
from bench.report.by_part import divided
from bench.report.captions import cpu_by_part
from bench.report.deployments import deployments_of
from bench.report.plots.by_part import divided_cells, draw_cpu_by_part
from bench.report.standings import conditions_of
from bench.report.theme import styles_of

from .synthetic import complete, many


@lru_cache(maxsize=1)
def page() -> str:
    return render_report(*many()).decode()


def test_each_part_stands_below_its_deployment_the_one_in_front_first() -> None:
    summary, _ = many()
    (condition,) = conditions_of(summary)
    found = divided(condition, styles_of(each.name for each in summary.run.deployments))
    assert [one.name for one in found] == [cell.deployment.name for cell in condition.app]
    first = found[0]
    assert [row.name for row in first.rows] == ["nginx", "gunicorn-1", "gunicorn-2"]
    assert [row.columns["of all"].text for row in first.rows] == ["12.0\u00a0%", "48.4\u00a0%", "39.6\u00a0%"]
    assert first.rows[0].columns["CPU us"].text == "45.7"
    assert first.spread == (
        "2 x gunicorn: each 45.0\u00a0% to 55.0\u00a0% of their CPU time; even: 50\u00a0%"
    )


def test_the_bars_of_a_deployment_are_as_long_as_its_cpu_time() -> None:
    summary, _ = many()
    (condition,) = conditions_of(summary)
    figure = draw_cpu_by_part(condition, styles_of(each.name for each in summary.run.deployments))
    bars = [
        (bar.get_y(), bar.get_x(), bar.get_width())
        for bar in figure.axes[0].patches
        if isinstance(bar, Rectangle)
    ]
    ends = {y: max(x + width for at, x, width in bars if at == y) for y, _, _ in bars}
    costs = [cell.cpu_us_per_request.value for cell in condition.app if cell.cpu_us_per_request]
    assert [ends[y] for y in sorted(ends)] == pytest.approx(costs)
    assert len(bars) == sum(len(cell.parts) for cell in condition.app)


def test_the_caption_tells_the_share_in_front_and_where_backends_are_least_even() -> None:
    (condition,) = conditions_of(many()[0])
    caption = cpu_by_part(condition)
    assert caption.startswith("nginx in front takes 12\u00a0% of the CPU time of gunicorn-behind-nginx-2-tcp")
    assert "each of the 2 backends does 45.0\u00a0% to 55.0\u00a0% of it; even is 50\u00a0%." in caption


def test_a_run_of_single_processes_has_nothing_by_part() -> None:
    summary, measurements = complete()
    (condition,) = conditions_of(summary)
    assert divided_cells(condition) == []
    text = render_report(summary, measurements).decode()
    assert "each part by itself" not in text
    assert "parts-1" not in text


def test_a_deployment_says_versions_proxy_tls_and_profile() -> None:
    facts = {one.title: one.facts for one in deployments_of(many()[1])}
    assert facts["uwsgi-behind-nginx-4-tcp-shipped (app)"] == (
        "uwsgi 3.1.3; behind nginx 1.22.1; TLS; profile shipped; 4 processes, 4 threads each."
    )
    assert "TLS" not in facts["uwsgi-behind-nginx-2-tcp-equal (app)"]


def test_every_part_has_its_command_line_and_every_file_its_text() -> None:
    facts = deployments_of(many()[1])[0]
    assert [(part.title, part.command) for part in facts.parts] == [
        ("nginx, 2 processes", "nginx --port 0"),
        ("gunicorn-1, 2 processes", "gunicorn-1 --port 0"),
        ("gunicorn-2, 2 processes", "gunicorn-2 --port 0"),
    ]
    (file,) = facts.files
    assert file.title == "nginx.conf, 3 lines"
    shown = re.search(r"<summary>nginx\.conf, 3 lines</summary>\s*<pre[^>]*>(.*?)</pre>", page(), re.DOTALL)
    assert shown is not None
    assert "<" not in shown[1]
    assert unescape(shown[1]) == file.text


def test_what_is_said_of_every_deployment_is_folded_away_where_there_are_many() -> None:
    assert "<details>\n<summary>Each part of 16 deployments</summary>" in page()
    assert "<details>\n  <summary>In words, server by server</summary>" in page()
    assert (
        "<details open>\n  <summary>In words, server by server</summary>"
        in render_report(*complete()).decode()
    )


def test_command_lines_of_many_deployments_are_folded_away_and_those_of_few_are_not() -> None:
    assert page().count('<details class="deployment">') == 16
    few = render_report(*complete()).decode()
    assert few.count('<details class="deployment" open>') == 10
