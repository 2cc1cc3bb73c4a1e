"""Why an app cannot be looked into, in words for whoever named it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.conductor.inspection.app_place import AppPlace, modules_in
from bench.conductor.processes.log import last_lines
from bench.errors import BenchError, InputError, ServerFailed
from bench.scenario.mistakes import did_you_mean, quoted

SHOWN_LINES = 12
_OTHER_PYTHON = (
    "if a package is missing, name the Python that has it with --python; give it the variables that it needs "
    "with --env NAME=VALUE"
)


def refusal(fault: dict[str, Any], place: AppPlace, log: Path) -> BenchError:
    """The error for what the inspector could not do."""
    facts = dict(fault)
    words: dict[str, Callable[..., BenchError]] = {
        "no module": _no_module,
        "other module": _other_module,
        "failed": _failed,
        "runs": _runs,
        "nothing": _nothing,
        "many apps": _many_apps,
        "no attribute": _no_attribute,
        "no app": _no_app,
        "no expression": _no_expression,
        "needs arguments": _needs_arguments,
    }
    return words[facts.pop("kind")](place, log, **facts)


def ended_early(place: AppPlace, log: Path, patience_s: float | None) -> BenchError:
    """The error for an app whose process ended, or after so many seconds had not come back."""
    if patience_s is not None:
        what = f"{quoted(place.written)} was not imported within {patience_s:g} s"
        remedy = "an app must not serve, or wait for others, when it is imported"
        return ServerFailed(_with_lines(what, last_lines(log)), remedy)
    what = f"{quoted(place.written)} ended the process that imported it"
    return ServerFailed(_with_lines(what, last_lines(log)), _OTHER_PYTHON)


def _no_module(place: AppPlace, _: Path, name: str) -> BenchError:
    what = f"there is no module {quoted(name)}, neither in {place.directory} nor among its packages"
    package = place.directory.joinpath(*name.split(".")[:-1])
    meant = did_you_mean(name.rpartition(".")[2], modules_in(package))
    return InputError(what, meant or "name the app's folder with --directory, or its Python with --python")


def _other_module(place: AppPlace, _: Path, file: str | None) -> BenchError:
    what = f"Python takes another module for {quoted(place.module)}: {file or 'one that is built into it'}"
    remedy = "give the app's module another name"
    if "." not in place.module:
        remedy += ", or name it with its package and the folder of that: package.module --directory FOLDER"
    return InputError(what, remedy)


def _failed(place: AppPlace, log: Path, text: str, exits: bool) -> BenchError:
    lines = [line for line in text.splitlines() if line.strip()]
    if exits:  # what it has to say about that, it has said before
        lines = [*last_lines(log), *lines[-1:]]
    return ServerFailed(_with_lines(f"{quoted(place.written)} cannot be imported", lines), _OTHER_PYTHON)


def _with_lines(what: str, lines: Sequence[str]) -> str:
    return "\n  | ".join((what + (":" if lines else ""), *lines[-SHOWN_LINES:]))


def _runs(place: AppPlace, _: Path) -> BenchError:
    return ServerFailed(
        f"{quoted(place.module)} calls `run()` of its app when it is imported: no other server can serve it",
        'put that call below `if __name__ == "__main__":`',
    )


def _nothing(place: AppPlace, _: Path, names: list[str]) -> BenchError:
    usual = "neither `app` nor `application`, `create_app` or `make_app`"
    what = f"there is no app in {quoted(place.module)}: {usual}"
    there = ", ".join(names[:10])
    return InputError(
        what, f"name it: {place.module}:..., where there is {there}" if there else "name another module"
    )


def _many_apps(place: AppPlace, _: Path, names: list[str]) -> BenchError:
    there = " or ".join(f"{place.module}:{name}" for name in names)
    return InputError(f"there are several apps in {quoted(place.module)}", f"name one of them: {there}")


def _no_attribute(place: AppPlace, _: Path, name: str, names: list[str]) -> BenchError:
    there = f"there is {', '.join(names[:10])}" if names else "it is empty"
    return InputError(
        f"there is no {quoted(name)} in {quoted(place.module)}", did_you_mean(name, names) or there
    )


def _no_app(place: AppPlace, _: Path, attribute: str, type: str) -> BenchError:  # noqa: A002  (its name in the fault)
    return InputError(
        f"{quoted(f'{place.module}:{attribute}')} is no app: it is of the type {quoted(type)}",
        "name the WSGI application, or the function that makes it",
    )


def _no_expression(place: AppPlace, _: Path) -> BenchError:
    return InputError(
        f"{quoted(place.attribute or '')} is neither a name nor a call with plain values",
        f"write {place.module}:app or {place.module}:create_app()",
    )


def _needs_arguments(place: AppPlace, _: Path, name: str, signature: str) -> BenchError:
    return InputError(
        f"{quoted(f'{place.module}:{name}')} cannot be called without arguments: it is {name}{signature}",
        own_module(place.module, f"{name}(...)"),
    )


def own_module(module: str, call: str) -> str:
    """What to do where a scenario cannot name the app."""
    name = call.partition("(")[0].partition(".")[0]
    return f"write a module beside it, and name that: `from {module} import {name}; app = {call}`"
