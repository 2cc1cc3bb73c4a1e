"""The two ways in which `bench check` uses a baseline: holding the app against one, and saving one."""

from pathlib import Path

from bench.cli.console import OutputConsole
from bench.cli.measured import measured
from bench.cli.progress import RunProgress
from bench.conductor.beside_reference import held_against, prepare_beside_reference, reference_folder
from bench.conductor.processes.interruption import Interruption
from bench.errors import Interrupted
from bench.results.baseline_file import read_baseline
from bench.results.store import Store
from bench.scenario.reading import LoadedScenario


def measured_against(
    loaded: LoadedScenario, file: str, results: Path, *, seed: int | None, name: str | None
) -> tuple[Store, Interrupted | None]:
    """Measure the app beside the reference, as a check against the baseline in this file.

    Raises InputError where the file is no baseline, and Inconclusive where it can decide nothing here: both
    before anything is measured.
    """
    baseline = read_baseline(Path(file))
    progress = RunProgress(OutputConsole(stderr=True, highlight=False))
    with Interruption() as interruption, reference_folder(interruption) as folder:
        prepared = prepare_beside_reference(loaded, folder, seed=seed, name=name)
        return measured(held_against(prepared, baseline, file), results, progress)


def measured_to_save(
    loaded: LoadedScenario, results: Path, *, seed: int | None, name: str | None
) -> tuple[Store, Interrupted | None]:
    """Measure the app beside the reference, for a baseline."""
    progress = RunProgress(OutputConsole(stderr=True, highlight=False))
    with Interruption() as interruption, reference_folder(interruption) as folder:
        return measured(prepare_beside_reference(loaded, folder, seed=seed, name=name), results, progress)
