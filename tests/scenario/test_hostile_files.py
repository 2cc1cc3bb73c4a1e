"""Files meant to exhaust us are refused by the real command, within limits the kernel enforces."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

MOST_MEGABYTES = 200
MOST_CPU_SECONDS = 10  # stands against blow-up, not for speed: it takes a third of a second

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level + 1}: &a{level + 1} [{', '.join([f'*a{level}'] * 9)}]\n" for level in range(20)
)
FILES = {
    "alias bomb": (BOMB, "more than 10,000 values"),
    "deep lists": ("[" * 10_000, "nested more than 50 levels deep"),
    "deep mappings": ("app: " + "{a: " * 10_000, "nested more than 50 levels deep"),
    "deep blocks": ("- " * 10_000, "nested more than 50 levels deep"),
    "many keys": ("".join(f"key{number}: 1\n" for number in range(8_000)), "more than 10,000 values"),
    "many unknown keys": ("".join(f"key{number}: 1\n" for number in range(4_000)), "unknown key `key3999`"),
    "many servers": ("app: x:y\nservers:\n" + "- apache\n" * 9_000, "these are more than 64 deployments"),
    "lists that multiply": (
        "app: x:y\nservers: {flask: {workers: &a [" + "0, " * 999 + "0], threads: *a, tls: *a, "
        "behind: [&b {proxy: nginx, backends: *a, over: *a}, *b]}}",
        "these are more than 64 deployments",
    ),
    "long tag": ("app: !" + "a" * 130_000, "the tag `!aaa"),
    "long key": ("a" * 1_000 + ": 1", "unknown key `aaa"),
    "long number": ("app: " + "9" * 100_000, "is too large a number"),
    "long text of many lines": ('app: "' + "a\n" * 65_000, "found unexpected end of stream"),
    "python object": ("app: !!python/object/apply:os.abort []", "the tag `!!python/object/apply:os.abort`"),
    "one megabyte": ("#" * 1_000_001, "the file is larger than"),
}


# The system's own figure for a child (ru_maxrss) begins with what its parent has, so the child tells its own.
VALIDATE = """
import re, sys
from pathlib import Path
from bench.__main__ import main

exit_code = main(["validate", sys.argv[1]])
Path(sys.argv[2]).write_text(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
sys.exit(exit_code)
"""


def validate(path: Path) -> tuple[int, str, int]:
    """The exit code of `bench validate`, what it says, and the most memory it had, in MB."""
    memory = path.with_suffix(".memory")
    process = subprocess.Popen(
        [sys.executable, "-c", VALIDATE, str(path), str(memory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    resource.prlimit(process.pid, resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    output, _ = process.communicate()
    return process.returncode, output, int(memory.read_text()) // 1024


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES.keys())
def test_a_hostile_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    exit_code, output, megabytes = validate(path)
    assert exit_code == 2
    assert said in output
    assert "Traceback" not in output
    assert megabytes < MOST_MEGABYTES


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    exit_code, output, megabytes = validate(path)
    assert exit_code == 2
    assert "the file is larger than" in output
    assert megabytes < MOST_MEGABYTES
