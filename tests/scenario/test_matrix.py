"""Lists of settings become deployments: how many, what they are called, and where each part is written."""

import json
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ScenarioError
from bench.scenario.matrix import MOST_DEPLOYMENTS, choices
from bench.scenario.model import Scenario
from bench.scenario.reading import load_scenario
from tests.scenario.strategies import NAMES, SERVERS


def names(servers: Any, **top: Any) -> list[str]:
    scenario = Scenario.model_validate({"app": "x:y", "servers": servers, **top}, context=SERVERS)
    return [choice.name for choice in scenario.servers]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"processes": 2, "threads": 8}, ["gunicorn"]),
        ({"workers": [1, 2], "threads": [4, 8]},
         ["gunicorn-1x4", "gunicorn-1x8", "gunicorn-2x4", "gunicorn-2x8"]),
        ({"workers": [2]}, ["gunicorn-2x4"]),
        ({"workers": 2, "threads": [1, 8]}, ["gunicorn-2x1", "gunicorn-2x8"]),
        ({"threads": [1, 8]}, ["gunicorn-1-threads", "gunicorn-8-threads"]),
        ({"behind": "nginx"}, ["gunicorn-behind-nginx"]),
        ({"behind": {"proxy": "nginx", "over": "unix"}}, ["gunicorn-behind-nginx"]),
        ({"behind": {"proxy": "nginx", "over": "tcp", "backends": 4}}, ["gunicorn-behind-nginx-4-tcp"]),
        ({"behind": {"proxy": "nginx", "backends": [1, 2]}},
         ["gunicorn-behind-nginx-1", "gunicorn-behind-nginx-2"]),
        ({"behind": [None, "nginx"]}, ["gunicorn", "gunicorn-behind-nginx"]),
        ({"tls": True}, ["gunicorn-tls"]),
        ({"tls": [False, True]}, ["gunicorn-plain", "gunicorn-tls"]),
        ({"profile": "shipped"}, ["gunicorn-shipped"]),
        ({"profile": "equal", "tls": False}, ["gunicorn"]),
        ({"profile": ["shipped", "equal"], "threads": [1, 8]},
         ["gunicorn-shipped", "gunicorn-1-threads-equal", "gunicorn-8-threads-equal"]),
        ({"name": "g", "tls": True, "behind": "nginx"}, ["g"]),
        ({"name": "g", "workers": [1, 2], "behind": {"proxy": "nginx", "backends": 2}}, ["g-1x4", "g-2x4"]),
        ({"name": "g", "behind": {"proxy": "nginx", "over": ["unix", "tcp"]}}, ["g-unix", "g-tcp"]),
        ({"name": "g", "behind": [None, {"proxy": "nginx", "backends": 2}]}, ["g", "g-behind-nginx-2"]),
    ],
)  # fmt: skip
def test_a_name_says_what_is_listed_and_what_is_special(settings: Any, expected: list[str]) -> None:
    assert names({"gunicorn": settings}) == expected


def test_what_holds_for_every_server_is_in_no_name() -> None:
    assert names(["gunicorn", {"waitress": {"tls": False}}], tls=True) == ["gunicorn", "waitress-plain"]
    assert names(["uwsgi", {"flask": {"profile": "equal"}}], profile="shipped") == ["uwsgi", "flask-equal"]


def test_both_profiles_put_every_server_side_by_side_that_does_not_say_its_own() -> None:
    command = {"command": "x {port}", "name": "x"}
    scenario = Scenario.model_validate(
        {
            "app": "x:y",
            "profile": ["equal", "shipped"],
            "servers": ["flask", {"uwsgi": {"threads": 8}}, {"gunicorn": {"profile": "shipped"}}, command],
        }
    )
    assert [(choice.name, choice.profile, choice.threads) for choice in scenario.servers] == [
        ("flask-equal", "equal", 4),
        ("flask-shipped", "shipped", 4),
        ("uwsgi-equal", "equal", 8),
        ("uwsgi-shipped", "shipped", 4),
        ("gunicorn-shipped", "shipped", 4),
        ("x", "equal", 4),
    ]


def test_tls_and_profile_hold_for_the_servers_there_are_without_any_named() -> None:
    scenario = Scenario.model_validate({"app": "x:y", "tls": True, "profile": "shipped"})
    assert {(choice.tls, choice.profile) for choice in scenario.servers} == {(True, "shipped")}


def test_a_command_is_a_server_without_naming_one() -> None:
    command = {"command": "hyper --bind {host}:{port} 'a b'", "name": "hyper", "keep_alive": True}
    (choice,) = Scenario.model_validate({"app": "x:y", "servers": command}).servers
    assert (choice.server, choice.name, choice.keep_alive) == ("command", "hyper", True)
    assert choice.command == ("hyper", "--bind", "{host}:{port}", "a b")
    named = {"command": {key: value for key, value in command.items() if key != "server"}}
    for same in (command | {"server": "command"}, named, [command]):
        assert Scenario.model_validate({"app": "x:y", "servers": same}).servers == (choice,)


def lists(of: Any, most: int) -> Any:
    return st.lists(of, min_size=1, max_size=most, unique=True)


PROXY = st.fixed_dictionaries(
    {"proxy": st.just("nginx")},
    optional={"backends": lists(st.integers(1, 64), 2), "over": st.just(["tcp", "unix"])},
)
MATRICES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES.filter(lambda name: len(name) < 20),
        "workers": lists(st.none() | st.integers(1, 256), 3),
        "threads": lists(st.integers(1, 1024), 2),
        "behind": PROXY | PROXY.map(lambda proxy: [None, proxy]),
        "tls": st.just([True, False]),
    },
)


def options(matrix: dict[str, Any]) -> int:
    """How many combinations there are, counted without the program."""
    behind = matrix.get("behind")
    proxy = behind[1] if isinstance(behind, list) else behind or {}
    proxies = prod(len(value) for value in proxy.values() if isinstance(value, list))
    sizes = prod(len(matrix[key]) for key in ("workers", "threads", "tls") if key in matrix)
    return sizes * (proxies + isinstance(behind, list))


@given(MATRICES, st.sampled_from(["shipped", "equal", ["shipped", "equal"]]))
def test_there_is_a_choice_for_every_combination_and_no_two_have_one_name(matrix: Any, profile: Any) -> None:
    found = choices({"profile": profile, "servers": {"uwsgi": matrix}})
    of_shipped = options({key: value for key, value in matrix.items() if key not in ("workers", "threads")})
    count = options(matrix) + (of_shipped if isinstance(profile, list) else 0)
    assert len(found) == min(count, MOST_DEPLOYMENTS + 1)
    assert len({choice.data["name"] for choice in found}) == len(found)
    assert len({json.dumps(choice.data, sort_keys=True) for choice in found}) == len(found)


@given(MATRICES)
def test_what_is_in_full_form_is_there_again_as_it_is(matrix: Any) -> None:
    found = [choice.data for choice in choices({"tls": True, "servers": [{"uwsgi": matrix}]})]
    again = choices({"tls": True, "profile": "shipped", "servers": found[:MOST_DEPLOYMENTS]})
    assert [choice.data for choice in again] == found[:MOST_DEPLOYMENTS]


def value_at(data: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        data = data[step]
    return data


@given(MATRICES)
def test_every_setting_is_found_where_it_is_written(matrix: Any) -> None:
    scenario = {"tls": False, "profile": ["equal"], "servers": ["flask", {"uwsgi": matrix}]}
    for choice in choices(scenario)[1:]:
        for key in choice.settings.keys() & {"processes", "threads", "tls", "profile"}:
            assert value_at(scenario, choice.place((key,))) == choice.data[key]
        for key, value in (choice.data.get("behind") or {}).items():
            assert value_at(scenario, choice.place(("behind", key))) == value


WRONG = 999_999


@st.composite
def matrices_with_a_mistake(draw: st.DrawFn) -> dict[str, Any]:
    matrix = draw(MATRICES.filter(lambda one: options(one) <= MOST_DEPLOYMENTS))
    proxy = matrix.get("behind", {})
    proxy = proxy[1] if isinstance(proxy, list) else proxy
    homes = [
        (part, key) for part in (matrix, proxy) for key in ("workers", "threads", "backends") if key in part
    ]
    part, key = draw(st.sampled_from(homes)) if homes else (matrix, "threads")
    listed = part.setdefault(key, [1])
    listed[draw(st.integers(0, len(listed) - 1))] = WRONG
    return dict(matrix)


@given(matrices_with_a_mistake())
def test_a_mistake_in_a_list_is_told_once_and_at_its_place(matrix: Any) -> None:
    text = json.dumps({"app": "x:y", "servers": [{"uwsgi": matrix}]})
    with TemporaryDirectory() as folder:
        path = Path(folder, "scenario.yaml")
        path.write_text(text)
        with pytest.raises(ScenarioError) as caught:
            load_scenario(path, SERVERS)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (1, text.index(str(WRONG)) + 1)


def test_lists_that_multiply_to_very_many_are_refused_at_once() -> None:
    many = list(range(1, 1000))
    servers = {
        "uwsgi": {
            "workers": many,
            "threads": many,
            "behind": {"proxy": "nginx", "backends": many, "over": many},
        }
    }
    assert len(choices({"servers": servers})) == MOST_DEPLOYMENTS + 1
