"""The memory of processes, as the system tells it."""

import os

from benchmarks.memory import generator_processes, highest_bytes, resident_bytes, set_highest_back


def test_memory_that_was_used_for_a_moment_counts_for_the_highest_value() -> None:
    this = [os.getpid()]
    set_highest_back(this)
    before = resident_bytes(this)
    used = bytearray(64_000_000)
    used[::4096] = bytes([1]) * len(used[::4096])
    del used
    assert highest_bytes(this) >= before + 60_000_000


def test_no_process_of_another_kind_is_taken_for_a_generator() -> None:
    assert generator_processes() == []
