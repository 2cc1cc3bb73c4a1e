import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from werkzeug.test import Client, TestResponse

from bench.conductor.answers import expected_of
from bench.conductor.deployments.blueprints import Choice, blueprint_of, lacking
from bench.conductor.deployments.source import Source
from bench.conductor.environments.python_environment import OURS
from bench.conductor.machine import describe_machine
from bench.load.expectations import mismatch
from bench.scenario.model import Request, Scenario
from bench.scenario.reading import load_scenario
from bench.servers import BUILT_IN, server_names

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(scope="module", autouse=True)
def _set_up() -> None:
    """Run what each scenario says must be run before."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for file in FILES:
        scenario = load(file)
        for command in scenario.setup:
            directory = file.parent / scenario.directory
            subprocess.run(command, cwd=directory, env={**os.environ, "PATH": path}, check=True)


def load(file: Path) -> Scenario:
    return Scenario.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")))


def application(reference: str) -> Any:
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


def answer(reference: str, request: Request) -> TestResponse:
    body = {"data": request.body} if request.json_body is None else {"json": request.json_body}
    client = Client(application(reference))
    for name, value in request.cookies.items():
        client.set_cookie(name, value)
    return client.open(request.path, method=request.method, headers=request.headers, buffered=True, **body)


def test_there_is_a_quickstart_beside_others() -> None:
    assert FOLDER / "quickstart.yaml" in FILES
    assert len(FILES) > 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_is_valid_and_says_which_question_it_answers(file: Path) -> None:
    load(file)
    first, second = file.read_text(encoding="utf-8").splitlines()[:2]
    assert first == "# yaml-language-server: $schema=scenario.schema.json"
    assert second.startswith("# ")
    assert second.endswith("?")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_request_of_a_scenario_is_answered_as_expected(file: Path) -> None:
    scenario = load(file)
    for request in (part for one in scenario.requests for part in one.parts):
        given = answer(scenario.app, request)
        assert wrong_with(given, request) is None
        if scenario.floor is not None:
            assert answer(scenario.floor, request).data == given.data
            assert wrong_with(answer(scenario.floor, request), request) is None


def wrong_with(given: TestResponse, request: Request) -> tuple[str, str] | None:
    fields = [(name.encode(), value.encode()) for name, value in given.headers]
    return mismatch(expected_of(request.expect), given.status_code, fields, given.data)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_locustfile_of_a_scenario_is_there_and_asks_what_the_app_answers(file: Path) -> None:
    scenario = load(file)
    client = Client(application(scenario.app))
    for locustfile in (one.locustfile for one in scenario.load if one.locustfile is not None):
        text = (file.parent / locustfile).read_text(encoding="utf-8")
        asked = re.findall(r'client\.get\("([^"]+)"', text)
        assert asked
        assert [client.get(path).status_code for path in asked] == [200] * len(asked)


def test_there_is_a_scenario_for_every_kind_of_load_and_request() -> None:
    scenarios = [load(file) for file in FILES]
    loads = [one for scenario in scenarios for one in scenario.load]
    assert {one.arrivals for one in loads} == {None, "constant", "poisson"}
    assert any(one.locustfile for one in loads)
    assert any(len(request.parts) > 1 for scenario in scenarios for request in scenario.requests)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_finds_the_app_from_where_it_lies(file: Path) -> None:
    scenario = load(file)
    module = scenario.app.partition(":")[0].replace(".", "/")
    assert (file.parent / scenario.directory / f"{module}.py").is_file()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_server_of_a_scenario_can_be_launched_as_it_is_asked_for(file: Path) -> None:
    loaded, machine = load_scenario(file, server_names()), describe_machine()
    for server in loaded.scenario.servers:
        assert lacking(server) is None
        choice = Choice(server, "1.0", "app", Source(loaded.directory, OURS))
        assert blueprint_of(loaded, choice, machine).parts


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_servers_serve_by_themselves_is_what_the_app_would_give(file: Path) -> None:
    scenario = load(file)
    if scenario.static is None:
        return
    folder, prefix = file.parent / scenario.static.folder, scenario.static.prefix
    served = [
        request
        for request in scenario.requests
        if isinstance(request, Request) and request.path.startswith(prefix)
    ]
    assert served
    for request in served:
        assert (folder / request.path.removeprefix(prefix)).read_bytes() == answer(scenario.app, request).data


def test_there_is_a_scenario_for_every_server_and_every_role_of_one() -> None:
    scenarios = [load(file) for file in FILES]
    choices = [choice for scenario in scenarios for choice in scenario.servers]
    proxies = [choice.behind for choice in choices if choice.behind]
    assert {choice.server for choice in choices} == {server.name for server in BUILT_IN} - {"command"}
    assert {choice.tls for choice in choices} == {False, True}
    assert {choice.profile for choice in choices} == {"equal", "shipped"}
    assert {proxy.over for proxy in proxies} == {"unix", "tcp"}
    assert {proxy.backends for proxy in proxies} == {1, 2, 4}
    assert any(scenario.static for scenario in scenarios)


def test_every_setting_of_the_quickstart_is_explained() -> None:
    lines = (FOLDER / "quickstart.yaml").read_text(encoding="utf-8").splitlines()
    settings = [line for line in lines if line.strip() and not line.startswith("#")]
    unexplained = [line for line in settings if "#" not in line and not line.rstrip().endswith(":")]
    assert unexplained == []
