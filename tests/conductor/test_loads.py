"""Loads of every kind in one run: what is ordered for each, and what is kept of it."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.histogram import Histogram
from bench.plan import draw_seed
from bench.results.model import Measurements, Slice
from tests.cli.bench_process import assert_told_once, bench, scenario, stored

pytestmark = pytest.mark.integration

GOOD = "tests.fixtures.good:app"
USERS = """
from locust import FastHttpUser, constant, task

class Visitor(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def look(self):
        self.client.get("/")
"""
MIX = {
    "name": "shop",
    "mix": [
        {"path": "/a", "weight": 3, "expect": {"body": {"contains": "good"}}},
        {"method": "POST", "path": "/b", "json": {"a": 1}, "cookies": {"session": "x"}},
        {"path": "/c", "expect": {"headers": {"Content-Type": "text/plain"}, "body": {"equal": "good\n"}}},
    ],
}
LOADS = [
    {"connections": 4},
    {"rate": "400/s"},
    {"rate": "400/s", "arrivals": "poisson", "connections": 32},
    {"locustfile": "users.py", "users": 3},
]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    """A run of an app and a floor with two requests, one of them a mix, and four loads."""
    folder = tmp_path_factory.mktemp("loads")
    (folder / "users.py").write_text(USERS)
    measure = {"for": "1s", "launches": 1, "slice": "100ms", "seed": 7}
    path = scenario(folder, app=GOOD, floor=GOOD, requests=["/", MIX], load=LOADS, measure=measure)
    ended = bench("run", path.name, cwd=folder)
    assert_told_once(ended)
    assert ended.exit_code in (0, 3), ended.stderr
    return stored(folder)


def slices_of(measured: Measurements, cell: str) -> list[Slice]:
    found = [one for block in measured.blocks for one in block.slices if one.cell == cell]
    assert len(found) == len(measured.blocks) >= 3
    return found


def test_every_request_meets_every_load_and_a_locustfile_meets_the_app(measured: Measurements) -> None:
    asked = {
        f"{deployment} {request} {load}"
        for deployment in ("waitress", "waitress/floor")
        for request in ("GET /", "shop")
        for load in ("x4", "@400/s", "@400/s poisson")
    }
    assert {cell.id for cell in measured.run.cells} == asked | {"waitress users.py x3"}
    assert measured.launches[0].rejected == {}


@pytest.mark.parametrize("request_", ["GET /", "shop"])
def test_in_an_open_loop_what_is_due_is_counted_by_the_clock(measured: Measurements, request_: str) -> None:
    for one in slices_of(measured, f"waitress {request_} @400/s"):
        assert one.arrivals is not None
        assert 39 <= one.arrivals.due <= 41
        assert one.requests + one.arrivals.unsent + sum(one.errors.values()) >= one.arrivals.due


def test_poisson_arrivals_are_not_evenly_spaced(measured: Measurements) -> None:
    slices = slices_of(measured, "waitress GET / @400/s poisson")
    due = [one.arrivals.due for one in slices if one.arrivals]
    assert len(due) == len(slices)
    assert not set(due) <= {39, 40, 41}


def test_the_requests_of_a_mix_are_told_apart_and_sent_by_weight(measured: Measurements) -> None:
    slices = slices_of(measured, "waitress shop x4")
    sent = {
        name: sum(one.by_request[name].requests for one in slices) for name in ("GET /a", "POST /b", "GET /c")
    }
    assert sum(sent.values()) == sum(one.requests for one in slices)
    assert sent["GET /a"] > sent["POST /b"] + sent["GET /c"] > 0
    for one in slices:
        shares = [Histogram.decode(share.histogram) for share in one.by_request.values()]
        assert sum(shares, Histogram()) == Histogram.decode(one.histogram)


def test_the_users_of_a_locustfile_are_measured_between_the_others(measured: Measurements) -> None:
    for one in slices_of(measured, "waitress users.py x3"):
        assert one.requests > 0
        assert one.errors == {}
        assert one.server_cpu_ns
        assert one.by_request.keys() == {"GET /"}


def test_the_draws_can_be_made_again_from_the_seed(measured: Measurements) -> None:
    assert measured.run.seed == 7
    seeds = {draw_seed(cell, measured.run.seed, 1) for cell in measured.run.cells}
    assert len(seeds) == 7  # a request and a load each, and the locustfile's


WRONGLY_EXPECTED: dict[str, tuple[dict[str, object], str]] = {
    "text": ({"body": {"contains": "bad"}}, "the body does not contain"),
    "json": ({"body": {"json": {"$.a": 1}}}, "the body is not JSON"),
    "header": ({"headers": {"ETag": "x"}}, "there is no header etag"),
    "status": ({"status": 201}, "where that is right, write `expect: {status: 200}`"),
}


def test_an_answer_that_is_not_as_expected_is_not_measured(tmp_path: Path) -> None:
    mixes = [
        {"name": name, "mix": ["/", {"path": "/x", "expect": part}]}
        for name, (part, _) in WRONGLY_EXPECTED.items()
    ]
    path = scenario(tmp_path, app=GOOD, requests=["/", *mixes])
    ended = bench("run", path.name, cwd=tmp_path)
    assert_told_once(ended)
    told = ended.stderr.splitlines()
    for name, (_, said) in WRONGLY_EXPECTED.items():
        (line,) = [one for one in told if f"waitress {name} x4 is not measured: answers " in one]
        assert said in line
    measured = stored(tmp_path)
    assert measured.launches[0].rejected.keys() == {f"waitress {name} x4" for name in WRONGLY_EXPECTED}
    assert {one.cell for block in measured.blocks for one in block.slices} == {"waitress GET / x4"}


def limited_to(count: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_too_few_file_descriptors_are_told_with_the_number_needed_before_anything_starts(
    tmp_path: Path,
) -> None:
    path = scenario(tmp_path, app=GOOD, load=[{"connections": 4}, {"rate": "100/s", "connections": 100}])
    ended = bench("run", path.name, cwd=tmp_path, preexec_fn=limited_to(64))
    assert_told_once(ended)
    assert ended.exit_code == 2
    assert "272 file descriptors, and 64 are allowed" in ended.stderr
    assert "ulimit -n 272" in ended.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"shop.yaml"}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    """More connections than files were allowed to be open, from several processes."""
    folder = tmp_path_factory.mktemp("crowded")
    measure = {"for": "1s", "launches": 1, "slice": "100ms", "generators": 2}
    loads = [{"connections": 150}, {"rate": "300/s", "connections": 6}]
    path = scenario(folder, app=GOOD, load=loads, measure=measure)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ended = bench(
        "run", path.name, cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard)),
    )  # fmt: skip
    assert_told_once(ended)
    assert ended.exit_code in (0, 3), ended.stderr
    return stored(folder)


def test_a_soft_limit_that_is_too_low_is_raised_for_the_run(crowded: Measurements) -> None:
    for one in slices_of(crowded, "waitress GET / x150"):
        assert one.requests > 0
        assert one.errors == {}


def test_load_can_come_from_several_processes(crowded: Measurements) -> None:
    for one in slices_of(crowded, "waitress GET / x150"):
        assert len(one.per_connection) == 150
        assert sum(one.per_connection) == one.requests
    for one in slices_of(crowded, "waitress GET / @300/s"):
        assert one.arrivals is not None
        assert 29 <= one.arrivals.due <= 31


def test_a_locustfile_that_cannot_be_used_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("from locust import HttpUser\n\nclass Visitor(HttpUsr): ...\n")
    path = scenario(tmp_path, app=GOOD, load={"locustfile": "users.py"})
    ended = bench("run", path.name, cwd=tmp_path)
    assert_told_once(ended)
    assert ended.exit_code == 2
    assert "line 3: NameError" in ended.stderr


def test_users_of_a_locustfile_who_would_meet_a_certificate_of_the_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text(USERS)
    servers = ["waitress", {"gunicorn": {"tls": True}}]
    path = scenario(tmp_path, app=GOOD, servers=servers, load={"locustfile": "users.py"})
    ended = bench("run", path.name, cwd=tmp_path)
    assert_told_once(ended)
    assert ended.exit_code == 2
    assert "gunicorn-tls speaks TLS" in ended.stderr


def test_without_a_load_for_it_the_floor_is_not_even_started(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text(USERS)
    measure = {"for": "1s", "launches": 1, "slice": "300ms"}
    load = {"locustfile": "users.py", "users": 2}
    path = scenario(tmp_path, app=GOOD, floor=GOOD, load=load, measure=measure)
    assert_told_once(bench("run", path.name, cwd=tmp_path))
    assert [deployment.id for deployment in stored(tmp_path).run.deployments] == ["waitress"]
