"""The memory of our generator's processes, as the system tells it."""

import re
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.errors import GeneratorFailed

_SET_BACK = "5"  # what /proc/PID/clear_refs takes to set the highest resident size back to the present one


def generator_processes() -> list[int]:
    """The process ids of the generators that this process has started, and of those they have started."""
    return [child.pid for child in psutil.Process().children(recursive=True) if _is_generator(child)]


def _is_generator(process: psutil.Process) -> bool:
    try:
        return "bench.load" in process.cmdline()
    except psutil.Error:  # it has ended
        return False


def set_highest_back(pids: Sequence[int]) -> None:
    """Have the system forget the highest resident size so far."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text(_SET_BACK)


def resident_bytes(pids: Sequence[int]) -> int:
    """The resident size of the processes together."""
    return sum(_status_bytes(pid, "VmRSS") for pid in pids)


def highest_bytes(pids: Sequence[int]) -> int:
    """The highest resident size of each since it was set back, together."""
    return sum(_status_bytes(pid, "VmHWM") for pid in pids)


def _status_bytes(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if found is None:
        raise GeneratorFailed(f"the system does not tell the {name} of process {pid}")
    return int(found[1]) * 1024
