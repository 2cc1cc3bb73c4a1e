from dataclasses import replace

import pytest

from bench.results.model import LoadLevel
from bench.stats.split import range_sentence, sentence, splits
from bench.stats.summarise import summarise
from bench.stats.summary import CellSummary, Interval, Reason
from tests.stats.synthetic import Part, measurements


def cells(app_us: float = 164, floor_us: float = 61) -> tuple[CellSummary, CellSummary]:
    made = measurements([Part("gunicorn"), Part("gunicorn", app="floor")])
    app, floor = summarise(made).cells
    return (
        replace(app, goodput=interval(1500), cpu_us_per_request=interval(app_us)),
        replace(floor, goodput=interval(6000), cpu_us_per_request=interval(floor_us)),
    )


def interval(value: float) -> Interval:
    return Interval(value, value * 0.98, value * 1.02)


def test_the_cost_of_a_request_is_split_into_server_and_framework() -> None:
    (split,) = splits(cells())
    assert (split.deployment, split.request, split.load) == ("gunicorn-app", "GET /json", Part("").load)
    assert (split.server_us, split.framework_us) == (61, 103)
    assert split.gain_at_most == pytest.approx(164 / 103)
    assert split.goodput_share_server == pytest.approx(0.25)


def test_the_sentence_says_what_the_server_takes_and_what_changing_it_gains_at_most() -> None:
    (split,) = splits(cells())
    assert sentence(split, "gunicorn") == (
        "Under gunicorn the server takes 37 % of a request's CPU time (61 of 164 us; 25 % by throughput): "
        "on the same cores no change of server can make this app more than 1.59 times as fast."
    )


@pytest.mark.parametrize("app_us", [62, 61, 50])
def test_an_app_within_the_noise_of_its_floor_has_no_bound(app_us: float) -> None:
    (split,) = splits(cells(app_us=app_us))
    assert split.gain_at_most is None
    assert split.framework_us >= 0
    assert "too close to say" in sentence(split, "gunicorn")


def test_a_floor_slower_than_its_app_is_all_of_the_time_and_no_more() -> None:
    app, floor = cells()
    (split,) = splits([replace(app, goodput=interval(7000)), floor])
    assert split.goodput_share_server == 1


def test_without_a_floor_for_the_same_work_there_is_no_split() -> None:
    app, floor = cells()
    elsewhere = replace(floor, deployment=floor.deployment.model_copy(update={"name": "waitress"}))
    other_request = replace(floor, cell=floor.cell.model_copy(update={"request": "GET /"}))
    other_load = replace(floor, cell=floor.cell.model_copy(update={"load": Part("", connections=1).load}))
    assert splits([app, elsewhere, other_request, other_load]) == ()


def test_what_cannot_be_trusted_is_not_split() -> None:
    app, floor = cells()
    reason = Reason("errors", "errors", "mend")
    assert splits([replace(app, reasons=(reason,)), floor]) == ()
    assert splits([app, replace(floor, reasons=(reason,))]) == ()


def test_without_cpu_time_there_is_no_split() -> None:
    app, floor = cells()
    assert splits([app, replace(floor, cpu_us_per_request=None)]) == ()


def at(cell: CellSummary, load: LoadLevel) -> CellSummary:
    return replace(cell, cell=cell.cell.model_copy(update={"load": load}))


def test_at_a_fixed_rate_the_cost_is_split_by_cpu_time_and_goodput_says_nothing() -> None:
    app, floor = cells()
    load = LoadLevel(connections=128, rate_per_s=500)
    (split,) = splits([at(app, load), at(floor, load)])
    assert split.goodput_share_server is None
    assert split.gain_at_most == pytest.approx(164 / 103)
    assert sentence(split, "gunicorn") == (
        "Under gunicorn the server takes 37 % of a request's CPU time (61 of 164 us): "
        "on the same cores no change of server can let this app bear more than 1.59 times the load."
    )


def test_users_of_a_locustfile_set_their_own_pace_so_goodput_says_nothing() -> None:
    load = LoadLevel(connections=8, locustfile="flows.py")
    (split,) = splits([at(cell, load) for cell in cells()])
    assert split.goodput_share_server is None
    assert "by throughput" not in sentence(split, "gunicorn")


def test_many_splits_are_told_by_their_ends_and_by_the_most_there_is_to_gain() -> None:
    (heavy,), (light,) = splits(cells()), splits(cells(app_us=200, floor_us=20))
    light = replace(light, deployment="uwsgi-app")
    names = {"gunicorn-app": "gunicorn", "uwsgi-app": "uwsgi"}
    assert range_sentence([heavy, light], names) == (
        "The server takes between 10 % (uwsgi) and 37 % (gunicorn) of a request's CPU time: on the same "
        "cores no change of server, not even from gunicorn, can make this app more than 1.59 times as fast."
    )
    unknown = [replace(split, gain_at_most=None) for split in (heavy, light)]
    assert range_sentence(unknown, names).endswith("CPU time; what another server could gain cannot be told.")
