"""The memory of processes, as the system tells it."""

import subprocess
import sys

from benchmarks.memory import generator_processes

# In a process of its own: in that of the tests other memory may be given back meanwhile.
_USES_MEMORY_FOR_A_MOMENT = """
import os
from benchmarks.memory import highest_bytes, resident_bytes, set_highest_back
this = [os.getpid()]
set_highest_back(this)
before = resident_bytes(this)
used = bytearray(64_000_000)
used[::4096] = bytes([1]) * len(used[::4096])
del used
print(highest_bytes(this) - before)
"""


def test_memory_that_was_used_for_a_moment_counts_for_the_highest_value() -> None:
    command = (sys.executable, "-c", _USES_MEMORY_FOR_A_MOMENT)
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(told.stdout) >= 60_000_000


def test_no_process_of_another_kind_is_taken_for_a_generator() -> None:
    assert generator_processes() == []
