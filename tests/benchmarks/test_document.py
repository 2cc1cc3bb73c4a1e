"""The document's blocks and the line that names the machine."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.results.model import Machine
from benchmarks.document import machine_line, with_block, write_block
from tests.repository.files import ROOT

TEXT = "a\n<!-- results: one -->\nold\n<!-- end -->\nb\n<!-- results: two -->\nother\n<!-- end -->\n"
PROGRAMS = sorted((ROOT / "benchmarks").glob("*.py"))
MACHINE = Machine(
    cpu_model="Some CPU", cores=2, server_cores=(0,), generator_cores=(1,), memory_bytes=1, kernel="6.1.0",
    distribution="Debian", hypervisor="KVM", frequency_governor=None,
)  # fmt: skip


def test_only_the_benchmarks_own_block_is_replaced() -> None:
    expected = TEXT.replace("\nold\n", "\n\nnew\n\n")
    assert with_block(TEXT, "one", "new\n") == expected


def test_writing_twice_is_writing_once() -> None:
    once = with_block(TEXT, "two", "new")
    assert with_block(once, "two", "new") == once


def test_a_document_without_the_block_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(TEXT)
    with pytest.raises(InputError, match="no block for the results of three"):
        write_block(document, "three", "new")
    assert document.read_text() == TEXT


def test_machine_line_names_processor_cores_kernel_and_day() -> None:
    line = machine_line(MACHINE, datetime(2026, 1, 31, tzinfo=UTC))
    assert line.startswith(
        "Taken on 2026-01-31 on a virtual machine with 2 cores (Some CPU), Linux 6.1.0, Python 3."
    )


def benchmarks() -> set[str]:
    """What can be started with `python -m benchmarks.NAME`: each has a name for its results."""
    named = {path.stem: re.findall(r'^NAME = "(\w+)"$', path.read_text(), re.MULTILINE) for path in PROGRAMS}
    found = {stem: names for stem, names in named.items() if names}
    assert {stem: [stem] for stem in found} == found
    return set(found)


def test_the_shipped_document_lists_every_benchmark_and_has_a_block_for_it() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    assert set(re.findall(r"<!-- results: (\w+) -->", text)) == benchmarks()
    assert set(re.findall(r"^\| `(\w+)` \| \[", text, re.MULTILINE)) == benchmarks()


def test_make_bench_runs_every_benchmark() -> None:
    named = re.search(r"@for name in ([\w\s\\]+?); do", (ROOT / "Makefile").read_text())
    assert named is not None
    assert set(named[1].replace("\\", "").split()) == benchmarks()
