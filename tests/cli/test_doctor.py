"""`bench doctor`: the whole command, on the machine the tests run on."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from tests.cli.bench_process import BENCH, Ended, assert_told_once, bench, ended, started, wait_for

pytestmark = pytest.mark.integration

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
SEEN = ["cores", "frequency", "other-processes", "descriptors", "listen-queue", "ports", "servers", "steal"]
LOADED = ["ceiling", "lateness"]
COMPARED = ["noise", "resolution"]


def named_on_the_page(heading: str) -> list[str]:
    """The names in the table that begins with this line."""
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE)


def checked(told: Ended) -> dict[str, Any]:
    """The document on standard output, after all has gone well."""
    assert told.exit_code == 0, told.stderr
    assert_told_once(told)
    document: dict[str, Any] = json.loads(told.stdout)
    assert document["format"] == 1
    assert list(document) == named_on_the_page("| key | meaning |")
    for finding in document["findings"]:
        assert list(finding) == ["name", "status", "what", "remedy", "values"]
        assert finding["status"] in ("ok", "warning", "unknown")
        assert (finding["remedy"] is None) == (finding["status"] == "ok")
        assert finding["name"] in told.stderr
    return document


def values_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one["values"] for one in document["findings"]}


def test_the_page_names_every_finding_in_order() -> None:
    assert named_on_the_page("| name | what is looked at") == [*SEEN, *LOADED, *COMPARED]
    assert set(named_on_the_page("| finding | values |")) == {*SEEN, *LOADED, *COMPARED}


def test_a_quick_look_leaves_out_the_run(tmp_path: Path) -> None:
    document = checked(bench("doctor", "--quick", "--json", "-", cwd=tmp_path))
    assert document["quick"] is True
    values = values_of(document)
    assert list(values) == [*SEEN, *LOADED]
    assert values["ceiling"]["requests_per_s"] > 0
    assert values["ceiling"]["us_per_request"] > 0
    assert 0 < values["ceiling"]["generator_busy"] <= 1
    assert 0 <= values["lateness"]["p50_us"] <= values["lateness"]["p99_us"]
    assert values["servers"]["versions"]["waitress"]
    assert 0 <= values["steal"]["share"] <= 1
    assert list(tmp_path.iterdir()) == []


def test_the_whole_says_how_noisy_the_machine_is(tmp_path: Path) -> None:
    told = bench("doctor", "--duration", "2s", "--json", "doctor.json", cwd=tmp_path)
    assert told.exit_code == 0, told.stderr
    assert_told_once(told)
    assert "A/A run: launch 2/2" in told.stderr
    document = json.loads((tmp_path / "doctor.json").read_text())
    values = values_of(document)
    assert list(values) == [*SEEN, *LOADED, *COMPARED]
    for name in values:
        assert name in told.stdout
    noise = values["noise"]
    assert 0 < noise["low"] <= noise["ratio"] <= noise["high"]
    assert (noise["launches"], noise["load_s"]) == (2, pytest.approx(2, rel=0.3))
    assert noise["block_spread"] > 0
    assert values["resolution"]["seconds_for_2_percent"] > values["resolution"]["seconds_for_5_percent"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["doctor.json"]


@pytest.mark.parametrize(
    ("step", "signals"),
    [
        ("looking at the machine", [signal.SIGINT]),
        ("loading a null target", [signal.SIGTERM, signal.SIGINT]),
        ("launch 1/8", [signal.SIGINT]),
    ],
)
def test_whatever_it_is_at_it_can_be_interrupted(
    tmp_path: Path, step: str, signals: list[signal.Signals]
) -> None:
    with started("doctor", "--json", "doctor.json", cwd=tmp_path) as process:
        wait_for(process, step)
        for number in signals:
            process.send_signal(number)
        told = ended(process, tmp_path)
    assert told.exit_code == 130
    assert_told_once(told)
    assert told.stderr.endswith("interrupted; nothing was kept\n")
    assert list(tmp_path.iterdir()) == []


def test_one_core_is_said_and_measured_all_the_same(tmp_path: Path) -> None:
    command = ("taskset", "-c", str(min(os.sched_getaffinity(0))), *BENCH)
    told = bench("doctor", "--quick", "--json", "-", cwd=tmp_path, command=command)
    document = checked(told)
    cores = document["findings"][0]
    assert (cores["name"], cores["status"]) == ("cores", "warning")
    assert "one core" in cores["what"]
    assert values_of(document)["ceiling"]["requests_per_s"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--quick", "--duration", "5s"),
        ("--duration", "10ms"),
        ("--duration", "5"),
        ("--json", "missing/doctor.json"),
        ("something",),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == 2
    told = capsys.readouterr()
    assert told.err
    assert "looking at the machine" not in told.err
    assert told.out == ""
