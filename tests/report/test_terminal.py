"""What stands on the terminal at the end of a run: the same words as in the report."""

import io
import re

from rich.console import Console

from bench.cli.ranking import print_ranking

from .synthetic import MIX, Report, at_rates, complete, entered_twice, mixed


def printed(report: Report) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
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
