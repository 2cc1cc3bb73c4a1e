from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.machine import describe_machine
from bench.errors import GeneratorFailed
from bench.load.messages import SliceOrder

pytestmark = pytest.mark.integration


@pytest.fixture
def generator(tmp_path: Path) -> Iterator[GeneratorProcess]:
    generator = GeneratorProcess(describe_machine().generator_cores, tmp_path / "generator.log")
    yield generator
    generator.stop()


def process_of(generator: GeneratorProcess) -> psutil.Process:
    return psutil.Process(generator._process.pid)


def test_it_answers_orders_and_ends_when_it_is_stopped(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process = process_of(generator)
    assert generator.statistics() == {"requests": 0, "failures": 0}
    generator.stop()
    assert not process.is_running()


def test_it_is_killed_where_it_does_not_end_when_asked(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process = process_of(generator)
    process.suspend()
    generator.stop()
    assert not process.is_running()


def test_a_generator_that_died_is_an_error_that_says_so(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    process_of(generator).kill()
    with pytest.raises(GeneratorFailed, match="the load generator died"):
        generator.statistics()


def test_a_defect_of_the_generator_is_told_with_what_it_wrote_last(generator: GeneratorProcess) -> None:
    generator.wait_until_ready()
    with pytest.raises(GeneratorFailed, match="the load generator died") as caught:
        generator.slice(
            SliceOrder(
                target="unknown",
                connections=1,
                ramp_ns=0,
                counted_ns=10**6,
                response_timeout_ns=10**9,
                polls=False,
            )
        )
    assert "KeyError: 'unknown'" in caught.value.remedy
