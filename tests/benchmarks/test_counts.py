"""What wrk and Locust are told, and what is read of what they print."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import GeneratorFailed
from benchmarks import stock_locust, wrk
from benchmarks.precision import findings_of_run, half_width

PRINTED = (
    "Running 1s test @ http://127.0.0.1:18999/\nRequests/sec:  47174.46\n"
    '{"requests": 47213, "duration_us": 1000000, "errors": 0, "median_us": 212}\n'
)


@given(st.binary(min_size=1, max_size=200))
def test_wrk_is_told_every_byte_of_the_request(request_bytes: bytes) -> None:
    literal = re.search(r'return "((?:\\\d{3})*)" end', wrk.script_for(request_bytes))
    assert literal is not None
    assert bytes(int(byte) for byte in literal[1].split("\\")[1:]) == request_bytes


def test_wrks_rate_is_its_requests_over_its_own_time() -> None:
    counts = wrk.counts_in(PRINTED.replace("1000000", "2000000"))
    assert counts.rate == 47213 / 2
    assert counts.median_us == 212


@pytest.mark.parametrize("counts_in", [wrk.counts_in, stock_locust.counts_in])
def test_output_without_counts_is_an_error(counts_in: object) -> None:
    assert callable(counts_in)
    with pytest.raises(GeneratorFailed, match="printed no counts"):
        counts_in("unable to connect\n")


def test_locusts_counts_are_found_among_its_tables() -> None:
    printed = 'Type Name\n{"requests": 10, "seconds": 2.0, "errors": 0}\nAggregated\n'
    assert stock_locust.counts_in(printed) == {"requests": 10, "seconds": 2.0, "errors": 0}


def test_the_widest_interval_is_a_share_of_its_own_ratio() -> None:
    ratios = [{"value": 0.5, "low": 0.49, "high": 0.51}, {"value": 1.0, "low": 0.99, "high": 1.01}]
    assert half_width(ratios[0]) == pytest.approx(0.02)
    summary = {
        "comparisons": [{"ratio": ratio} for ratio in ratios],
        "cells": [{"valid": True}, {"valid": False}],
        "load_share_of_wall": 0.7,
    }
    found = {one.what: one for one in findings_of_run(summary, 60.0)}
    assert found["widest interval of a comparison"].value == pytest.approx(0.02)
    assert found["valid cells"].shown == "1 of 2"
