"""What an app may count on under every server with equal settings, whatever stands in front of it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from bench.conductor.deployments.deployment import RunningDeployment
from bench.conductor.deployments.exchange import ask, request_bytes
from bench.conductor.launch import LaunchInProgress
from bench.scenario.model import Request
from tests.conductor.launching import launched

pytestmark = pytest.mark.integration

ONE = {"processes": 1, "threads": 1}
ALONE = (
    "gunicorn", "gunicorn-sync", "gunicorn-gevent", "uwsgi", "uwsgi-http", "uwsgi-http11", "waitress",
    "apache", "apache-embedded", "granian", "cheroot", "bjoern",
)  # fmt: skip
TOLD = {  # those that know by which protocol the client came
    f"{server}-{over}": {server: {**ONE, "name": f"{server}-{over}", "tls": True,
                                  "behind": {"proxy": "nginx", "over": over}}}
    for server, over in [
        ("gunicorn", "unix"), ("gunicorn", "tcp"), ("waitress", "unix"), ("waitress", "tcp"),
        ("apache", "tcp"), ("apache-embedded", "tcp"), ("uwsgi", "unix"), ("uwsgi-http", "unix"),
    ]
}  # fmt: skip
FOUR = "waitress-behind-nginx-4"


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchInProgress]:
    """The demanding app under every server, alone and behind nginx, all at once."""
    servers: list[Any] = [{server: ONE} for server in ALONE]
    servers += [*TOLD.values(), {"waitress": {**ONE, "behind": {"proxy": "nginx", "backends": 4}}}]
    with launched(
        tmp_path_factory.mktemp("launch"),
        app="tests.fixtures.demanding:app",
        servers=servers,
        load={"connections": 2},
    ) as (launch, watcher):
        assert watcher.failures == {}
        yield launch


alone_and_behind = pytest.mark.parametrize("deployment", [*ALONE, *TOLD, FOUR], indirect=True)


def answer_of(deployment: RunningDeployment, request: Request) -> str:
    answer = ask(request_bytes(request, deployment.port), request.method, deployment.endpoint, 20.0)
    assert answer.status == 200
    return answer.body.decode()


@alone_and_behind
def test_headers_may_have_eight_thousand_bytes(deployment: RunningDeployment) -> None:
    assert answer_of(deployment, Request(path="/header", headers={"X-Long": "x" * 7_500})) == "7500"


@alone_and_behind
@pytest.mark.parametrize("length", [4_000, 60_000, 65_500, 100_000, 3_000_000])
def test_a_body_may_be_large(deployment: RunningDeployment, length: int) -> None:
    assert answer_of(deployment, Request(method="POST", path="/body", body="x" * length)) == str(length)


@alone_and_behind
def test_a_thread_that_the_app_has_started_runs_where_requests_are_answered(
    deployment: RunningDeployment,
) -> None:
    assert answer_of(deployment, Request(path="/thread")) == "done"


@pytest.mark.parametrize("deployment", TOLD, indirect=True)
def test_behind_a_proxy_that_ends_tls_the_app_knows_that_the_client_speaks_it(
    deployment: RunningDeployment,
) -> None:
    assert answer_of(deployment, Request(path="/scheme")) == "https"


@pytest.mark.parametrize("deployment", [one for one in TOLD if one != "uwsgi-unix"], indirect=True)
def test_the_headers_of_a_proxy_reach_the_app_that_reads_them_itself(deployment: RunningDeployment) -> None:
    assert answer_of(deployment, Request(path="/client")) == "127.0.0.1"


@pytest.mark.parametrize("deployment", [FOUR], indirect=True)
def test_backends_get_equally_many_requests(deployment: RunningDeployment) -> None:
    asked = Counter(answer_of(deployment, Request(path="/process")) for _ in range(40))
    assert list(asked.values()) == [10] * 4
