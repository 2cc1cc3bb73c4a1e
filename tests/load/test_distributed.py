import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bench.conductor.generator_process import GeneratorProcess
from bench.errors import GeneratorFailed
from tests.load.checked_generator import CheckedGenerator, arrivals_of
from tests.load.scripted_server import End, MixedServer, ScriptedServer
from tests.load.test_generator import REQUEST, WAYS_THAT_CLOSE, always, answer, every_tenth, target_of
from tests.load.test_mix import REQUESTS, RIGHT, mix
from tests.load.test_open_loop import nobody, target_at

pytestmark = pytest.mark.integration


@contextmanager
def started(log: Path, processes: int) -> Iterator[CheckedGenerator]:
    generator = CheckedGenerator(log, polls=False, processes=processes)
    try:
        generator.wait_until_ready()
        yield generator
    finally:
        generator.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckedGenerator]:
    """Two processes that generate one load."""
    with started(tmp_path_factory.mktemp("pair") / "generator.log", 2) as generator:
        yield generator


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[CheckedGenerator]:
    """Two processes that do not live through their test."""
    with started(tmp_path / "generator.log", 2) as generator:
        yield generator


def test_what_several_count_is_what_the_server_counts(pair: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcomes = [pair.slice("fox", connections=5, milliseconds=500) for _ in range(3)]
        assert all(outcome.errors == {} for outcome in outcomes)
        assert sum(outcome.answered for outcome in outcomes) == server.requests
        assert [outcome.connections_opened for outcome in outcomes] == [5, 0, 0]
        assert all(min(outcome.per_connection) > 0 for outcome in outcomes[1:])


@pytest.mark.parametrize("rate", [50, 1000, 3333])
def test_a_constant_rate_is_offered_exactly_by_several(pair: CheckedGenerator, rate: float) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcome = pair.slice("fox", connections=64, milliseconds=300, ramp_ms=0, rate_per_s=rate)
        assert abs(arrivals_of(outcome).due - 0.3 * rate) < 1
        assert outcome.errors == {}
        assert outcome.requests == server.requests == arrivals_of(outcome).due - arrivals_of(outcome).unsent


def test_poisson_arrivals_of_several_are_those_of_their_seed(pair: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        for seed in (1, 2):
            outcome = pair.slice("fox", connections=64, rate_per_s=1000, poisson=True, seed=seed)
            assert outcome.errors == {}


def test_connections_are_added_and_taken_away_between_slices(pair: CheckedGenerator) -> None:
    counts, opened = [2, 40, 2, 3, 7, 1], [2, 38, 0, 1, 4, 0]
    with ScriptedServer(always(answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcomes = [pair.slice("fox", connections=count, milliseconds=50) for count in counts]
        assert [outcome.connections_opened for outcome in outcomes] == opened
        assert all(outcome.errors == {} for outcome in outcomes)
        assert sum(outcome.answered for outcome in outcomes) == server.requests


def test_fewer_connections_than_processes_send_the_whole_rate(pair: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcome = pair.slice("fox", connections=1, milliseconds=300, ramp_ms=0, rate_per_s=20)
        arrivals = arrivals_of(outcome)
        assert arrivals.due == 6
        assert outcome.per_connection == [outcome.requests]
        assert outcome.requests == server.requests >= 4  # every other one would be three


def test_a_rate_above_capacity_is_told_by_several(pair: CheckedGenerator) -> None:
    with ScriptedServer(always(0.02, answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcome = pair.slice("fox", connections=3, milliseconds=200, ramp_ms=0, rate_per_s=2000)
        assert arrivals_of(outcome).due == 400
        assert arrivals_of(outcome).unsent == 400 - server.requests
        assert arrivals_of(outcome).unsent > 200


def test_errors_of_several_are_added_up(pair: CheckedGenerator) -> None:
    with ScriptedServer(every_tenth([End.RESET], answer()), REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        for rate in (None, 1000):
            before = server.requests
            outcome = pair.slice("fox", connections=10, milliseconds=100, rate_per_s=rate)
            wrong = server.requests // 10 - before // 10
            assert outcome.errors == {"reset": wrong}
            assert outcome.answered == server.requests - before - wrong


def test_connections_that_close_are_counted_by_all(pair: CheckedGenerator) -> None:
    with ScriptedServer(WAYS_THAT_CLOSE["announced"], REQUEST) as server:
        pair.set_targets(fox=target_of(server))
        outcome = pair.slice("fox")
        assert outcome.errors == {}
        assert outcome.connections_opened == outcome.answered == server.requests


def test_nobody_listening_is_an_error_of_every_arrival(pair: CheckedGenerator) -> None:
    with nobody() as port:
        pair.set_targets(fox=target_at(port))
        outcome = pair.slice("fox", milliseconds=100, ramp_ms=0, rate_per_s=500)
        assert outcome.errors == {"connect": 50 - arrivals_of(outcome).unsent}


@pytest.mark.parametrize("rate", [None, 500.0], ids=["closed", "open"])
def test_a_mix_of_several_is_drawn_by_each_on_its_own(pair: CheckedGenerator, rate: float | None) -> None:
    with MixedServer(RIGHT) as server:
        pair.set_targets(mix=mix(server))
        outcome = pair.slice("mix", connections=32, milliseconds=200, ramp_ms=0, rate_per_s=rate, seed=9)
        assert outcome.errors == {}
        assert outcome.answered == server.requests
        if rate is not None:
            for name, share in outcome.by_request.items():
                assert share.requests == server.asked.count(REQUESTS[name])
            # Two that draw the same would send each request as often as the other does: all counts were even.
            assert any(share.requests % 2 for share in outcome.by_request.values())


def test_a_worker_that_is_killed_in_a_slice_is_a_failure_at_once(
    short_lived: CheckedGenerator, tmp_path: Path
) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        short_lived.set_targets(fox=target_of(server))
        family = short_lived.family()
        assert len(family) == 3
        killing = once(lambda: server.requests > 20, family[-1].kill)
        begin = time.monotonic()
        with pytest.raises(GeneratorFailed, match="the load generator died") as caught:
            short_lived.slice("fox", milliseconds=60_000)
        killing.join()
        assert time.monotonic() - begin < 50  # and not when the slice would have ended
    assert "one of the generator's workers has ended" in caught.value.remedy
    short_lived.stop()
    assert not left_of(family)


def test_a_worker_that_is_killed_between_slices_is_a_failure(short_lived: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        short_lived.set_targets(fox=target_of(server))
        family = short_lived.family()
        family[1].kill()
        with pytest.raises(GeneratorFailed, match="the load generator died"):
            short_lived.slice("fox", milliseconds=60_000)
    short_lived.stop()
    assert not left_of(family)


def test_workers_end_with_the_generator_where_that_is_killed(short_lived: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        short_lived.set_targets(fox=target_of(server))
        family = short_lived.family()
        killing = once(lambda: server.requests > 20, family[0].kill)
        with pytest.raises(GeneratorFailed, match="the load generator died"):
            short_lived.slice("fox", milliseconds=60_000, rate_per_s=1000)
        killing.join()
        assert not left_of(family)


def test_stopping_leaves_no_process(short_lived: CheckedGenerator) -> None:
    with ScriptedServer(always(answer()), REQUEST) as server:
        short_lived.set_targets(fox=target_of(server))
        short_lived.slice("fox")
        family = short_lived.family()
        short_lived.stop()
        assert not left_of(family)


def test_a_generator_that_is_stopped_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    generator = GeneratorProcess([0], tmp_path / "generator.log", processes=2)
    process = psutil.Process(generator._process.pid)
    until(lambda: bool(process.children()))
    family = [process, *process.children()]
    generator.stop()
    assert not left_of(family)


def left_of(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those of the processes that do not end."""
    _, alive = psutil.wait_procs(family, timeout=15)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def once(condition: Callable[[], bool], action: Callable[[], object]) -> threading.Thread:
    """Do something on a thread, as soon as a condition holds."""

    def act() -> None:
        until(condition)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.005)
