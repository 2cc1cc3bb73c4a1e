"""From what the machine is like to what that means for measuring: a finding for each fact. Pure."""

from collections.abc import Collection, Mapping, Sequence

from bench.conductor.descriptors import BESIDE_CONNECTIONS
from bench.conductor.doctor.finding import Finding, Value, found, unknown
from bench.conductor.doctor.system_facts import ClientPorts, CpuTimes, Others, write_core_list
from bench.conductor.environments.availability import Availability
from bench.results.model import Machine
from bench.stats.steal import STOLEN_AT_MOST

MANY_CONNECTIONS = 10_000
FEWEST_WAITING = 1024
FEWEST_CONNECTIONS_PER_S = 2_000
OTHERS_AT_MOST = 0.1  # of one core
TIME_WAIT_S, REUSED_AFTER_S = 60, 1


def about_cores(machine: Machine, siblings: Mapping[int, frozenset[int]]) -> Finding:
    """Whether servers and generator have cores of their own. `siblings` are threads of one physical core."""
    servers, generator = (write_core_list(one) for one in (machine.server_cores, machine.generator_cores))
    values: dict[str, Value] = {
        "cores": machine.cores,
        "server_cores": list(machine.server_cores),
        "generator_cores": list(machine.generator_cores),
    }
    if not machine.generator_has_own_cores:
        what = f"there is one core, {servers}, and the load generator takes its share of it from the servers"
        return found("cores", what, "compare servers all the same; for their absolute numbers use two cores "
                     "or more", **values)  # fmt: skip
    what = f"servers run on core {servers}, the load generator alone on {generator}"
    if _share_a_core(machine, siblings):
        what += ", but these are threads of one physical core, so that each slows the other"
        return found("cores", what, _one_thread_each(siblings), **values)
    return found("cores", what, "", **values)


def _share_a_core(machine: Machine, siblings: Mapping[int, frozenset[int]]) -> bool:
    return any(
        siblings.get(core, frozenset()) & set(machine.server_cores) for core in machine.generator_cores
    )


def _one_thread_each(siblings: Mapping[int, frozenset[int]]) -> str:
    one_each = {min(threads & siblings.keys()) for threads in siblings.values()}
    if len(one_each) < 2:
        return "use a machine with two physical cores or more"
    return f"give bench one thread of each: taskset -c {write_core_list(one_each)} bench ..."


def about_frequency(governors: Collection[str]) -> Finding:
    """Whether the cores keep their frequency."""
    if not governors:
        return unknown(
            "frequency",
            "how the cores' frequency is governed cannot be seen, as in most virtual machines",
            "where the host is yours, set its governor to performance",
            governor=None,
        )
    named = ", ".join(sorted(governors))
    steady = set(governors) == {"performance"}
    what = f"the frequency governor is {named}" + ("" if steady else ": cores slow down when they rest")
    remedy = "" if steady else "sudo cpupower frequency-set -g performance"
    return found("frequency", what, remedy, governor=named)


def about_steal(times: CpuTimes | None, hypervisor: str | None) -> Finding:
    """How much CPU time the hypervisor gave to others while the doctor was at work."""
    if times is None or not times.total:
        return unknown("steal", "how much CPU time a hypervisor takes cannot be seen",
                       "look for `st` in the last line of what vmstat prints", share=None)  # fmt: skip
    taken = f"{100 * times.steal_share:.2g} % of the CPU time was taken by the hypervisor for others"
    if not times.steal and hypervisor is None:
        taken = "no hypervisor takes CPU time"
    too_much = times.steal_share > STOLEN_AT_MOST
    remedy = "measure at another hour, or on a machine with cores of its own" if too_much else ""
    return found("steal", taken, remedy, share=times.steal_share)


def about_others(others: Others | None) -> Finding:
    """Whether something else is busy here."""
    if others is None:
        return unknown("other-processes", "what else is busy here cannot be seen", "look with top",
                       cores=None, load_average=None)  # fmt: skip
    named = ", ".join(f"{name} ({pid}) {cores:.2f}" for name, pid, cores in others.most)
    too_busy = others.cores > OTHERS_AT_MOST
    what = f"other processes keep {others.cores:.2f} cores busy" + (
        f": {named}" if too_busy and named else ""
    )
    remedy = "end them, or measure when they have ended" if too_busy else ""
    return found("other-processes", what, remedy, cores=others.cores, load_average=others.load_average)


def about_descriptors(soft: float, hard: float) -> Finding:
    """Whether a process may have as many files open as many connections need."""
    needed = MANY_CONNECTIONS + BESIDE_CONNECTIONS
    values = {"soft": _finite(soft), "hard": _finite(hard), "needed": needed}
    allowed = "any number of" if _finite(hard) is None else f"{hard:,.0f}"
    what = f"a process may open {allowed} files; {MANY_CONNECTIONS:,} connections need {needed:,}"
    if hard >= needed:
        raised = "" if soft >= needed else f" (bench raises the soft limit of {soft:,.0f} by itself)"
        return found("descriptors", what + raised, "", **values)
    remedy = f"for so many connections raise the hard limit, as root: ulimit -n {needed}"
    return found("descriptors", what, remedy, **values)


def _finite(limit: float) -> int | None:
    return int(limit) if limit < float("inf") else None


def about_listen_queue(longest: int | None) -> Finding:
    """Whether connections that come at once can wait for a server to accept them."""
    if longest is None:
        return unknown("listen-queue", "net.core.somaxconn cannot be read", "sysctl net.core.somaxconn",
                       somaxconn=None)  # fmt: skip
    what = f"at most {longest:,} connections wait for a server to accept them (net.core.somaxconn)"
    remedy = "" if longest >= FEWEST_WAITING else "sudo sysctl net.core.somaxconn=4096"
    return found("listen-queue", what, remedy, somaxconn=longest)


def about_ports(ports: ClientPorts | None) -> Finding:
    """How many connections there can be, and how many of them can be new each second."""
    if ports is None:
        return unknown("ports", "the range of client ports cannot be read",
                       "sysctl net.ipv4.ip_local_port_range", first=None, last=None, per_s=None)  # fmt: skip
    held_s = REUSED_AFTER_S if ports.reused else TIME_WAIT_S
    per_s = ports.count / held_s
    what = (
        f"connections get one of {ports.count:,} ports, each held {held_s} s after its end (TIME_WAIT): "
        f"enough for {per_s:,.0f} new ones a second to one server"
    )
    values = {"first": ports.first, "last": ports.last, "per_s": per_s}
    return found("ports", what, _more_ports(ports, per_s), **values)


def _more_ports(ports: ClientPorts, per_s: float) -> str:
    if ports.count < MANY_CONNECTIONS:
        return 'sudo sysctl net.ipv4.ip_local_port_range="32768 60999"'
    if per_s >= FEWEST_CONNECTIONS_PER_S:
        return ""
    return (
        "for servers that close every connection: "
        "sudo sysctl net.ipv4.tcp_timestamps=1 net.ipv4.tcp_tw_reuse=2"
    )


def about_servers(available: Sequence[Availability]) -> Finding:
    """Which servers can be run here, and how to get the others."""
    there = [f"{one.server.name} {one.version}" for one in available if one.version]
    missing = [one for one in available if not one.version]
    what = f"installed: {', '.join(there)}" if there else "no server is installed"
    if missing:
        what += f"; not installed: {', '.join(one.server.name for one in missing)}"
    remedy = "; ".join(dict.fromkeys(one.server.remedy for one in missing))
    return found("servers", what, remedy, versions={one.server.name: one.version for one in available})
