import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario.model import Measure, Scenario
from bench.scenario.part import parse_precision, write_precision


@pytest.mark.parametrize(
    ("written", "launches"),
    [
        ({}, 8),
        ({"for": "5m"}, 8),
        ({"until": None, "for": "5m"}, 8),
        ({"until": "2%"}, 12),
        ({"until": "2%", "for": "1s"}, 12),
        ({"until": "2%", "for": "200s"}, 20),
        ({"until": "2%", "for": "5m"}, 24),
        ({"until": "2%", "for": "5m", "launches": 9}, 9),
        ({"for": "5m", "launches": 3}, 3),
    ],
)
def test_a_run_that_ends_on_precision_has_more_and_shorter_launches(
    written: dict[str, object], launches: int
) -> None:
    assert Measure.model_validate(written).launches == launches


@given(st.integers(1_000, 500_000))
def test_a_precision_is_written_as_it_was_read(ten_thousandths: int) -> None:
    text = f"{ten_thousandths / 10_000:.12g}%"
    share = parse_precision(text)
    assert share == pytest.approx(ten_thousandths / 1e6)
    assert parse_precision(write_precision(share)) == share
    assert Measure.model_validate({"until": text}).until == share


@given(st.integers(1_000, 500_000))
def test_what_is_stored_of_a_measure_gives_the_same_measure_again(ten_thousandths: int) -> None:
    measure = Measure.model_validate({"until": f"{ten_thousandths / 10_000:.12g} %", "for": "3m"})
    stored = measure.model_dump(mode="json", by_alias=True)
    assert Measure.model_validate(stored) == measure


@pytest.mark.parametrize("text", ["", "%", "2", "2 percent", "-2%", "2%%", "1e-1%", "0.02"])
def test_what_is_no_precision_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        parse_precision(text)


def test_deployments_that_are_never_up_together_may_have_the_same_port() -> None:
    servers = [{"flask": {"port": 5000}}, {"waitress": {"port": 5000}}]
    scenario = {"app": "x:y", "servers": servers, "measure": {"interleave": "rounds"}}
    assert [choice.port for choice in Scenario.model_validate(scenario).servers] == [5000, 5000]
    assert Scenario.model_validate(scenario).measure.in_rounds
    with pytest.raises(ValueError, match="port 5000 is given to two deployments"):
        Scenario.model_validate({**scenario, "measure": {"interleave": "slices"}})
