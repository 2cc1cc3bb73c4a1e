from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bench.export.run_hlog import run_hlog
from bench.histogram import HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram
from bench.stats.summary import Summary
from tests.export.synthetic_check import ALL_KINDS, check_of
from tests.report.synthetic import at_rates, cell_of, complete, invalid, mixed


def read(summary: Summary, folder: Path) -> dict[str, HdrHistogram]:
    """The histograms by their tags, as the tools of the field read them."""
    path = folder / "run.hlog"
    path.write_bytes(run_hlog(summary))
    log = HistogramLogReader(str(path), HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS))
    found = {}
    while (one := log.get_next_interval_histogram()) is not None:
        assert one.get_tag() not in found
        found[one.get_tag()] = one
    log.close()
    return found


def test_each_cell_is_a_tagged_histogram_with_every_count(tmp_path: Path) -> None:
    summary = complete()[0]
    found = read(summary, tmp_path)
    assert len(found) == len(summary.cells)
    uwsgi = found["uwsgi;_GET_/json;_16_connections;_service_time"]
    ours = cell_of(complete(), "uwsgi-app").histogram
    assert Histogram(np.ctypeslib.as_array(uwsgi.counts).astype(np.int64)) == ours


def test_the_responses_over_the_length_of_an_interval_are_the_goodput(tmp_path: Path) -> None:
    cell = cell_of(complete(), "uwsgi-app")
    one = read(complete()[0], tmp_path)["uwsgi;_GET_/json;_16_connections;_service_time"]
    length_s = (one.get_end_time_stamp() - one.get_start_time_stamp()) / 1000
    assert cell.goodput is not None
    assert one.get_total_count() / length_s == pytest.approx(cell.goodput.value, rel=1e-3)


@pytest.mark.parametrize("report", [at_rates, mixed])
def test_every_kind_of_load_can_be_told_apart(report: object, tmp_path: Path) -> None:
    assert callable(report)
    summary = report()[0]
    found = read(summary, tmp_path)
    assert len(found) == len(summary.cells)
    for cell in summary.cells:
        kind = "_latency" if cell.cell.load.is_open else "_service_time"
        assert any(kind in tag and cell.deployment.name in tag for tag in found)


def test_base_and_head_of_a_check_are_told_apart(tmp_path: Path) -> None:
    found = read(check_of(ALL_KINDS).summary, tmp_path)
    assert "uwsgi;_GET_/json;_16_connections;_base;_service_time" in found
    assert "uwsgi;_GET_/json;_16_connections;_head;_service_time" in found


def test_a_cell_that_is_not_valid_says_so_and_one_without_answers_is_left_out(tmp_path: Path) -> None:
    summary = invalid()[0]
    assert [tag for tag in read(summary, tmp_path) if tag.endswith("_not_valid")] == [
        "waitress;_GET_/json;_16_connections;_service_time;_not_valid"
    ]
    silent = replace(cell_of(complete(), "uwsgi-app"), histogram=Histogram(), requests=0, goodput=None)
    assert read(replace(summary, cells=(silent,)), tmp_path) == {}


def test_a_file_name_with_a_line_break_stays_in_its_comment(tmp_path: Path) -> None:
    summary = complete()[0]
    odd = replace(summary, run=summary.run.model_copy(update={"scenario_file": "a\nTag=b,1,1,1,x"}))
    assert len(read(odd, tmp_path)) == len(summary.cells)
