from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bench.export.hlog import hlog
from bench.histogram import HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram
from tests.conductor.single_loads import CLOSED, OPEN, single_load


def reader(path: Path) -> HistogramLogReader:
    return HistogramLogReader(str(path), HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS))


def test_the_tools_of_the_field_read_every_count_in_nanoseconds(tmp_path: Path) -> None:
    durations_ns = np.random.default_rng(1).integers(100_000, 90_000_000, 5000)
    path = tmp_path / "load.hlog"
    path.write_bytes(hlog(single_load(durations_ns=durations_ns.tolist())))
    log = reader(path)
    read = log.get_next_interval_histogram()
    assert log.get_next_interval_histogram() is None
    log.close()
    assert read.get_total_count() == 5000
    ours = Histogram.of(durations_ns)
    assert Histogram(np.ctypeslib.as_array(read.counts).astype(np.int64)) == ours
    for percentile in (50, 90, 99, 99.9, 100):
        assert read.get_value_at_percentile(percentile) == ours.quantile_ns(percentile / 100)


def test_the_interval_is_the_counted_window_in_wall_clock_time(tmp_path: Path) -> None:
    path = tmp_path / "load.hlog"
    path.write_bytes(hlog(single_load()))
    log = reader(path)
    read = log.get_next_interval_histogram()
    log.close()
    began = datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert log.get_start_time_sec() == pytest.approx(began.timestamp(), abs=1e-3)
    assert read.get_start_time_stamp() == pytest.approx(1000 * began.timestamp(), abs=1)
    assert read.get_end_time_stamp() - read.get_start_time_stamp() == pytest.approx(5000, abs=1e-2)


def test_the_longest_duration_is_not_rounded_to_whole_milliseconds() -> None:
    last = hlog(single_load(durations_ns=[120_000, 456_000])).decode().splitlines()[-1]
    assert last.split(",")[:3] == ["0.000", "5.000", "0.456"]


def test_a_load_without_an_answer_is_an_empty_histogram(tmp_path: Path) -> None:
    path = tmp_path / "load.hlog"
    path.write_bytes(hlog(single_load(durations_ns=[])))
    log = reader(path)
    assert log.get_next_interval_histogram().get_total_count() == 0
    log.close()


def test_the_first_line_says_what_was_measured() -> None:
    assert hlog(single_load(CLOSED)).startswith(
        b"#[service time in nanoseconds: GET http://127.0.0.1:8000/json, 8 connections, bench "
    )
    assert b"#[latency in nanoseconds: GET http://127.0.0.1:8000/json, 1000/s, bench " in hlog(
        single_load(OPEN)
    )
