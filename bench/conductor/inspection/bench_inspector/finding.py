"""The app, from what a person calls it; or why there is none."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from .mapping import is_mapped

APPS = ("app", "application")
FACTORIES = ("create_app", "make_app")
OURS = (str(Path(__file__).parent), str(importlib.__file__), "<frozen ", "<string>")


class Fault(Exception):
    """Why there is no app to look into: its kind, and what belongs to it."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.facts = {"kind": kind, **facts}


def find(name: str, expression: str | None) -> tuple[Any, str]:
    """The app, and how a scenario names it within its module. Raises Fault."""
    sys.argv = [name]
    sys.path[0] = os.getcwd()  # noqa: PTH109
    refuse_to_run()
    module = imported(name)
    refuse_another(module, name)
    app, attribute = by_habit(module) if expression is None else by_name(module, expression)
    if not callable(app):
        raise Fault("no app", attribute=attribute, type=type(app).__name__)
    return app, attribute


def refuse_to_run() -> None:
    """Have `app.run()` say so, which would serve instead of being imported, and perhaps to everybody."""

    def run(*_: Any, **__: Any) -> None:
        raise Fault("runs")

    with suppress(Exception):
        importlib.import_module("flask").Flask.run = run


def imported(name: str) -> Any:
    """The module. Raises Fault where it is not there, or what it does when it is imported fails."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not stack_of_app(error) and (name + ".").startswith(missing + "."):
            raise Fault("no module", name=missing) from None
        raise failed(error) from None
    except Fault:
        raise
    except BaseException as error:  # sys.exit() among them
        raise failed(error) from None


def refuse_another(module: Any, name: str) -> None:
    """Raise Fault where the folder has such a module, but Python has had another one of that name before."""
    path = Path(*name.split("."))
    there = [one.parent.resolve() for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()]
    file = getattr(module, "__file__", None)
    if there and (file is None or Path(file).parent.resolve() not in there):
        raise Fault("other module", file=file)


def failed(error: BaseException) -> Fault:
    """The fault of an app that cannot be imported or made, with its traceback from the app's code on."""
    text = "".join(traceback.format_exception(type(error), error, stack_of_app(error)))
    return Fault("failed", text=text, exits=isinstance(error, SystemExit))


def stack_of_app(error: BaseException) -> Any:
    """The traceback without the calls that lead to the app, ours and the import's; None where that is all."""
    stack = error.__traceback__
    while stack is not None and stack.tb_frame.f_code.co_filename.startswith(OURS):
        stack = stack.tb_next
    return stack


def by_habit(module: Any) -> tuple[Any, str]:
    """What `flask run` would find: an app by its usual name, the only one there is, or a factory."""
    for name in APPS:
        if callable(getattr(module, name, None)):
            return getattr(module, name), name
    there = [name for name, value in vars(module).items() if is_mapped(value)]
    if len({id(getattr(module, name)) for name in there}) > 1:
        raise Fault("many apps", names=there)
    if there:
        return getattr(module, there[0]), there[0]
    for name in FACTORIES:
        if inspect.isfunction(getattr(module, name, None)):
            return called(getattr(module, name), name)
    raise Fault("nothing", names=public(module))


def by_name(module: Any, expression: str) -> tuple[Any, str]:
    """What has this name there: an app, or a factory, called whether or not it is written as a call."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        call = node if isinstance(node, ast.Call) else None
        words = [ast.literal_eval(value) for value in call.args] if call else []
        named = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords} if call else {}
        steps = steps_of(call.func if call else node)
    except (SyntaxError, ValueError):
        raise Fault("no expression") from None
    value, name = module, ".".join(steps)
    for step in steps:
        if not hasattr(value, step):
            raise Fault("no attribute", name=step, names=public(value))
        value = getattr(value, step)
    if call is not None:
        return made(value, words, named), expression.strip()
    if inspect.isfunction(value) and not takes(value, {}, lambda *_: None):
        return called(value, name)
    return value, name


def steps_of(node: ast.AST) -> list[str]:
    """The names of `a.b.c`. Raises ValueError for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*steps_of(node.value), node.attr]
    raise ValueError(node)


def called(factory: Any, name: str) -> tuple[Any, str]:
    """The app that a factory makes without being told anything."""
    if not takes(factory):
        raise Fault("needs arguments", name=name, signature=str(inspect.signature(factory)))
    return made(factory, [], {}), f"{name}()"


def takes(function: Any, *arguments: Any) -> bool:
    """Whether a function can be called with so many arguments and no others."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    return True


def made(factory: Any, words: list[Any], named: dict[str, Any]) -> Any:
    """What the factory returns. Raises Fault."""
    try:
        return factory(*words, **named)
    except Fault:
        raise
    except BaseException as error:
        raise failed(error) from None


def public(value: Any) -> list[str]:
    """The names that one may have meant."""
    return [name for name in dir(value) if not name.startswith("_")]
