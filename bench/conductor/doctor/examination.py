"""The doctor: looks at the machine, measures it, and says what it can be trusted with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.ceiling import measure_ceiling
from bench.conductor.doctor import advice, advice_measured, system_facts
from bench.conductor.doctor.finding import Finding, unknown
from bench.conductor.doctor.noise_floor import Tell, measure_noise
from bench.conductor.environments.availability import available_servers
from bench.conductor.machine import describe_machine
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.temporary_folder import temporary_folder
from bench.errors import BenchError, Interrupted
from bench.results.model import Machine
from bench.units import NS_PER_S, format_duration

WINDOW_NS = NS_PER_S
WATCHED_S = 1.0


@dataclass(frozen=True)
class Diagnosis:
    """What was found, the machine it was found on, and whether the A/A run was left out."""

    machine: Machine
    findings: tuple[Finding, ...]
    quick: bool


def examine(noise_ns: int | None, tell: Tell) -> Diagnosis:
    """Look at the machine, and make an A/A run with so much load unless that is None.

    `tell` is told each step, before it begins. What cannot be measured is a finding like any other. Raises
    Interrupted after Ctrl-C or SIGTERM, when everything has been stopped and removed.
    """
    try:
        with Interruption() as interruption, temporary_folder(interruption) as folder:
            return _Examination(folder, tell, interruption).carry_out(noise_ns)
    except (KeyboardInterrupt, Interrupted):
        raise Interrupted("interrupted; nothing was kept") from None


class _Examination:
    """The examination in progress."""

    def __init__(self, folder: Path, tell: Tell, interruption: Interruption) -> None:
        self._folder = folder
        self._tell = tell
        self._interruption = interruption
        self._machine = describe_machine()
        self._cores = sorted({*self._machine.server_cores, *self._machine.generator_cores})

    def carry_out(self, noise_ns: int | None) -> Diagnosis:
        before = system_facts.cpu_times(self._cores)
        seen = self._look()
        measured = self._load()
        if noise_ns is not None:
            measured += self._compare(noise_ns)
        after = system_facts.cpu_times(self._cores)
        gone = after.since(before) if before and after else None
        steal = advice.about_steal(gone, self._machine.hypervisor)
        return Diagnosis(self._machine, (*seen, steal, *measured), quick=noise_ns is None)

    def _look(self) -> list[Finding]:
        """What the system says of itself."""
        self._tell("looking at the machine")
        return [
            advice.about_cores(self._machine, system_facts.sibling_threads(self._cores)),
            advice.about_frequency(system_facts.frequency_governors(self._cores)),
            advice.about_others(system_facts.watch_others(self._cores, WATCHED_S)),
            advice.about_descriptors(*system_facts.open_file_limits()),
            advice.about_listen_queue(system_facts.longest_listen_queue()),
            advice.about_ports(system_facts.client_ports()),
            advice.about_servers(list(available_servers().values())),
        ]

    def _load(self) -> list[Finding]:
        """What the load generator can do."""
        self._tell(f"loading a null target: {format_duration(2 * WINDOW_NS)}")

        def measure() -> list[Finding]:
            ceiling = measure_ceiling(self._machine, self._folder, WINDOW_NS, self._interruption)
            return [
                advice_measured.about_ceiling(ceiling.closed),
                advice_measured.about_lateness(ceiling.open),
            ]

        return _tried(("ceiling", "lateness"), measure)

    def _compare(self, noise_ns: int) -> list[Finding]:
        """What a comparison of two servers can tell."""
        self._tell(f"A/A run: one server twice, {format_duration(noise_ns)} of load")

        def measure() -> list[Finding]:
            noise = measure_noise(self._machine, self._folder, noise_ns, self._tell)
            return [advice_measured.about_noise(noise), advice_measured.about_resolution(noise)]

        return _tried(("noise", "resolution"), measure)


def _tried(names: tuple[str, ...], measure: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings of these names; where they could not be measured, why not."""
    try:
        return measure()
    except Interrupted:
        raise
    except BenchError as error:
        remedy = error.remedy or "look at what else is busy here, and try again"
        return [unknown(name, f"could not be measured: {error.what}", remedy) for name in names]
