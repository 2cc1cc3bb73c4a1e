"""Where an app is and whose Python runs it, found from as little as `flask run` is told."""

import os
import re
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.errors import InputError
from bench.scenario.mistakes import did_you_mean, quoted

FILES = ("wsgi.py", "app.py")  # in the order of `flask run`
ENVIRONMENTS = (".venv", "venv")
_PYTHON = "bin/python"  # of an environment
_APPS_FOLDER = "the app's folder"
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_HOW = "name the app, such as `shop.web:app`, `shop:create_app()` or `shop.py`"


@dataclass(frozen=True)
class AppPlace:
    """A module, the folder it is imported from, and what to look for in it, None for what it may have."""

    directory: Path
    module: str
    attribute: str | None

    @property
    def written(self) -> str:
        """The app as a person would name it."""
        return self.module if self.attribute is None else f"{self.module}:{self.attribute}"


@dataclass(frozen=True)
class ChosenPython:
    """The Python that the app is run in, and why."""

    environment: PythonEnvironment
    because: str


def find_app(named: str | None, directory: Path) -> AppPlace:
    """The place of the app that is named by its module or its file, and perhaps by what it is called there.

    Without a name it is in one of the files that `flask run` looks for. The folder is that of the file's
    outermost package, where it is a file that is named, and `src` in it, where the module is there. Raises
    InputError.
    """
    if not directory.is_dir():
        raise InputError(f"there is no folder {quoted(str(directory))}", "name one with --directory")
    directory = directory.resolve()
    if not named:
        return _usual(directory)
    first, colon, attribute = named.partition(":")
    place = AppPlace(directory, first, attribute or None)
    if colon and not attribute:
        raise InputError(f"there is nothing after the colon of {quoted(named)}", _HOW)
    if os.sep in first or first.endswith(".py"):
        return _in_file(place)
    if not _MODULE.fullmatch(first):
        raise InputError(f"{quoted(first)} is neither a module nor a file", _HOW)
    return replace(place, directory=_source_folder(directory, first.partition(".")[0]))


def _source_folder(directory: Path, module: str) -> Path:
    """The folder, or `src` in it where that alone has the module."""
    source = directory / "src"
    is_there = (directory / module).is_dir() or module in modules_in(directory)
    return source if not is_there and module in modules_in(source) else directory


def _usual(directory: Path) -> AppPlace:
    for name in FILES:
        if (directory / name).is_file():
            return AppPlace(directory, Path(name).stem, None)
    raise InputError(f"there is neither {' nor '.join(FILES)} in {directory}", _HOW)


def _in_file(place: AppPlace) -> AppPlace:
    """The place whose module is named by its file, in the folder or in that where we are called."""
    for path in (place.directory / place.module, Path(place.module).absolute()):
        if path.is_file() or (path / "__init__.py").is_file():
            break
    else:
        near = [*place.directory.glob("*.py"), *place.directory.glob("*/*.py")]
        meant = did_you_mean(place.module, [str(one.relative_to(place.directory)) for one in near])
        raise InputError(f"there is no file {quoted(place.module)} in {place.directory}", meant or _HOW)
    path = path.parent.resolve() / path.name
    names = [] if path.name == "__init__.py" else [path.stem if path.is_file() else path.name]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return replace(place, directory=folder, module=".".join(names))


def modules_in(directory: Path) -> list[str]:
    """The modules and packages that lie in a folder, by name."""
    files = [path.stem for path in directory.glob("*.py")]
    return sorted({*files, *(path.parent.name for path in directory.glob("*/__init__.py"))})


def choose_python(named: Path | None, directory: Path) -> ChosenPython:
    """The Python that is named, else that of the app's folder where it has what Flask stands on, else ours.

    An environment's folder names its Python, too. The folders above count as well, as far as the one where we
    are, and the one that `src` is in. Raises InputError where the one that is named is not there or does not
    run.
    """
    if named is not None:
        if (named / _PYTHON).is_file():
            named = named / _PYTHON
        if not named.is_file():
            what = f"there is no Python {quoted(str(named))}"
            raise InputError(what, "name one by its path, such as --python .venv/bin/python")
        chosen = _environment(named)
        chosen.versions_of(["flask"])
        return ChosenPython(chosen, "as asked")
    without = []
    for folder, name in product(_folders(directory), ENVIRONMENTS):
        environment = _environment(folder / name / _PYTHON)
        if environment.python.is_file():
            where = f"{name} of {_APPS_FOLDER if folder == directory else folder}"
            if _serves_web(environment):
                return ChosenPython(environment, f"the environment {where}")
            without.append(where)
    if without:
        return ChosenPython(OURS, f"bench's own: {' and '.join(without)} has no Flask")
    return ChosenPython(OURS, f"bench's own: {_APPS_FOLDER} has no .venv; name another with --python")


def _folders(directory: Path) -> list[Path]:
    """The folder, and those above it whose environment may be its own."""
    here = Path.cwd()
    above = [one for one in directory.parents if one.is_relative_to(here)]
    beside = [directory.parent] if directory.name == "src" else []
    return list(dict.fromkeys([directory, *above, *beside]))


def _environment(python: Path) -> PythonEnvironment:
    """The environment of a Python, itself no link followed."""
    return PythonEnvironment(Path(os.path.abspath(python)))  # noqa: PTH100 - Path.absolute keeps `..`


def _serves_web(environment: PythonEnvironment) -> bool:
    """Whether Flask is there, or what it stands on; not where that Python does not run."""
    try:
        return bool(environment.versions_of(["flask", "werkzeug"]))
    except InputError:
        return False
