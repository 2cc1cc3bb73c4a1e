import os
import signal

import pytest

from bench.conductor.processes.interruption import Interruption

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def send(number: signal.Signals) -> None:
    """Python calls the handler of a signal to itself before this returns."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_raises_and_the_next_one_hurries(number: signal.Signals) -> None:
    with Interruption() as interruption:
        with pytest.raises(KeyboardInterrupt):
            send(number)
        assert interruption.came
        assert not interruption.hurried
        send(number)
        assert interruption.hurried


def test_what_is_held_is_done_whole_and_the_signal_raises_afterwards() -> None:
    done: list[str] = []

    def hold() -> None:
        with interruption.held():
            send(signal.SIGINT)
            done.append("whole")

    with Interruption() as interruption:
        with pytest.raises(KeyboardInterrupt):
            hold()
        assert done == ["whole"]
        assert not interruption.hurried


def test_a_signal_that_came_while_something_held_failed_is_not_lost() -> None:
    def hold() -> None:
        with interruption.held():
            send(signal.SIGINT)
            raise ValueError

    with Interruption() as interruption, pytest.raises(KeyboardInterrupt):
        hold()


def test_holding_raises_nothing_by_itself() -> None:
    with Interruption() as interruption:
        with interruption.held():
            pass
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_behind_the_shield_a_signal_only_hurries() -> None:
    with Interruption() as interruption:
        interruption.shield()
        send(signal.SIGTERM)
        assert interruption.came
        assert interruption.hurried


def test_what_runs_under_nohup_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            send(signal.SIGHUP)
            assert not interruption.came
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_signals_are_handled_as_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interruption():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
