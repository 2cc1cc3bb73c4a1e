import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.errors import ScenarioError
from bench.scenario.model import (
    DEFAULT_SERVERS,
    Expectation,
    Load,
    Mix,
    Request,
    Scenario,
    ServerChoice,
    StaticFiles,
)
from bench.scenario.reading import MOST_BYTES, LoadedScenario, load_scenario
from tests.scenario.strategies import LOCUSTFILE, SCENARIOS, SERVERS, nearly_right, written


def load(content: str | bytes, servers: tuple[str, ...] = SERVERS) -> LoadedScenario:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scenario.yaml")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        Path(folder, LOCUSTFILE).touch()
        return load_scenario(path, servers)


def scenario_of(**parts: Any) -> Scenario:
    return load(json.dumps({"app": "x:y", **parts}, ensure_ascii=False)).scenario


def mistake_with(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, SERVERS)
    (problem,) = caught.value.problems
    return f"{problem.line}:{problem.column} {problem.what}"


def test_the_shortest_scenario_is_the_app_alone() -> None:
    scenario = load("app: x:y\n", DEFAULT_SERVERS).scenario
    assert scenario == Scenario(app="x:y")
    assert tuple(choice.name for choice in scenario.servers) == DEFAULT_SERVERS
    assert [request.label for request in scenario.requests] == ["GET /"]


GUNICORN, UWSGI = ServerChoice(server="gunicorn"), ServerChoice(server="uwsgi")
GUNICORN_8 = ServerChoice(server="gunicorn", threads=8)


@pytest.mark.parametrize(
    ("servers", "choices"),
    [
        ("gunicorn", [GUNICORN]),
        (["gunicorn", "uwsgi"], [GUNICORN, UWSGI]),
        ({"gunicorn": {"threads": 8}, "uwsgi": None}, [GUNICORN_8, UWSGI]),
        ([{"gunicorn": {"threads": 8}}, "uwsgi"], [GUNICORN_8, UWSGI]),
        ({"server": "gunicorn", "name": "g"}, [ServerChoice(server="gunicorn", name="g")]),
        ([{"server": "uwsgi", "options": ["a b"]}], [ServerChoice(server="uwsgi", options=("a b",))]),
    ],
)
def test_servers_may_be_a_name_a_list_or_a_mapping(servers: Any, choices: list[ServerChoice]) -> None:
    assert list(scenario_of(servers=servers).servers) == choices


def test_a_deployment_is_called_like_its_server_where_it_has_no_name() -> None:
    assert [choice.name for choice in scenario_of(servers=["uwsgi", {"uwsgi": {"name": "u8"}}]).servers] == [
        "uwsgi",
        "u8",
    ]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ("/json", [Request(path="/json")]),
        ("GET /json", [Request(path="/json")]),
        (["POST /a?b=c", "/d"], [Request(method="POST", path="/a?b=c"), Request(path="/d")]),
        ({"path": "/", "json": {"a": [1]}}, [Request(path="/", json_body={"a": [1]})]),
        ({"name": "m", "mix": "/"}, [Mix(name="m", parts=(Request(path="/"),))]),
        (
            ["/", {"name": "m", "mix": ["POST /a", {"path": "/", "weight": 3}]}],
            [
                Request(path="/"),
                Mix(name="m", parts=(Request(method="POST", path="/a"), Request(path="/", weight=3))),
            ],
        ),
    ],
)
def test_requests_may_be_a_line_a_mapping_a_mix_or_a_list(
    requests: Any, expected: list[Request | Mix]
) -> None:
    assert list(scenario_of(requests=requests).requests) == expected


def test_a_request_and_a_mix_both_have_a_label_and_parts() -> None:
    request, mix = scenario_of(requests=["/a", {"name": "m", "mix": ["/b", "/c"]}]).requests
    assert (request.label, [part.label for part in request.parts]) == ("GET /a", ["GET /a"])
    assert (mix.label, [part.label for part in mix.parts]) == ("m", ["GET /b", "GET /c"])


def expectation(**parts: Any) -> Expectation:
    ((request,),) = (one.parts for one in scenario_of(requests={"path": "/", "expect": parts}).requests)
    return request.expect


def test_what_a_header_is_expected_to_be_may_be_written_as_its_value() -> None:
    assert expectation(headers={"A": "b"}) == expectation(headers={"A": {"equal": "b"}})


def test_a_text_that_a_body_contains_may_stand_alone() -> None:
    assert expectation(body={"contains": "a"}) == expectation(body={"contains": ["a"]})


def test_load_may_be_a_mapping_or_a_list() -> None:
    assert scenario_of(load={"connections": 8}).load == (Load(connections=8),)
    assert scenario_of(load=[{"connections": 8}, {}]).load == (Load(connections=8), Load(connections=16))


@pytest.mark.parametrize(
    ("load", "full"),
    [
        ({}, {"connections": 16}),
        ({"rate": "500/s"}, {"rate": "500/s", "arrivals": "constant", "connections": 128}),
        ({"rate": "30/min", "connections": 1}, {"rate": "0.5/s", "arrivals": "constant", "connections": 1}),
        ({"locustfile": LOCUSTFILE}, {"locustfile": LOCUSTFILE, "users": 16}),
    ],
)
def test_what_a_load_leaves_out_is_filled_in_where_it_means_something(load: Any, full: Any) -> None:
    (written_out,) = scenario_of(load=load).load
    assert written_out.model_dump(mode="json", by_alias=True, exclude_none=True) == full


def test_a_locustfile_is_found_from_the_scenario_file(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "load").mkdir()
    locustfile = tmp_path / "load" / "flows.py"
    locustfile.touch()
    path = tmp_path / "scenarios" / "a.yaml"
    path.write_text("app: x:y\nload: {locustfile: ../load/flows.py}\n")
    assert (
        load_scenario(Path(os.path.relpath(path)), SERVERS).beside("../load/flows.py") == locustfile.resolve()
    )


@pytest.mark.parametrize(
    ("setup", "commands"),
    [
        ("pip install -r 'my requirements.txt'", [("pip", "install", "-r", "my requirements.txt")]),
        (["make a", "make b;c"], [("make", "a"), ("make", "b;c")]),
        ([["pip", "install", "$HOME;", "&&"], "make"], [("pip", "install", "$HOME;", "&&"), ("make",)]),
        ("grep 'a | b' \"&&\" \\;", [("grep", "a | b", "&&", ";")]),
        ([], []),
    ],
)
def test_a_command_line_is_split_as_a_shell_would_and_a_list_is_several(
    setup: Any, commands: list[tuple[str, ...]]
) -> None:
    scenario = scenario_of(setup=setup, teardown=setup)
    assert (scenario.setup, scenario.teardown) == (tuple(commands), tuple(commands))


@pytest.mark.parametrize("prefix", ["static", "/static", "static/", "/static/", "//static//"])
def test_the_prefix_of_static_files_starts_and_ends_with_a_slash(prefix: str) -> None:
    static = scenario_of(static={"prefix": prefix, "folder": "."}).static
    assert static is not None
    assert static.prefix == "/static/"


def test_a_folder_of_static_files_may_be_made_by_the_setup() -> None:
    static = {"folder": "made"}
    assert scenario_of(static=static, setup="make made").static == StaticFiles(folder="made")
    with pytest.raises(ScenarioError, match="there is no folder `made`"):
        scenario_of(static=static)


def test_a_python_is_found_from_the_scenario_file_and_its_link_not_followed(tmp_path: Path) -> None:
    real = tmp_path / "python3"
    real.touch(0o755)
    link = tmp_path / "app" / "python"
    link.parent.mkdir()
    link.symlink_to(real)
    path = tmp_path / "bench" / "scenario.yaml"
    path.parent.mkdir()
    path.write_text("app: x:y\npython: ../app/python\n")
    loaded = load_scenario(Path(os.path.relpath(path)), SERVERS)
    assert loaded.scenario.python is not None
    assert loaded.python_at(loaded.scenario.python) == tmp_path.resolve() / "app" / "python"


def test_an_environment_in_place_of_its_python_is_refused_with_the_python_in_it(tmp_path: Path) -> None:
    (tmp_path / "my" / "bin").mkdir(parents=True)
    (tmp_path / "my" / "bin" / "python").touch(0o755)
    path = tmp_path / "scenario.yaml"
    path.write_text("app: x:y\npython: my/\n")
    with pytest.raises(ScenarioError, match="2:9: `my/` is a folder\n  name the Python in it: my/bin/python"):
        load_scenario(path, SERVERS)


def test_the_directory_is_found_from_the_scenario_file(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    path = tmp_path / "scenarios" / "a.yaml"
    path.write_text("app: x:y\nservers: uwsgi\ndirectory: ..\n")
    loaded = load_scenario(Path(os.path.relpath(path)), SERVERS)
    assert loaded.directory == tmp_path.resolve()
    assert loaded.text == path.read_text()


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake() -> None:
    assert load("\ufeffapp: x:y\r\nservers: uwsgi\r\n").scenario.app == "x:y"


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    assert mistake_with(tmp_path / "none.yaml") == "1:1 the file cannot be read: No such file or directory"


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    assert mistake_with(tmp_path) == "1:1 this is a folder"


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert mistake_with(tmp_path / "pipe.yaml") == "1:1 this is not a file"


def test_a_name_too_long_for_the_file_system_is_a_mistake(tmp_path: Path) -> None:
    assert mistake_with(tmp_path / ("a" * 300)) == "1:1 the file cannot be read: File name too long"


def test_a_file_that_fails_to_be_read_is_a_mistake() -> None:
    # A regular file by its kind, whose first byte nobody can read, not even root.
    assert mistake_with(Path("/proc/self/mem")) == "1:1 the file cannot be read: Input/output error"


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"app: x:y #" + b"-" * MOST_BYTES)
    assert mistake_with(path) == f"1:1 the file is larger than {MOST_BYTES // 1024} KiB"


def test_text_that_is_not_utf_8_is_located(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("app: x:y\n# é\xe4".encode() + b"\xe4\n")
    assert mistake_with(path) == "2:5 this is not UTF-8 text"


def is_read_or_refused(content: bytes) -> bool:
    try:
        return load(content).scenario.app != ""
    except ScenarioError as error:
        return len(error.problems) > 0


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_scenario_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_after_a_right_start_is_a_scenario_or_refused(text: str) -> None:
    assert is_read_or_refused(f"app: x:y\n{text}".encode())


def mistakes_in(content: str) -> list[str]:
    try:
        load(content)
    except ScenarioError as error:
        return [problem.what for problem in error.problems]
    return []


@given(nearly_right())
def test_what_is_wrong_is_said_in_plain_words(data: Any) -> None:
    for what in mistakes_in(written(data)):
        assert "must be something else" not in what
        assert not any(jargon in what for jargon in ("Input should", "value_error", "pydantic", "https://"))


def has_repetitions_alone(error: ValidationError) -> bool:
    """A list that is too short only without its wrong item follows from those, and is not told."""
    told = [one for one in error.errors() if not (one["type"] == "too_short" and one["input"])]
    follows = ("is there twice", "to two", "these are more than 64")
    return all(any(words in one["msg"] for words in follows) for one in told)


@given(SCENARIOS)
def test_a_scenario_written_as_yaml_loads_as_the_same(data: Any) -> None:
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        if not has_repetitions_alone(error):
            raise
        return
    assert load(written(scenario.model_dump(mode="json", by_alias=True))).scenario == scenario
    assert load(written(data)).scenario == scenario
