"""What `bench run` says and how it ends where the scenario requires something of the app."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.cli.outcome import raise_for
from bench.errors import Inconclusive, NothingValid, Regression, ServerFailed
from bench.results.model import Failure, Measurements
from bench.stats.inference.verdict import Verdict
from bench.stats.summarise import summarise
from bench.stats.summary import Reason, RequirementVerdict, Summary
from tests.cli.bench_process import Ended, bench, bench_here, scenario
from tests.stats.synthetic import Part, measurements

REGRESSIONS: tuple[Verdict, ...] = ("regression",) * 5
PART = Part("gunicorn")
REQUESTS = ["GET /fast", {"path": "/slow", "require": {"p50": "1ms", "cpu": "1s"}}]
REQUIRE = {"p99": "5s", "goodput": "1/s", "errors": "50%"}


def outcome(
    *verdicts: Verdict, valid: bool = True, failure: Failure | None = None
) -> tuple[Summary, Measurements]:
    """A run of one cell with these verdicts on what is required of it."""
    made = measurements([replace(PART, failure=failure)], launches=2, blocks=3)
    summary = summarise(made)
    requirements = tuple(
        RequirementVerdict(PART.cell_id, "p99", 1e6, None, verdict, f"number {number}")
        for number, verdict in enumerate(verdicts)
    )
    reasons = () if valid else (Reason("errors", "errors", "mend it"),)
    cells = tuple(replace(cell, reasons=reasons) for cell in summary.cells)
    return replace(summary, cells=cells, requirements=requirements), made


def test_a_run_that_keeps_what_is_required_ends_well() -> None:
    raise_for(*outcome("pass", "pass"))
    raise_for(*outcome())


def test_a_regression_goes_before_what_is_inconclusive_and_what_is_not_valid() -> None:
    for valid in (True, False):
        with pytest.raises(Regression, match="1 of 3 requirements are not kept") as caught:
            raise_for(*outcome("inconclusive", "regression", "pass", valid=valid))
        assert caught.value.exit_code == 1
        assert "gunicorn, GET /json, 16 connections: number 1" in str(caught.value)
        assert "number 0" not in str(caught.value)


def test_what_could_not_be_decided_is_said_unless_nothing_is_valid_at_all() -> None:
    with pytest.raises(Inconclusive, match="1 of 2 requirements could not be decided") as caught:
        raise_for(*outcome("pass", "inconclusive"))
    assert caught.value.exit_code == 3
    with pytest.raises(NothingValid):
        raise_for(*outcome("inconclusive", valid=False))


def test_a_server_that_failed_goes_before_everything() -> None:
    with pytest.raises(ServerFailed):
        raise_for(*outcome("regression", failure=Failure(code="died", what="killed by signal 9")))


def test_of_many_only_the_first_are_named_and_the_others_counted() -> None:
    with pytest.raises(Regression) as caught:
        raise_for(*outcome(*REGRESSIONS))
    said = str(caught.value)
    assert all(f"number {number}" in said for number in range(3))
    assert "number 3" not in said
    assert "and 2 more" in said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("requirements")


@pytest.fixture(scope="module")
def run(folder: Path) -> Ended:
    """A real run, as GitHub runs it, of an app that takes 5 ms: too long for one of two requests."""
    measure = {"for": "3s", "launches": 3, "slice": "100ms"}
    path = scenario(
        folder, app="tests.fixtures.good:waiting", requests=REQUESTS, require=REQUIRE, measure=measure
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        patch.setenv("GITHUB_STEP_SUMMARY", str(folder / "job.md"))
        return bench("run", path.name, "--name", "kept", "--json", "summary.json", cwd=folder)


@pytest.fixture(scope="module")
def requirements(run: Ended, folder: Path) -> dict[tuple[str, str], Any]:
    """What the JSON says of each requirement, by request and figure."""
    document = json.loads((folder / "summary.json").read_text())
    requests = {cell["id"]: cell["request"] for cell in document["cells"]}
    return {(requests[one["cell"]], one["figure"]): one for one in document["requirements"]}


@pytest.mark.quiet
@pytest.mark.integration
def test_a_limit_that_is_kept_passes_and_one_that_is_not_is_a_regression(
    run: Ended, requirements: dict[tuple[str, str], Any]
) -> None:
    assert {key: one["verdict"] for key, one in requirements.items()} == {
        ("GET /fast", "p99"): "pass",
        ("GET /fast", "goodput"): "pass",
        ("GET /fast", "errors"): "pass",
        ("GET /slow", "p50"): "regression",
        ("GET /slow", "p99"): "pass",
        ("GET /slow", "goodput"): "pass",
        ("GET /slow", "errors"): "pass",
        ("GET /slow", "cpu"): "pass",
    }, run.stderr
    slow = requirements["GET /slow", "p50"]
    assert slow["limit"] == 1.0
    assert slow["value"]["value"] >= 5.0  # milliseconds: the view sleeps as long


@pytest.mark.quiet
@pytest.mark.integration
def test_the_command_ends_with_1_names_what_is_not_kept_and_where_to_look(run: Ended, folder: Path) -> None:
    assert (run.exit_code, run.left) == (1, []), run.stderr
    assert "requirements  1 regression, 7 pass" in run.stdout
    assert "REGRESSION    waitress, GET /slow, 4 connections: service time p50 is " in run.stdout
    assert "1 of 8 requirements are not kept" in run.stderr
    (annotation,) = [line for line in run.stdout.splitlines() if line.startswith("::")]
    title = "Requirement not met%3A waitress%2C GET /slow%2C 4 connections"
    assert annotation.startswith(f"::error title={title}::service time p50 is ")
    job = (folder / "job.md").read_text()
    assert "bench run: <code>kept</code>" in job.splitlines()[0]
    assert "Requirements: 1 not met, 7 met." in job
    assert "Traceback" not in run.stderr
    assert 'id="requirements"' in (folder / "reports" / "kept.html").read_text()


@pytest.mark.quiet
@pytest.mark.integration
def test_the_stored_run_says_the_same_again(run: Ended, folder: Path) -> None:
    again = bench_here("report", "kept", "--json", "again.json", cwd=folder)
    assert again.exit_code == run.exit_code
    assert (folder / "again.json").read_bytes() == (folder / "summary.json").read_bytes()
