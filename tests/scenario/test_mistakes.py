"""Every mistake a scenario can have, with the place, the sentence and the remedy a user is given."""

from pathlib import Path

import pytest

from bench.errors import ScenarioError
from bench.scenario.part import Part
from bench.scenario.reading import load_scenario
from bench.scenario.sentences import PARTS
from tests.scenario.strategies import SERVERS

# Scenarios, each with what is said about it after `>>>`, with `<<<` between them.
CASES = [
    case.split("\n>>>\n")
    for case in Path(__file__).with_name("mistakes.txt").read_text().rstrip("\n").split("\n<<<\n")
]


def what_is_said(folder: Path, text: str) -> str:
    path = folder / "scenario.yaml"
    path.write_text(text)
    (folder / "flows.py").touch()
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, SERVERS)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize(("text", "said"), CASES, ids=[text for text, _ in CASES])
def test_a_mistake_is_located_and_explained(tmp_path: Path, text: str, said: str) -> None:
    assert what_is_said(tmp_path, text) == said


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
app: x
server: [gunicorn]
servers:
  gunicron: {threads: 0}
requests: [/a b]
load: {connections: -1, connections: 2}
measure: {for: .nan, slice: 1:30}
directory: none
measure: 1
"""
    said = what_is_said(tmp_path, text).splitlines()
    assert [line.split(" must")[0] for line in said if not line.startswith("  ")] == [
        "1:6: `app`",
        "2:1: unknown key `server`",
        "4:3: there is no server `gunicron`",
        "4:23: `threads`",
        "5:12: `path`",
        "6:21: `connections`",
        "6:25: the key `connections` is there twice",
        "7:16: `.nan` is not a finite number",
        "7:29: `slice`",
        "8:12: there is no folder `none` beside the scenario file",
        "9:1: the key `measure` is there twice",
    ]


def test_long_and_unprintable_text_is_shown_short_and_escaped(tmp_path: Path) -> None:
    said = what_is_said(tmp_path, 'app: x:y\nrequests: "/\\e[31m' + "a" * 200 + '"\n')
    assert "`/\\x1b[31m" + "a" * 51 + "...`" in said


def test_unknown_keys_can_be_explained_in_every_part() -> None:
    assert set(PARTS.values()) == set(Part.__subclasses__())
