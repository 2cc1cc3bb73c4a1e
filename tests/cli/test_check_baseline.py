"""`bench check` with a baseline: saved, held against, and refused where it can tell nothing."""

import json
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.results.baseline_file import read_baseline
from bench.results.store import Store
from tests.cli.bench_process import (
    Ended,
    assert_told_once,
    bench,
    bench_here,
    ended,
    started,
    wait_for,
    wait_for_blocks,
)

pytestmark = [pytest.mark.integration, pytest.mark.quiet]

APP = """
from extra import WORK

def app(environ, start_response):
    sum(range(WORK))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"good\\n"]
"""
WORK = 10_000
SAVED = "baseline.json"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    work(tmp_path, WORK)
    scenario(tmp_path)
    return tmp_path


def work(shop: Path, much: int) -> None:
    (shop / "extra.py").write_text(f"WORK = {much}\n")


def scenario(shop: Path, **parts: Any) -> None:
    """One figure decides and half as much again is allowed: on a loaded machine, too, that can be told."""
    whole = {"app": "app:app", "servers": "waitress", "load": {"connections": 4}, "measure": {"for": "1s"},
             "check": {"gate": ["cpu"], "allow": "50%", "launches": 8}, **parts}  # fmt: skip
    (shop / "bench.yaml").write_text(json.dumps(whole))


def check(shop: Path, *options: str) -> Ended:
    """The command; that it leaves no process and no folder of its own behind is seen each time."""
    told = bench("check", "bench.yaml", *options, cwd=shop)
    assert_told_once(told)
    assert [path.name for path in shop.iterdir() if path.name.startswith("bench-")] == []
    return told


def test_a_baseline_is_saved_and_tells_an_app_that_got_slower_from_one_that_did_not(shop: Path) -> None:
    saved = check(shop, "--save-baseline", SAVED, "--name", "monday", "--json", "monday.json")
    assert saved.exit_code == 0, saved.stderr
    assert "waitress, GET /, 4 connections" in saved.stdout
    baseline = read_baseline(shop / SAVED)
    (cell,) = baseline.cells
    assert len(cell.metrics["cpu"].log_ratios) == 8
    assert cell.answers["GET /"].bytes == 5
    assert {one["app"] for one in json.loads((shop / "monday.json").read_text())["cells"]} == {"app"}

    same = check(shop, "--baseline", SAVED, "--name", "tuesday")
    assert same.exit_code == 0, same.stdout + same.stderr
    assert f"against the baseline saved on {baseline.measured_at:%Y-%m-%d} (run monday)" in same.stdout
    assert len(Store(shop / "results" / "tuesday").read().launches) == 8

    work(shop, 4 * WORK)
    slower = check(shop, "--baseline", SAVED, "--name", "friday", "--json", "friday.json",
                   "--junit", "friday.xml", "--markdown", "friday.md")  # fmt: skip
    assert slower.exit_code == 1, slower.stdout + slower.stderr
    measured = Store(shop / "results" / "friday").read()
    assert [one.confirming for one in measured.launches].count(True) == 12
    document = json.loads((shop / "friday.json").read_text())
    assert (document["verdict"], document["baseline"]["run"]) == ("regression", "monday")
    assert ElementTree.parse(shop / "friday.xml").getroot().get("failures") == "1"
    assert "(run monday)" in (shop / "friday.md").read_text()
    page = (shop / "reports" / "friday.html").read_bytes()

    again = bench_here("report", "friday", "--json", "again.json", cwd=shop)
    assert again.exit_code == 1
    assert json.loads((shop / "again.json").read_text()) == document
    assert (shop / "reports" / "friday.html").read_bytes() == page
    assert_refused_before_anything_runs(shop)


def check_refused(shop: Path, *options: str) -> Ended:
    """The command, where it ends before it starts anything."""
    told = bench_here("check", "bench.yaml", *options, cwd=shop)
    assert_told_once(told)
    return told


def assert_refused_before_anything_runs(shop: Path) -> None:
    """Of another machine or scenario, damaged, or no baseline at all."""
    before = set((shop / "results").iterdir())
    whole = (shop / SAVED).read_text()
    processor = read_baseline(shop / SAVED).facts[0].value
    (shop / "elsewhere.json").write_text(whole.replace(processor, "Another processor"))
    told = check_refused(shop, "--baseline", "elsewhere.json")
    assert told.exit_code == 3
    assert f"processor: Another processor then, {processor} now" in told.stderr
    (shop / "damaged.json").write_text(whole[: len(whole) // 2])
    assert check_refused(shop, "--baseline", "damaged.json").exit_code == 2
    assert check_refused(shop, "--baseline", "results/monday/run.json").exit_code == 2
    scenario(shop, requests=["GET /", "GET /new"])
    told = check_refused(shop, "--baseline", SAVED)
    assert told.exit_code == 3
    assert "GET /new" in told.stderr
    assert set((shop / "results").iterdir()) == before


def test_what_cannot_be_trusted_is_not_saved(shop: Path) -> None:
    scenario(shop, requests=["GET /", {"path": "/other", "expect": {"status": 404}}], check={"launches": 10})
    told = check(shop, "--save-baseline", SAVED)
    assert told.exit_code == 3
    assert "GET /other" in told.stderr
    assert "no baseline was saved" in told.stderr
    assert not (shop / SAVED).exists()


@pytest.mark.parametrize(
    "options",
    [(), ("--baseline", SAVED, "--save-baseline", SAVED), ("--save-baseline", "nowhere/baseline.json")],
)  # fmt: skip
def test_it_is_held_against_one_thing_and_saved_where_that_is_possible(
    shop: Path, options: tuple[str, ...]
) -> None:
    told = check_refused(shop, *options)
    assert told.exit_code == 2
    assert not (shop / "results").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_saves_nothing_and_leaves_no_folder(shop: Path, number: signal.Signals) -> None:
    scenario(shop, measure={"for": "10m"})
    with started("check", "bench.yaml", "--save-baseline", SAVED, cwd=shop) as process:
        wait_for(process, "launch 1")
        wait_for_blocks(shop, 1)
        process.send_signal(number)
        told = ended(process, shop)
    assert told.left == []
    expected = {"app.py", "extra.py", "bench.yaml", "__pycache__", "results"}
    assert {path.name for path in shop.iterdir()} - {"reports"} == expected
    if number == signal.SIGINT:
        assert told.exit_code == 130
