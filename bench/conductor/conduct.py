"""Conducting a run: launch by launch, block by block, slice by slice, each written before the next.

Nothing of ours but the generator runs while a slice does: this process sleeps until the outcome comes.
"""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import psutil

from bench.conductor.cell_load import CellLoad
from bench.conductor.deployments.deployment import Stopping
from bench.conductor.deployments.placement import python_of
from bench.conductor.deployments.running_part import KILL_PATIENCE_S
from bench.conductor.generator_process import GeneratorProcess
from bench.conductor.judge import Judge
from bench.conductor.launch import LaunchInProgress
from bench.conductor.machine import on_cores
from bench.conductor.observer import Observer
from bench.conductor.preparation import Prepared
from bench.conductor.processes import family
from bench.conductor.processes.children import adopt_orphans
from bench.conductor.processes.commands import of_scenario, run_to_end
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.keeper import Keeper
from bench.conductor.processes.temporary_folder import new_folder
from bench.conductor.round import Known, Round
from bench.errors import InputError, Interrupted
from bench.results.model import Run
from bench.results.store import Store
from bench.stats.decision import Decision


def conduct(prepared: Prepared, store: Store, observer: Observer) -> Run:
    """Carry out the run and return its description as it ended.

    Raises Interrupted after Ctrl-C or SIGTERM, when everything has been stopped and what was measured is on
    disk; GeneratorFailed and InputError (the disk is full, or a locustfile cannot be used) after the same.
    KeyboardInterrupt says that there was a second Ctrl-C: whoever presses it wants nothing more than the end.
    """
    store.write_run(prepared.run)
    observer.planned(prepared.run, prepared.estimated_ns)
    adopt_orphans()
    with Interruption() as interruption, on_cores(prepared.run.machine.generator_cores):
        conductor = _Conductor(prepared, store, observer, interruption)
        status: Literal["complete", "partial"] = "partial"
        try:
            try:
                conductor.carry_out()
            finally:
                interruption.shield()  # a Ctrl-C that comes before this line is through is caught below
            status = "complete"
        except KeyboardInterrupt:
            pass
        finally:
            conductor.stop()
            ended = conductor.run.model_copy(update={"status": status, "finished_at": datetime.now(UTC)})
            store.write_run(ended)
    if interruption.hurried:
        raise KeyboardInterrupt
    if interruption.came:
        raise Interrupted("interrupted; what was measured until then is kept")
    return ended


class _Conductor:
    """The run in progress; `run` is its description as far as it is known."""

    def __init__(
        self, prepared: Prepared, store: Store, observer: Observer, interruption: Interruption
    ) -> None:
        self.run = prepared.run
        self._prepared = prepared
        self._measure = prepared.loaded.scenario.measure
        self._store = store
        self._observer = observer
        self._interruption = interruption
        self._others = family.children()  # whom this process had before
        self._folder = new_folder()
        self._keeper: Keeper | None = None
        self._is_set_up = False
        self._generator: GeneratorProcess | None = None
        self._load: CellLoad | None = None
        self._launch: LaunchInProgress | None = None
        self._stopping: list[Stopping] = []
        self._known = Known()
        self._decision = Decision(enough=False)

    def carry_out(self) -> None:
        """Every launch, one after the other."""
        with self._interruption.held():
            self._keeper = Keeper(self._folder)
            self._folder.mkdir(mode=0o711)  # whoever Apache's workers run as must get through
        self._set_up()
        with self._interruption.held():
            self._generator = GeneratorProcess(
                self.run.machine.generator_cores,
                self._store.logs / "generator.log",
                processes=self._measure.generators,
            )
        for number in range(1, self._prepared.most_launches + 1):
            if len(self._known.broken) == len(self.run.deployments):
                break
            self._observer.launching(number, self._prepared.most_launches)
            self._launch = LaunchInProgress(
                number,
                self._prepared,
                self._folder,
                self._store,
                self._observer,
                self._interruption,
                self._decision,
                self._keeper,
            )
            self._carry_out_launch(self._launch, self._generator)
            if self._is_enough():
                break
        if self._load is not None:
            self._load.check_counts()

    def stop(self) -> None:
        """Stop whatever is running."""
        self._observer.stopping()
        if self._generator is not None:
            self._generator.stop()
        self._stop_running()
        self._wait_for_stopped()
        if self._is_set_up:
            self._tear_down()
        self._end_strays()
        if self._keeper is not None:
            self._keeper.stop()

    def _end_strays(self) -> None:
        """End the daemons of servers and commands that none of them could be told to have started."""
        ours = (self._keeper, self._generator)
        strays = family.strays({*self._others, *(one.pid for one in ours if one is not None)})
        family.end(strays)
        psutil.wait_procs(strays, timeout=KILL_PATIENCE_S)

    def _set_up(self) -> None:
        """Make the app ready as the scenario says; what a check compares was made ready before."""
        if self.run.check is None:
            self._is_set_up = True
            for command in self._prepared.loaded.scenario.setup:
                self._run("setup", command)

    def _tear_down(self) -> None:
        """Clear up as the scenario says, whatever happened and fails; a second Ctrl-C ends that, too."""
        for command in self._prepared.loaded.scenario.teardown:
            try:
                self._run("teardown", command)
            except InputError as failed:
                self._observer.warned(str(failed))
            if self._interruption.hurried:
                break

    def _run(self, what: str, arguments: Sequence[str]) -> None:
        """Run a command of the scenario to its end, or to a Ctrl-C in a hurry."""
        loaded = self._prepared.loaded
        self._observer.commanded(what, shlex.join(arguments))
        command = of_scenario(
            f"the {what}", arguments, python_of(loaded), loaded.directory, loaded.scenario.environment
        )
        run_to_end(command, self._store.logs / f"{what}.log", lambda: self._interruption.hurried)

    def _carry_out_launch(self, launch: LaunchInProgress, generator: GeneratorProcess) -> None:
        """Every round of a launch; where all deployments are up at once, there is one."""
        judge = Judge(launch, self._known.bodies)
        rounds = launch.rounds(self._known.broken)
        shares = launch.shares(rounds)
        for place, deployments in enumerate(rounds):
            if self._measure.in_rounds or self._prepared.has_fixed_ports:
                self._wait_for_stopped()
                self._end_strays()
            launch.start(self._known.broken, deployments)
            self._wait_for_stopped()
            load = self._load = self._load or self._first_load(generator)
            generator.set_targets(judge.targets())
            later = self._prepared.most_launches - launch.number + sum(shares[place + 1 :])
            Round(launch, load, self._known, shares[place], later).carry_out()
            generator.set_targets({})  # a server with open connections takes its time to end
            with self._interruption.held():
                self._stop_running()
        judge.after_rounds()

    def _first_load(self, generator: GeneratorProcess) -> CellLoad:
        """Wait for the generator, which starts beside the first deployments, and find out what it can do."""
        generator.wait_until_ready()
        load = CellLoad(self._prepared, generator)
        ceiling_per_s = load.ceiling_per_s(self._store.logs, self._interruption)
        self.run = self.run.model_copy(update={"ceiling_per_s": ceiling_per_s})
        self._store.write_run(self.run)
        return load

    def _is_enough(self) -> bool:
        """Whether all is known by now; decided from what is stored, while deployments end."""
        if self._prepared.decide is None:
            return False
        stored = self._store.read()
        decision = self._decision = self._prepared.decide(stored)
        decided = {key: getattr(decision, key) for key in ("settled", "left_out", "enough")}
        self._store.write_launch(stored.launches[-1].model_copy(update=decided))
        self._observer.decided(decision.standing)
        return decision.enough

    def _stop_running(self) -> None:
        """Ask those that run to stop; where they may, they end while the next ones start."""
        if self._launch is not None:
            self._stopping.append(Stopping(self._launch.hand_over()))

    def _wait_for_stopped(self) -> None:
        while self._stopping:
            self._stopping[-1].wait(self._interruption)
            self._stopping.pop()
