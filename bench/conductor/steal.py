"""Steal: CPU time that the hypervisor gave to other machines while this one wanted it."""

import os
from collections.abc import Collection
from pathlib import Path

from bench.units import NS_PER_S

_STAT = Path("/proc/stat")
_STEAL = 8  # the column, after the core's name


def stolen_ns(cores: Collection[int], stat: Path = _STAT) -> int | None:
    """What has been stolen from a core since the machine started: the mean of these cores.

    The system counts in steps of 10 ms. None where it does not tell for all of them.
    """
    try:
        lines = stat.read_text().splitlines()
    except OSError:
        return None
    counted = {line.split(maxsplit=1)[0]: line.split() for line in lines if line.startswith("cpu")}
    columns = [counted.get(f"cpu{core}", ()) for core in cores]
    if not columns or any(len(column) <= _STEAL for column in columns):
        return None
    ticks = sum(int(column[_STEAL]) for column in columns)
    return ticks * NS_PER_S // os.sysconf("SC_CLK_TCK") // len(columns)


def stolen_since(before_ns: int | None, cores: Collection[int], stat: Path = _STAT) -> int | None:
    """What has been stolen from a core since `before_ns` was read; None where it is not known.

    A machine that was moved to another host may count anew: that is no theft, and not less than none.
    """
    now_ns = stolen_ns(cores, stat)
    return None if before_ns is None or now_ns is None else max(0, now_ns - before_ns)
