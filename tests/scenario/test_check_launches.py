"""How many launches a check needs at least, which is known before anything is started."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.scenario.check import LEVEL, fewest_launches
from bench.scenario.model import Scenario
from bench.stats.inference.looks import planned
from bench.stats.inference.signed_rank import fewest
from tests.scenario.strategies import SERVERS


@given(st.integers(1, 100_000), st.integers(1, 100))
def test_they_are_enough_where_the_plan_of_the_check_finds_them_enough(figures: int, launches: int) -> None:
    looks = planned(figures, launches)
    assert looks.level == LEVEL
    assert (launches >= fewest_launches(figures)) == (launches >= fewest(looks.share / figures))


def scenario(launches: int, context: object = SERVERS) -> Scenario:
    """28 figures: 2 servers, each at 2 loads with 4 metrics of a request and 2 of another, and 2 of users."""
    return Scenario.model_validate(
        {
            "app": "x:y",
            "servers": {"gunicorn": {"threads": [1, 8]}},
            "requests": ["/a", "/b"],
            "load": [{"connections": 8}, {"rate": "10/s"}, {"locustfile": "flows.py"}],
            "check": {
                "launches": launches,
                "gate": ["goodput", "cpu"],
                "cells": [{"request": "GET /a", "gate": ["goodput", "cpu", "median", "p99"]}],
            },
        },
        context=context,
    )


def test_every_metric_that_decides_for_a_cell_counts() -> None:
    assert fewest_launches(28) == 12
    assert scenario(launches=12).check.launches == 12
    with pytest.raises(ValidationError, match="11 launches cannot tell anything about 28 figures"):
        scenario(launches=11)


def test_what_was_measured_once_is_read_whatever_it_could_tell() -> None:
    assert scenario(launches=1, context=None).check.launches == 1
