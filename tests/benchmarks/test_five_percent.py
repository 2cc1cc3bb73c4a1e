"""What is said of a deployment that spins, and the app it serves."""

from pathlib import Path

import pytest

from benchmarks.check_repository import app_with
from benchmarks.five_percent import findings_of, tried
from benchmarks.ordinary_run import ordinary_run
from benchmarks.spin import PLAIN, SPINNING, Spin, cpu_us, plain_and_spinning
from tests.benchmarks.test_targets import stage_in
from tests.stats.synthetic import Part, measurements


@pytest.mark.parametrize(("goodput", "verdict"), [(1900.0, "slower"), (2000.0, "tie"), (2100.0, "faster")])
def test_a_run_is_taken_as_the_summary_says(goodput: float, verdict: str) -> None:
    parts = [Part(PLAIN), Part(SPINNING, goodput=goodput, cpu_us=168.0)]
    one = tried(measurements(parts), wall_s=1.0)
    assert one.verdict == verdict
    assert one.goodput.value == pytest.approx(goodput / 2000, rel=0.01)
    assert one.cpu.value == pytest.approx(1.05, rel=0.01)


def test_a_run_whose_numbers_cannot_be_trusted_has_not_seen_it() -> None:
    parts = [Part(PLAIN), Part(SPINNING, goodput=1000.0, kept=False)]
    one = tried(measurements(parts), wall_s=1.0)
    assert (one.verdict, len(one.reasons)) == ("invalid", 1)
    assert findings_of([one])[0].met is False


def test_turns_cost_the_share_that_was_asked_for() -> None:
    spin = Spin(request_us=400.0, turn_us=0.02)
    assert (spin.turns(0.05), spin.turns(0.0)) == (1000, 0)


def test_the_app_of_a_repository_has_its_turns_in_its_source() -> None:
    app: dict[str, object] = {"__name__": "app"}
    exec(app_with(123), app)
    assert app["TURNS"] == 123


@pytest.mark.integration
def test_turns_are_paid_for_by_one_of_the_two_deployments(tmp_path: Path) -> None:
    loaded = plain_and_spinning(20_000, {"for": "1s", "launches": 1})
    found, _ = ordinary_run(stage_in(tmp_path), loaded, seed=1)
    costs = cpu_us(found)
    assert costs[SPINNING] > 1.2 * costs[PLAIN]
