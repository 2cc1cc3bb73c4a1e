"""The machine: what is recorded of it, and which cores go to the servers and which to the generator."""

import os
import platform
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.results.model import Machine


def describe_machine(generators: int = 1) -> Machine:
    """What decides about speed here, as far as the system tells.

    The load generator gets the last cores, one for each of its processes as long as one is left for the
    servers; a single core it shares with them.
    """
    cores = sorted(os.sched_getaffinity(0))
    for_servers = max(1, len(cores) - generators)
    return Machine(
        cpu_model=_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        cores=len(cores),
        server_cores=tuple(cores[:for_servers]),
        generator_cores=tuple(cores[for_servers:] or cores),
        memory_bytes=psutil.virtual_memory().total,
        kernel=platform.release(),
        distribution=_distribution(),
        hypervisor=_hypervisor(),
        frequency_governor=_first_line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
    )


@contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """Have this process, and what it starts meanwhile without cores of its own, run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _hypervisor() -> str | None:
    if "hypervisor" not in (_field(Path("/proc/cpuinfo"), "flags") or "").split():
        return None
    return _first_line(Path("/sys/class/dmi/id/sys_vendor")) or "unknown"


def _field(path: Path, name: str) -> str | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text().strip().partition("\n")[0] or None
    except OSError:
        return None
