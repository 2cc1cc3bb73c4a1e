"""What the system says of itself under /proc and /sys, read and taken apart."""

import math
import os
import resource
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_CPU = Path("/sys/devices/system/cpu")
_PROC = Path("/proc")


@dataclass(frozen=True)
class CpuTimes:
    """What some cores did since the machine started, summed over them, in ticks of the system's clock."""

    total: int
    idle: int
    steal: int

    def since(self, earlier: "CpuTimes") -> "CpuTimes":
        """What they did between two looks; a counter that went back (they do) counts as one that stood."""
        return CpuTimes(
            total=max(0, self.total - earlier.total),
            idle=max(0, self.idle - earlier.idle),
            steal=max(0, self.steal - earlier.steal),
        )

    @property
    def busy_share(self) -> float:
        """The share of the time in which they worked for somebody on this machine."""
        return max(0, self.total - self.idle - self.steal) / self.total if self.total else 0.0

    @property
    def steal_share(self) -> float:
        """The share of the time in which they wanted to work and the hypervisor let others."""
        return self.steal / self.total if self.total else 0.0


def parse_cpu_times(text: str, cores: Collection[int]) -> CpuTimes | None:
    """The times of these cores from /proc/stat; None where it names none of them."""
    names = {f"cpu{core}" for core in cores}
    lines = (line.split() for line in text.splitlines())
    times = [[int(ticks) for ticks in line[1:9]] for line in lines if line and line[0] in names]
    if not times:
        return None
    return CpuTimes(
        total=sum(map(sum, times)),
        idle=sum(sum(one[3:5]) for one in times),  # idle, and idle while a disk works
        steal=sum(sum(one[7:8]) for one in times),  # not there in very old kernels
    )


def parse_core_list(text: str) -> frozenset[int]:
    """The cores of a list as the kernel writes it: `0,4` or `0-3,8`."""
    found: set[int] = set()
    for piece in filter(None, text.strip().split(",")):
        first, _, last = piece.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def write_core_list(cores: Iterable[int]) -> str:
    """The cores as the kernel would list them: `0-3,8`."""
    runs: list[list[int]] = []
    for core in sorted(set(cores)):
        if runs and runs[-1][-1] == core - 1:
            runs[-1].append(core)
        else:
            runs.append([core])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


@dataclass(frozen=True)
class ClientPorts:
    """The ports that connections of clients get, both ends included.

    `reused` says whether, on loopback, the port of an ended connection may be had again after a second.
    """

    first: int
    last: int
    reused: bool

    @property
    def count(self) -> int:
        """How many there are."""
        return self.last - self.first + 1


def parse_client_ports(port_range: str, reuse: str | None, timestamps: str | None) -> ClientPorts:
    """The ports from ip_local_port_range, tcp_tw_reuse (2 is loopback alone) and tcp_timestamps, it needs."""
    first, last = map(int, port_range.split())
    reused = (reuse or "").strip() in ("1", "2") and (timestamps or "").strip() in ("1", "2")
    return ClientPorts(first, last, reused)


@dataclass(frozen=True)
class Others:
    """What other processes did while nothing of ours ran: the cores they took, and which took most.

    `most` holds (name, process id, cores), the greediest first.
    """

    cores: float
    load_average: float
    most: tuple[tuple[str, int, float], ...] = ()


def cpu_times(cores: Collection[int]) -> CpuTimes | None:
    """What these cores did until now; None where the system does not tell."""
    text = text_of(_PROC / "stat")
    return None if text is None else parse_cpu_times(text, cores)


def client_ports() -> ClientPorts | None:
    """The ports that connections of clients get; None where the system does not tell."""
    network = _PROC / "sys/net/ipv4"
    port_range = text_of(network / "ip_local_port_range")
    if port_range is None:
        return None
    return parse_client_ports(
        port_range, text_of(network / "tcp_tw_reuse"), text_of(network / "tcp_timestamps")
    )


def longest_listen_queue() -> int | None:
    """net.core.somaxconn; None where the system does not tell."""
    text = text_of(_PROC / "sys/net/core/somaxconn")
    return None if text is None else int(text)


def open_file_limits() -> tuple[float, float]:
    """How many files a process may have open: the soft limit and the hard one, infinite without any."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _limit(soft), _limit(hard)


def _limit(value: int) -> float:
    return math.inf if value == resource.RLIM_INFINITY else value


def frequency_governors(cores: Collection[int]) -> tuple[str, ...]:
    """The different frequency governors of these cores; none where they cannot be seen."""
    texts = (text_of(_CPU / f"cpu{core}/cpufreq/scaling_governor") for core in cores)
    return tuple(sorted({text.strip() for text in texts if text}))


def sibling_threads(cores: Collection[int]) -> Mapping[int, frozenset[int]]:
    """For each of these cores those that are threads of the same physical core, itself among them."""
    texts = {core: text_of(_CPU / f"cpu{core}/topology/thread_siblings_list") for core in cores}
    return {core: parse_core_list(text or str(core)) for core, text in texts.items()}


def watch_others(cores: Collection[int], for_s: float) -> Others | None:
    """Do nothing for so long, and see who does something; None where the system does not tell."""
    used_before_s = _used_s()
    before, began_s = cpu_times(cores), time.monotonic()
    time.sleep(for_s)
    after, gone_s = cpu_times(cores), time.monotonic() - began_s
    if before is None or after is None:
        return None
    used_s = {key: after_s - used_before_s.get(key, after_s) for key, after_s in _used_s().items()}
    most = sorted(
        ((name, pid, used / gone_s) for (name, pid), used in used_s.items()), key=lambda one: -one[2]
    )
    return Others(
        cores=after.since(before).busy_share * len(cores),
        load_average=os.getloadavg()[0],
        most=tuple(one for one in most[:3] if one[2] >= 0.02),
    )


def _used_s() -> dict[tuple[str, int], float]:
    """The CPU time that every other process has used so far, by its name and id."""
    found = {}
    for process in psutil.process_iter(["name", "cpu_times"]):
        times = process.info["cpu_times"]
        if times is not None and process.pid != os.getpid():
            found[process.info["name"] or "?", process.pid] = times.user + times.system
    return found


def text_of(path: Path) -> str | None:
    """What stands in a file; None where it cannot be read or is empty."""
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
