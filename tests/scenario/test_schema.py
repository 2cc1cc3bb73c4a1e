import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from ruamel.yaml import YAML

from bench.scenario.model import Scenario
from bench.scenario.schema import scenario_schema
from bench.servers import server_names
from tests.scenario.strategies import SCENARIOS, SERVERS, nearly_right

ROOT = Path(__file__).parents[2]
SCHEMA_FILE = ROOT / "scenarios" / "scenario.schema.json"
SCHEMA = Draft202012Validator(scenario_schema(SERVERS))


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(scenario_schema(SERVERS))


def test_the_committed_schema_is_the_generated_one() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == scenario_schema(server_names()), (
        "run: bench schema > scenarios/scenario.schema.json"
    )


@pytest.mark.parametrize("file", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_scenario_is_valid(file: Path) -> None:
    data = YAML(typ="safe", pure=True).load(file)
    assert [
        error.message for error in Draft202012Validator(scenario_schema(server_names())).iter_errors(data)
    ] == []


def test_every_key_is_described() -> None:
    schema = scenario_schema(SERVERS)
    parts = [
        part for part in schema["$defs"].values() if "description" in part and part.get("type") == "object"
    ]
    for part in [schema, *parts]:
        undescribed = {key for key, value in part["properties"].items() if "description" not in value}
        assert undescribed <= {"server", *SERVERS}  # which are described where they are defined


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"app": "x"},
        {"app": "x:y", "sever": "gunicorn"},
        {"app": "x:create_app(1)"},
        {"app": "x:y", "floor": "x:create_app()"},
        {"app": "x:y", "setup": {"run": "make"}},
        {"app": "x:y", "tls": "yes"},
        {"app": "x:y", "profile": ["equal", "fair"]},
        {"app": "x:y", "static": {"prefix": "/static/"}},
        {"app": "x:y", "servers": "apache"},
        {"app": "x:y", "servers": {"gunicorn": {"workers": []}}},
        {"app": "x:y", "servers": {"gunicorn": {"threads": [1, 0]}}},
        {"app": "x:y", "servers": {"gunicorn": {"behind": "apache"}}},
        {"app": "x:y", "servers": {"gunicorn": {"behind": {"proxy": "nginx", "over": ["udp"]}}}},
        {"app": "x:y", "servers": [{"command": "x {port}"}]},
        {"app": "x:y", "servers": []},
        {"app": "x:y", "servers": {"gunicorn": {"thread": 1}}},
        {"app": "x:y", "servers": [{"gunicorn": {}, "uwsgi": {}}]},
        {"app": "x:y", "servers": [{"server": "gunicorn", "name": "../x"}]},
        {"app": "x:y", "requests": "GET http://example.com/"},
        {"app": "x:y", "requests": ["//example.com/"]},
        {"app": "x:y", "requests": [{"path": "/", "headers": {"a b": "c"}}]},
        {"app": "x:y", "load": {"connections": 0}},
        {"app": "x:y", "load": 16},
        {"app": "x:y", "load": {"rate": 500}},
        {"app": "x:y", "load": {"rate": "500/h"}},
        {"app": "x:y", "load": {"rate": "500/s", "arrivals": "random"}},
        {"app": "x:y", "load": {"locustfile": "flows"}},
        {"app": "x:y", "requests": {"name": "m", "mix": []}},
        {"app": "x:y", "requests": {"mix": ["/"]}},
        {"app": "x:y", "requests": {"path": "/", "cookies": {"a": "b;c"}}},
        {"app": "x:y", "requests": {"path": "/", "expect": {"body": "smae"}}},
        {"app": "x:y", "requests": {"path": "/", "expect": {"body": {"sha256": "ab"}}}},
        {"app": "x:y", "requests": {"path": "/", "expect": {"headers": {"A": {"contain": "b"}}}}},
        {"app": "x:y", "measure": {"for": 60}},
        {"app": "x:y", "measure": {"for": "1:30"}},
        {"app": "x:y", "environment": {"a-b": "c"}},
        {"app": "x:y", "host": "example.com"},
    ],
)
def test_what_is_wrong_is_refused(data: Any) -> None:
    assert not SCHEMA.is_valid(data)


def accepted(data: Any) -> bool:
    try:
        Scenario.model_validate(data, context=SERVERS, by_alias=True, by_name=False)
    except ValidationError:
        return False
    return True


@given(SCENARIOS | nearly_right())
def test_what_the_loader_accepts_the_schema_accepts(data: Any) -> None:
    if accepted(data):
        assert [error.message for error in SCHEMA.iter_errors(data)] == []
