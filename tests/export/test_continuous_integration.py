from pathlib import Path

import pytest

from bench.cli.continuous_integration import report_to_github
from bench.export.github import annotations
from bench.export.markdown import STEP_SUMMARY_LIMIT, markdown
from tests.export.synthetic_check import ALL_KINDS, check_of
from tests.report.synthetic import complete

CHECK = check_of(ALL_KINDS)


def test_elsewhere_nothing_is_written_or_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report_to_github(CHECK.summary, CHECK, {})
    report_to_github(CHECK.summary, CHECK, {"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": ""})
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_summary_is_appended_to_what_the_step_has_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    report_to_github(CHECK.summary, CHECK, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_bytes() == b"before\n" + markdown(CHECK.summary, CHECK)
    assert capsys.readouterr() == ("", "")


def test_a_run_that_is_no_check_has_a_summary_too(tmp_path: Path) -> None:
    path, summary = tmp_path / "summary.md", complete()[0]
    report_to_github(summary, None, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_bytes() == markdown(summary)


def test_annotations_are_printed_where_github_runs_it(capsys: pytest.CaptureFixture[str]) -> None:
    report_to_github(CHECK.summary, CHECK, {"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr() == (annotations(CHECK.summary, CHECK), "")
    report_to_github(CHECK.summary, CHECK, {"GITHUB_ACTIONS": "true"}, err=True)
    assert capsys.readouterr() == ("", annotations(CHECK.summary, CHECK))


@pytest.mark.parametrize("left", [5_000, 1_024, 1_023, 0, -7])
def test_a_summary_never_grows_beyond_what_is_shown(tmp_path: Path, left: int) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (STEP_SUMMARY_LIMIT - left))
    many = check_of(ALL_KINDS * 20)
    report_to_github(many.summary, many, {"GITHUB_STEP_SUMMARY": str(path)})
    added = path.read_bytes()[STEP_SUMMARY_LIMIT - left :]
    assert len(added) <= max(left, 0)
    assert (b"Cut off here" in added) is (left >= 1_024)


def test_a_summary_that_cannot_be_written_is_said_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_to_github(
        CHECK.summary, CHECK, {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such"), "GITHUB_ACTIONS": "true"}
    )
    said = capsys.readouterr()
    assert "cannot be written" in said.err
    assert said.out == annotations(CHECK.summary, CHECK)
