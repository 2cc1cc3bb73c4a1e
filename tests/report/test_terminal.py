"""What stands on the terminal at the end of a run: the same words as in the report."""

import io
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.cli.fitted_table import cut
from bench.cli.ranking import print_ranking

from .synthetic import MIX, Report, at_rates, complete, entered_twice, many, mixed


def printed(report: Report, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_ranking(report[0], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_without_a_rate_goodput_is_ranked() -> None:
    text = printed(complete())
    assert "GET /json, 16 connections, keeping connections" in text
    assert re.split(r"\s{2,}", line_of(text, "deployment").strip())[1:4] == [
        "goodput/s",
        "+-",
        "ratio to the best",
    ]
    assert "latency" not in text


def test_who_is_alone_is_not_the_best() -> None:
    summary, measurements = complete()
    alone = replace(summary, ranking=(summary.ranking[0][:1],), comparisons=())
    text = printed((alone, measurements))
    assert "nobody to rank with" in text
    assert not re.search(r"\bbest +\d", text)


def test_at_a_rate_the_median_latency_is_ranked_lowest_first() -> None:
    text = printed(at_rates())
    assert "GET /json, 1000/s, keeping connections" in text
    assert "GET /json, 1500/s (Poisson), keeping connections" in text
    assert re.split(r"\s{2,}", line_of(text, "deployment").strip())[1] == "median latency"
    first, second = (line_of(text, name) for name in ("uwsgi", "waitress"))
    assert "best" in first
    assert "slower" in second
    assert text.index(first) < text.index(second)
    assert "service time" not in text


def test_each_request_of_a_mix_stands_by_itself() -> None:
    text = printed(mixed())
    for name in MIX["browsing"]:
        assert len(re.findall(rf"^{re.escape(name)} +uwsgi ", text, re.MULTILINE)) == 3
    assert (
        len(re.findall(r"^request +deployment +requests +p50 latency +p99 latency *$", text, re.MULTILINE))
        == 2
    )
    assert "p50 service time" in text
    assert "request  deployment" not in printed(complete())


def test_the_noise_of_the_run_is_one_line_below_the_ranking() -> None:
    text = printed(entered_twice())
    noise = (
        "noise here: the same server twice (uwsgi, GET /json, 16 connections) came out at 1.003 (0.991-1.015)"
    )
    assert line_of(text, "noise here") == noise
    assert text.index("slower") < text.index(noise)
    assert "noise here" not in printed(complete())


def test_cpu_by_part_is_one_line_a_deployment_below_its_ranking() -> None:
    text = printed(many())
    costs = "nginx 33 us, 4 x uwsgi 242 us (22.5 % to 27.5 % each)"
    assert f"cpu by part   uwsgi-behind-nginx-4-tcp-equal: {costs}\n" in text
    assert f"              uwsgi-behind-nginx-4-tcp-shipped: {costs}\n" in text
    assert text.count("% each)") == 16
    assert "cpu by part" not in printed(complete())


def test_at_80_columns_names_stay_whole_and_less_important_columns_give_way() -> None:
    text = printed(many(), width=80)
    for cell in many()[0].cells:
        row = line_of(text, f"{cell.deployment.name} ")
        assert len(row) <= 80
        assert re.search(r" (best|slower) *$", row)
    assert "left out for want of room: +-, p50, p99, CPU; all of it is in the report" in text
    assert "left out" not in printed(many())


def test_where_nothing_else_helps_names_are_cut_in_their_middle() -> None:
    text = printed(many(), width=64)
    row = next(line for line in text.splitlines() if re.match(r"uwsgi-\S+\u2026\S+shipped ", line))
    assert len(row) <= 64


@given(st.text(min_size=1), st.integers(3, 40))
def test_a_cut_text_keeps_both_its_ends(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short) <= most
    assert short == text if len(text) <= most else short[0] + short[-1] == text[0] + text[-1]


def test_many_splits_are_one_sentence() -> None:
    (said,) = [line for line in printed(many()).splitlines() if "of a request's CPU time" in line]
    assert said.startswith("The server takes between 26 % (uwsgi-behind-nginx-2-tcp-shipped) and 50 % (")
    assert "can make this app more than 1.99 times as fast" in said
