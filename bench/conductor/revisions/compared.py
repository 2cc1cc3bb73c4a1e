"""The two versions of an app that a check compares: base out of the repository, head as it lies there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.deployments.placement import python_of
from bench.conductor.deployments.source import Source
from bench.conductor.environments.python_environment import PythonEnvironment
from bench.conductor.processes.interruption import Interruption
from bench.conductor.processes.temporary_folder import temporary_folder
from bench.conductor.revisions.checkout import check_out, folder_as_long_as
from bench.conductor.revisions.dependencies import differing, own_environment
from bench.conductor.revisions.own_code import borrowed
from bench.conductor.revisions.repository import Repository
from bench.errors import InputError
from bench.scenario.reading import LoadedScenario

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Revisions:
    """Base and head, each ready to be served, and what is recorded of them (see `results.model.Check`)."""

    base: Source
    head: Source
    against: str
    base_commit: str
    head_commit: str | None
    changed: bool
    dependencies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@contextmanager
def revisions(
    loaded: LoadedScenario, against: str, interruption: Interruption, tell: Tell
) -> Iterator[Revisions]:
    """Both versions of the scenario's app, for as long as this is entered.

    The user's repository is only read. All that is made for them lies in one temporary folder, which is
    removed in the end, or soon after we are killed. Raises InputError where there is no such repository or
    commit, base has no such folder, or the setup fails.
    """
    repository = Repository.around(loaded.directory)
    commit = repository.commit_of(against)
    with temporary_folder(interruption) as temporary:
        tell(f"checking out {against} ({commit[:12]})")
        top = folder_as_long_as(repository.top, temporary, "base")
        check_out(repository, commit, top)
        inside = repository.inside(loaded.directory)
        base = _existing(top / inside, inside, against)
        dependencies = differing(top, repository.top, inside, loaded.scenario.setup)
        in_base, in_head = (_has_app(loaded, folder) for folder in (base, loaded.directory))
        shared = borrowed(loaded, base, top, repository.top, python_of(loaded))
        own = bool(loaded.scenario.setup) and (bool(dependencies or shared) or not (in_base and in_head))
        if not (in_base and in_head) and not own:
            raise _other_name(loaded, against) if in_head else _same_app(loaded, against)
        pythons = _pythons(loaded, base, temporary, tell) if own else (python_of(loaded),) * 2
        if own:
            shared = borrowed(loaded, base, top, repository.top, pythons[0])
        if shared:
            raise _same_code(loaded, shared)
        yield Revisions(
            base=Source(base, pythons[0], "base", moved=(repository.top, top)),
            head=Source(loaded.directory, pythons[1], "head"),
            against=against,
            base_commit=commit,
            head_commit=repository.head,
            changed=repository.has_changes(),
            dependencies=dependencies,
            notes=tuple(_notes(loaded, repository, commit, top, dependencies, own)),
        )


def _existing(folder: Path, inside: Path, against: str) -> Path:
    if not folder.is_dir():
        raise InputError(
            f"the app's folder {inside} is not there at {against}",
            "compare with a commit that has it; an app that was moved cannot be compared with itself",
        )
    return folder


def _has_app(loaded: LoadedScenario, folder: Path) -> bool:
    """Whether the app's module is found from this folder, and not only among installed packages."""
    if "PYTHONPATH" in loaded.scenario.environment:
        return True  # only Python knows
    name = loaded.scenario.app.partition(":")[0].partition(".")[0]
    return (folder / name).is_dir() or any(folder.glob(f"{name}.*"))


def _other_name(loaded: LoadedScenario, against: str) -> InputError:
    return InputError(
        f"the module of {loaded.scenario.app} is in the app's folder, but it was not there at {against}",
        "compare with a commit that has it; where it was renamed, keep a module of the old name that imports "
        "the new one, and name that as `app:`",
    )


def _same_app(loaded: LoadedScenario, against: str) -> InputError:
    return InputError(
        f"the module of {loaded.scenario.app} is not in the app's folder both here and at {against}: where "
        "it is installed, base and head would be the same",
        "name the folder it is imported from, such as `directory: src`, or how each version is installed, "
        "such as `setup: pip install . gunicorn`",
    )


def _same_code(loaded: LoadedScenario, shared: Sequence[Path]) -> InputError:
    return InputError(
        f"base would run head's code: with {loaded.scenario.app} it imports {shared[0]} from the folder "
        "that head is in, or as it was installed from there",
        "have it found from the app's folder: name that as `directory:`, or write paths in `environment:` "
        "that are relative to it, such as `PYTHONPATH: src`; or say how each version is installed, such as "
        "`setup: pip install . gunicorn`",
    )


def _pythons(
    loaded: LoadedScenario, base: Path, temporary: Path, tell: Tell
) -> tuple[PythonEnvironment, PythonEnvironment]:
    """An environment for each, made in the same way, their paths of the same length."""
    python, setup, variables = python_of(loaded), loaded.scenario.setup, loaded.scenario.environment
    environments = temporary / "environments"
    environments.mkdir()
    tell("making an environment for base, and one for head")
    return (
        own_environment(environments / "base", python, setup, base, variables, tell),
        own_environment(environments / "head", python, setup, loaded.directory, variables, tell),
    )


def _notes(
    loaded: LoadedScenario,
    repository: Repository,
    commit: str,
    top: Path,
    dependencies: tuple[str, ...],
    own: bool,
) -> Iterator[str]:
    """What a reader should know about how the two were made."""
    if commit == repository.head and not repository.has_changes():
        yield "base and head are the same commit"
    if dependencies and not loaded.scenario.setup:
        yield (
            f"base and head differ in {', '.join(dependencies)}, and the scenario has no `setup:`: "
            "both ran with the packages that are installed here"
        )
    if loaded.scenario.setup and not own:
        yield (
            "`setup:` was not run, for base and head need the same packages: what else it makes is there in "
            "base only where git knows it"
        )
    if (top / ".gitmodules").is_file():
        yield "submodules were left alone: in base their folders are empty"
