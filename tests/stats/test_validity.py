from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from bench.histogram import Histogram
from bench.results.model import Deployment, Failure, LaunchedDeployment, Slice
from bench.stats import closed_loop, validity
from bench.stats.summarise import summarise
from bench.stats.tally import Tally, tallies
from tests.stats.synthetic import COUNTED_NS, Part, measurements, tally, with_run, with_slices

UNQUEUED = Part("gunicorn", connections=4)  # one for each thread
STEADY = Part("gunicorn")

Change = Callable[[Slice], Slice]


def codes(measured: Tally) -> list[str]:
    return [reason.code for reason in validity.reasons(measured)]


def changed(**update: Any) -> Change:
    return lambda one: one.model_copy(update=update)


def around(milliseconds: float) -> str:
    return Histogram.of(np.full(200, milliseconds * 1e6)).encode()


def in_flight(connections: float) -> Change:
    return changed(duration_sum_ns=round(connections * COUNTED_NS))


def failed(code: Literal["start", "died", "worker"]) -> Tally:
    return tally(Part("gunicorn", failure=Failure(code=code, what="exit status 1")))


def test_a_steady_cell_is_valid() -> None:
    assert codes(tally()) == []


@pytest.mark.parametrize(("code", "reason"), [("start", "failed"), ("died", "died"), ("worker", "worker")])
def test_a_failure_of_the_deployment_is_a_reason(code: Any, reason: str) -> None:
    assert codes(failed(code)) == [reason]


def test_the_reason_of_a_failure_names_the_launches_and_says_what_happened() -> None:
    (reason,) = validity.reasons(failed("died"))
    assert reason.what == "a server process died in launch 0, 1, 2, 3: exit status 1"
    assert reason.remedy


@pytest.mark.parametrize(("code", "requests"), [("start", False), ("died", False), ("worker", True)])
def test_only_a_replaced_worker_leaves_a_number(code: Any, requests: bool) -> None:
    assert bool(failed(code).requests) is requests


def test_an_answer_that_was_not_accepted_makes_its_cell_alone_invalid() -> None:
    parts = [Part("gunicorn", request="GET /a"), Part("gunicorn", request="GET /b")]
    made = measurements(parts)
    second = made.launches[1].model_copy(update={"rejected": {parts[0].cell_id: "status 500, not 200"}})
    made = made.model_copy(update={"launches": (made.launches[0], second, *made.launches[2:])})
    first, other = tallies(made)
    assert (codes(first), first.requests) == (["answers-differ"], 0)
    assert "launch 1: status 500, not 200" in validity.reasons(first)[0].what
    assert codes(other) == []


@pytest.mark.parametrize(("errors", "expected"), [(1, []), (2, ["errors"])])
def test_errors_above_one_in_a_thousand_make_a_cell_invalid(errors: int, expected: list[str]) -> None:
    assert codes(tally(change=changed(errors={"reset": errors}, answered=999))) == expected


def test_instant_errors_alone_are_no_goodput() -> None:
    only_errors = changed(
        requests=0,
        answered=0,
        errors={"status 500": 500},
        duration_sum_ns=0,
        histogram=Histogram().encode(),
        per_connection=(0,) * 16,
    )
    assert codes(tally(change=only_errors)) == ["no-requests", "errors"]
    assert "100 %" in validity.reasons(tally(change=only_errors))[1].what


@pytest.mark.parametrize(
    ("errors", "remedy"),
    [
        ({"body": 60, "status 429": 40}, "expect: {body: any}"),
        ({"length": 100}, "expect: {body: any}"),
        ({"status 429": 60, "body": 40}, "limits how often it may be asked"),
        ({"status 500": 100}, "mend the app"),
    ],
)
def test_what_to_do_about_errors_is_what_helps_against_most_of_them(
    errors: dict[str, int], remedy: str
) -> None:
    (reason,) = validity.reasons(tally(change=changed(errors=errors, answered=900)))
    assert remedy in reason.remedy
    assert all(f" {kind}" in reason.what for kind in errors)


@pytest.mark.parametrize(("busy", "expected"), [(0.89, []), (0.91, ["generator-bound"])])
def test_a_generator_busy_above_nine_tenths_is_the_limit(busy: float, expected: list[str]) -> None:
    change = changed(generator_wall_ns=COUNTED_NS, generator_busy_ns=round(busy * COUNTED_NS))
    assert codes(tally(change=change)) == expected


def near_ceiling(ceiling_per_s: float | None, part: Part = STEADY) -> Tally:
    made = with_run(measurements([part], noise=0.0, launch_noise=0.0), ceiling_per_s=ceiling_per_s)
    (only,) = tallies(made)
    return only


@pytest.mark.parametrize(("room", "expected"), [(1.4, ["generator-bound"]), (1.7, [])])
def test_a_goodput_near_the_generators_ceiling_is_perhaps_the_generators(
    room: float, expected: list[str]
) -> None:
    goodput = near_ceiling(None).requests / (40 * COUNTED_NS / 1e9)
    measured = near_ceiling(room * goodput)
    assert codes(measured) == expected
    assert all(f"{goodput:,.0f} answers a second" in reason.what for reason in validity.reasons(measured))


@pytest.mark.parametrize(
    ("ceiling_per_s", "part"),
    [
        (None, STEADY),
        (1.0, Part("gunicorn", rate=500.0)),
        (1.0, Part("gunicorn", request="flows.py", locustfile="flows.py")),
    ],
)
def test_where_no_ceiling_is_known_or_it_is_another_loads_the_rule_is_silent(
    ceiling_per_s: float | None, part: Part
) -> None:
    assert codes(near_ceiling(ceiling_per_s, part)) == []


def _of_processes(
    one: Deployment | LaunchedDeployment, processes: int | None
) -> Deployment | LaunchedDeployment:
    """The same of one part that is so many processes."""
    (part,) = one.parts
    return one.model_copy(update={"parts": (part.model_copy(update={"processes": processes}),)})


def with_processes(expected: int | None, there: int | None) -> Tally:
    """A cell whose second launch had so many processes, where the others had what was expected."""
    made = measurements([STEADY])
    (deployment,) = made.run.deployments
    made = with_run(made, deployments=(_of_processes(deployment, expected),))
    launches = tuple(
        launch.model_copy(
            update={
                "deployments": tuple(
                    _of_processes(one, there if launch.number == 1 else expected)
                    for one in launch.deployments
                )
            }
        )
        for launch in made.launches
    )
    (only,) = tallies(made.model_copy(update={"launches": launches}))
    return only


@pytest.mark.parametrize(
    ("expected", "there", "found"),
    [
        (3, 3, []),
        (3, 2, ["processes"]),
        (3, 4, ["processes"]),
        (3, None, []),
        (None, 7, []),
    ],
)
def test_a_server_must_be_as_many_processes_as_configured_where_that_is_known(
    expected: int | None, there: int | None, found: list[str]
) -> None:
    assert codes(with_processes(expected, there)) == found


def test_the_reason_of_too_few_processes_names_the_launch_and_both_numbers() -> None:
    (reason,) = validity.reasons(with_processes(3, 1))
    assert reason.what == "it was 1 process in launch 1, where the configuration makes 3"
    assert "`processes:`" in reason.remedy


@pytest.mark.parametrize(
    ("connections", "kept", "expected"),
    [
        (16, True, []),
        (14.6, True, []),
        (14, True, ["littles-law"]),
        (18, True, ["littles-law"]),
        (14, False, []),
        (11, False, ["littles-law"]),
    ],
)
def test_littles_law_must_hold_and_more_loosely_where_connections_are_closed(
    connections: float, kept: bool, expected: list[str]
) -> None:
    part = Part("flask", kept=kept, promised=kept)
    assert codes(tally(part, in_flight(connections))) == expected


@pytest.mark.parametrize(("milliseconds", "short"), [(5.1, True), (4.9, False)])
def test_where_slices_are_short_for_the_answers_littles_law_says_to_measure_longer(
    milliseconds: float, short: bool
) -> None:
    measured = tally(change=changed(duration_sum_ns=COUNTED_NS, histogram=around(milliseconds)))
    (reason,) = (one for one in validity.reasons(measured) if one.code == "littles-law")
    assert ("measure longer (`for`): slices of 100 ms" in reason.remedy) is short
    assert "refused connections" in reason.remedy


@pytest.mark.parametrize(
    ("connections", "longest_ns", "told"),
    [
        (16.2, 2 * COUNTED_NS, None),
        (17.6, COUNTED_NS // 2, None),
        (16.8, 2 * COUNTED_NS, pytest.approx(0.05)),
        (14.8, 2 * COUNTED_NS, None),
    ],
)
def test_answers_that_outlast_a_slice_say_by_how_much_goodput_is_too_high(
    connections: float, longest_ns: int, told: float | None
) -> None:
    change = changed(duration_sum_ns=round(connections * COUNTED_NS), longest_ns=longest_ns)
    assert closed_loop.outlasted_by(tally(change=change)) == told
    warnings = summarise(with_slices(measurements([Part("gunicorn")]), change)).warnings
    assert any("its goodput is about 5 % too high" in one for one in warnings) is (told is not None)


def test_where_answers_outlast_a_slice_littles_law_says_to_use_longer_ones() -> None:
    measured = tally(change=changed(duration_sum_ns=20 * COUNTED_NS, longest_ns=10 * COUNTED_NS))
    (reason,) = validity.reasons(measured)
    assert reason.code == "littles-law"
    assert "took up to 1 s, longer than the slices of 100 ms" in reason.remedy


@pytest.mark.parametrize(("connections", "expected"), [(16, []), (1, ["littles-law", "both-idle"])])
def test_both_idle_is_a_reason_only_where_littles_law_fails_too(
    connections: float, expected: list[str]
) -> None:
    def idle(one: Slice) -> Slice:
        return in_flight(connections)(one.model_copy(update={"server_cpu_ns": 10, "generator_busy_ns": 10}))

    measured = tally(change=idle)
    assert codes(measured) == expected
    assert closed_loop.waits(measured)


def test_idleness_is_not_claimed_where_the_servers_cpu_time_is_unknown() -> None:
    assert not closed_loop.waits(tally(change=changed(server_cpu_ns=None, generator_busy_ns=10)))


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(41, ["stall-40ms"]), (48, ["stall-40ms"]), (36, []), (51, [])]
)
def test_all_answers_at_40_ms_are_a_stall(milliseconds: float, expected: list[str]) -> None:
    assert codes(tally(UNQUEUED, changed(histogram=around(milliseconds)))) == expected


def test_answers_that_may_have_queued_for_a_thread_take_40_ms_honestly() -> None:
    queued = tally(change=changed(histogram=around(41)))
    assert closed_loop.may_queue(queued)
    assert codes(queued) == []
    assert validity.takes_40_ms(queued)


def test_a_stall_whose_timer_fires_late_is_a_stall() -> None:
    late = Histogram.of(np.linspace(41.3e6, 55.5e6, 300)).encode()
    assert codes(tally(UNQUEUED, changed(histogram=late))) == ["stall-40ms"]


def test_a_stall_from_which_the_first_answers_are_spared_is_a_stall() -> None:
    spared = Histogram.of(np.r_[np.full(60, 2e6), np.full(240, 44e6)]).encode()
    assert codes(tally(UNQUEUED, changed(histogram=spared))) == ["stall-40ms"]


def test_answers_spread_widely_from_40_ms_on_are_no_stall() -> None:
    spread = Histogram.of(np.linspace(41e6, 90e6, 300)).encode()
    assert codes(tally(UNQUEUED, changed(histogram=spread))) == []


def test_a_server_without_a_free_moment_may_take_40_ms() -> None:
    busy = changed(histogram=around(41), server_cpu_ns=COUNTED_NS, generator_wall_ns=COUNTED_NS)
    assert codes(tally(UNQUEUED, busy)) == []


def test_some_answers_at_40_ms_are_no_stall() -> None:
    mixed = Histogram.of(np.r_[np.full(500, 41e6), np.full(500, 5e6), np.full(20, 90e6)]).encode()
    assert codes(tally(UNQUEUED, changed(histogram=mixed))) == []


@pytest.mark.parametrize(("promised", "kept"), [(True, False), (False, True)])
def test_connections_treated_against_the_promise_make_a_cell_invalid(promised: bool, kept: bool) -> None:
    assert codes(tally(Part("gunicorn", promised=promised, kept=kept))) == ["keep-alive"]


def test_one_launch_that_broke_the_promise_is_enough() -> None:
    made = measurements([Part("gunicorn")])
    launched = made.launches[2].deployments[0].model_copy(update={"keeps_alive": False})
    third = made.launches[2].model_copy(update={"deployments": (launched,)})
    (measured,) = tallies(made.model_copy(update={"launches": (*made.launches[:2], third, made.launches[3])}))
    assert codes(measured) == ["keep-alive"]
    assert not measured.keeps_alive


@pytest.mark.parametrize("kept", [True, False])
def test_who_promised_nothing_may_keep_connections_or_not(kept: bool) -> None:
    assert codes(tally(Part("command", promised=None, kept=kept))) == []


def test_who_promised_nothing_must_do_the_same_in_every_launch() -> None:
    made = measurements([Part("command", promised=None)])
    launched = made.launches[2].deployments[0].model_copy(update={"keeps_alive": False})
    third = made.launches[2].model_copy(update={"deployments": (launched,)})
    (measured,) = tallies(made.model_copy(update={"launches": (*made.launches[:2], third, made.launches[3])}))
    assert codes(measured) == ["keep-alive"]


def test_a_launch_that_did_not_tell_breaks_no_promise() -> None:
    made = measurements([Part("gunicorn")])
    unknown = tuple(
        launch.model_copy(
            update={"deployments": (launch.deployments[0].model_copy(update={"keeps_alive": None}),)}
        )
        for launch in made.launches
    )
    (measured,) = tallies(made.model_copy(update={"launches": unknown}))
    assert codes(measured) == []
    assert measured.keeps_alive


@pytest.mark.parametrize(
    ("per_connection", "expected"),
    [
        ((10, 10, 10, 10), []),
        ((20, 20, 20, 1), ["starved"]),
        ((20, 20, 20, 0), ["starved"]),
        ((30, 10, 10, 10), []),
        ((150, 10, 10, 10), []),
        ((1, 0, 0, 0), []),
    ],
)
def test_starving_connections_make_a_cell_invalid_once_there_are_enough_responses(
    per_connection: tuple[int, ...], expected: list[str]
) -> None:
    assert codes(tally(change=changed(per_connection=per_connection))) == expected


@pytest.mark.parametrize(
    ("per_connection", "expected"),
    [((10, 10, 10, 10), None), ((12, 10, 10, 8), None), ((30, 10, 10, 10), 0.75), ((20, 20, 20, 0), None)],
)
def test_unevenly_served_connections_are_told_with_their_index_where_none_starved(
    per_connection: tuple[int, ...], expected: float | None
) -> None:
    assert closed_loop.unevenness(tally(change=changed(per_connection=per_connection))) == expected


def test_turns_that_even_out_over_a_launch_are_fair() -> None:
    made = measurements([Part("gunicorn")], blocks=4)
    shares = iter([(40, 0), (0, 40)] * 8)
    (measured,) = tallies(
        with_slices(made, lambda one: one.model_copy(update={"per_connection": next(shares)}))
    )
    assert codes(measured) == []


@pytest.mark.parametrize(("own", "remedy"), [(True, "`generators`"), (False, "a core of its own")])
def test_a_busy_generator_is_given_what_it_does_not_have_yet(own: bool, remedy: str) -> None:
    busy = tally(change=lambda one: one.model_copy(update={"generator_busy_ns": one.generator_wall_ns}))
    reason = validity.generator_bound(replace(busy, has_own_cores=own))
    assert reason is not None
    assert remedy in reason.remedy
    assert busy.has_own_cores
