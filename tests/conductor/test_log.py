from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.processes.log import LINES, last_lines, opened


def test_the_last_lines_are_shown_without_the_empty_ones(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n\n" for number in range(100)))
    assert last_lines(log) == tuple(f"line {number}" for number in range(100 - LINES, 100))


def test_colours_and_whatever_a_terminal_would_act_on_are_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\x1b[31m\x1b[1mred\x1b[0m\ttab\n\x1b]0;title\x07 \x9b \xff\n")
    red, rest = last_lines(log)
    assert red == "red     tab"
    assert rest == "\N{REPLACEMENT CHARACTER}]0;title" + " ".join("\N{REPLACEMENT CHARACTER}" * 3)


def test_of_a_large_log_only_the_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(1 << 32)
        file.seek(0, 2)
        file.write(b"\nthe end\n")
    assert last_lines(log)[-1] == "the end"


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none") == ()


@given(st.binary(max_size=2000))
def test_whatever_a_log_holds_is_shown_as_few_printable_lines(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    log = tmp_path_factory.mktemp("logs") / "log"
    log.write_bytes(content)
    lines = last_lines(log)
    assert len(lines) <= LINES
    assert all(line.isprintable() and len(line) <= 500 for line in lines)


def test_where_a_log_cannot_be_written_its_writer_can_still_write(tmp_path: Path) -> None:
    log = tmp_path / "gone" / "log"
    with opened(log) as file:
        file.write(b"unheard")
    assert last_lines(log) == ()
