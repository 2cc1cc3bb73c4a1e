"""The record of checks, the repository they are made in, and what is found of them."""

import subprocess
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.scenario.reading import load_scenario
from bench.servers import server_names
from benchmarks.check_record import Checked, append, read
from benchmarks.check_repository import CheckRepository
from benchmarks.regression_check import PARTS, findings_of, missing, verdicts_of
from tests.benchmarks.test_targets import stage_in

PASS, RED, OPEN = 0, 1, 3


def checks(part: str, *exit_codes: int) -> list[Checked]:
    return [Checked(part, code, 50.0, 0, [{"name": "a cell"}]) for code in exit_codes]


def test_what_is_in_the_record_is_not_made_again(tmp_path: Path) -> None:
    record = tmp_path / "new" / "record.jsonl"
    made = checks("aa", PASS, OPEN) + checks("two", OPEN)
    assert list(read(record)) == []  # begun by the same command that goes on
    for one in made:
        append(record, one)
    done = list(read(record))
    assert done == made
    assert missing(["aa", "two"], 3, done) == ["aa", "two", "two"]
    assert missing(["aa"], 1, done) == []


def test_without_a_number_each_claim_has_as_many_checks_as_it_says() -> None:
    todo = missing(list(PARTS), None, [])
    assert [todo.count(part) for part in ("aa", "five", "two")] == [30, 20, 10]


@pytest.mark.parametrize("text", ["nonsense\n", '{"part": "aa"}\n', "[]\n"])
def test_a_file_that_is_no_record_is_refused(text: str, tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    record.write_text(text)
    with pytest.raises(InputError, match="is no record of checks"):
        list(read(record))


@pytest.mark.parametrize(
    ("part", "exit_codes", "met"),
    [
        ("aa", [PASS, OPEN, PASS], True),
        ("aa", [PASS, RED, PASS], False),
        ("five", [RED] * 19 + [OPEN], True),
        ("five", [RED] * 18 + [OPEN, PASS], False),
        ("two", [OPEN, RED], True),
        ("two", [OPEN, PASS], False),
    ],
)
def test_the_bars_are_those_of_the_claims(part: str, exit_codes: list[int], met: bool) -> None:
    verdict, took = findings_of(part, checks(part, *exit_codes))
    assert verdict.met is met
    assert took.met is (True if part == "five" else None)


def test_every_verdict_is_counted() -> None:
    row = verdicts_of({"two": checks("two", RED, OPEN, OPEN)}).splitlines()[-1]
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == ["1", "0", "2", "50 s"]


def test_head_differs_from_the_commit_by_its_turns_alone(tmp_path: Path) -> None:
    stage = stage_in(tmp_path)
    repository = CheckRepository.create(stage, {name: part.scenario for name, part in PARTS.items()})
    for name in PARTS:
        load_scenario(repository.folder / f"{name}.yaml", server_names())
    assert changes(repository.folder) == ""
    repository.head(turns=77)
    changed = [line for line in changes(repository.folder).splitlines() if line[:1] in "+-"]
    assert changed == ["--- a/app.py", "+++ b/app.py", "-TURNS = 0", "+TURNS = 77"]


def changes(folder: Path) -> str:
    diff = subprocess.run(["git", "diff", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    return diff.stdout
