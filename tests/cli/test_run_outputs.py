"""Where `bench run` writes to is looked at before anything is measured."""

from pathlib import Path

import pytest

from tests.cli.bench_process import assert_told_once, bench_here, scenario

pytestmark = pytest.mark.integration


def test_a_summary_that_could_not_be_written_is_told_before_anything_is_started(tmp_path: Path) -> None:
    path = scenario(tmp_path, app="tests.fixtures.good:app")
    told = bench_here("run", path.name, "--json", "nowhere/summary.json", cwd=tmp_path)
    assert told.exit_code == 2
    assert_told_once(told)
    assert "cannot write nowhere/summary.json" in told.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"shop.yaml"}
