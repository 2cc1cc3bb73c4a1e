import pytest

from bench.conductor.single_load.load_verdict import notes, reasons
from bench.conductor.single_load.single_load import SingleLoad
from bench.results.model import LoadLevel
from tests.conductor.single_loads import CLOSED, OPEN, arrivals_of, single_load


def codes(load: SingleLoad) -> list[str]:
    return [reason.code for reason in reasons(load)]


@pytest.mark.parametrize("level", [CLOSED, OPEN])
def test_where_nothing_is_wrong_nothing_is_said(level: LoadLevel) -> None:
    load = single_load(level)
    assert codes(load) == []
    assert list(notes(load)) == []


def test_errors_speak_against_it_above_one_in_a_thousand() -> None:
    assert codes(single_load(errors={"timeout": 1})) == []
    assert codes(single_load(errors={"timeout": 2})) == ["errors"]


@pytest.mark.parametrize(
    ("errors", "remedy"),
    [
        ({"body": 50, "status 500": 3}, "--expect-body any"),
        ({"length": 50}, "--expect-body any"),
        ({"status 500": 50, "body": 3}, "--expect-status"),
        ({"out of ports": 50}, "no ports left"),
        ({"timeout": 50}, "log"),
    ],
)
def test_the_remedy_is_that_for_most_of_the_errors(errors: dict[str, int], remedy: str) -> None:
    (reason,) = reasons(single_load(errors=errors))
    assert remedy in reason.remedy
    assert all(f"{count} {kind}" in reason.what for kind, count in errors.items())


def test_a_busy_generator_measures_itself() -> None:
    assert codes(single_load(busy=0.90)) == []
    (reason,) = reasons(single_load(busy=0.95))
    assert reason.code == "generator-bound"
    assert "the generator's" in reason.remedy


def test_without_an_answer_there_is_no_number() -> None:
    assert codes(single_load(durations_ns=[], errors={"timeout": 8})) == ["no-requests", "errors"]


def test_requests_that_were_never_sent_mean_overload() -> None:
    load = single_load(OPEN, arrivals=arrivals_of(5000, waited=500, unsent=400))
    assert codes(load) == ["overloaded"]


def test_a_generator_that_sends_late_is_told() -> None:
    assert codes(single_load(OPEN, arrivals=arrivals_of(5000, late_ns=2_000_000))) == ["sent-late"]


def test_waiting_for_a_connection_is_worth_a_note_when_it_is_common() -> None:
    assert list(notes(single_load(OPEN, arrivals=arrivals_of(5000, waited=50)))) == []
    (note,) = notes(single_load(OPEN, arrivals=arrivals_of(5000, waited=51)))
    assert note.startswith("51 of 5,000 requests waited")
    assert "--connections" in note


def test_what_decides_in_a_run_but_not_here_is_a_note() -> None:
    load = single_load(durations_ns=[41_000_000] * 976)
    assert codes(load) == []
    assert any("delayed-ACK" in note for note in notes(load))


def test_a_target_that_closes_its_connections_is_noted() -> None:
    assert any("closes its connections" in note for note in notes(single_load(opened=1700)))


def test_more_processes_than_cores_are_noted() -> None:
    assert list(notes(single_load(processes=3))) == ["3 generator processes shared 1 core"]


def test_a_wrong_answer_before_the_load_is_noted() -> None:
    load = single_load(errors={"status": 100}, wrong_at_first="the status is 500, not 200")
    assert any("the status is 500, not 200" in note for note in notes(load))
