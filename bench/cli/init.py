"""`bench init`: writes a scenario for an app."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.conductor.inspection.app_inspection import inspect_app
from bench.conductor.inspection.app_place import AppPlace, ChosenPython, choose_python, find_app
from bench.conductor.inspection.app_refusal import own_module
from bench.conductor.inspection.drafting import Sketch, described, sketch
from bench.conductor.inspection.inspected_app import InspectedApp
from bench.conductor.inspection.routes import KINDS
from bench.conductor.inspection.unanswered import way_out
from bench.errors import InputError
from bench.scenario.draft import Draft, draft_text
from bench.scenario.mistakes import quoted
from bench.scenario.texts import APP_REFERENCE, FILE_PATH, VARIABLE_NAME
from bench.scenario.yaml_writing import scalar

_SHOWN = 20
_MISSING = (
    "an answer 500 may come from what is not there yet, such as a database: make it, then call this again; "
    "what makes it belongs into `setup:` of the scenario"
)


def _variables(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """The variables by name."""
    variables = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not re.fullmatch(VARIABLE_NAME, name) or not _is_text(value):
            raise click.BadParameter(f"{one!r} is not NAME=VALUE", context, parameter)
        variables[name] = value
    return variables


@click.command("init")
@click.argument("app", required=False)
@click.option(
    "--directory", type=click.Path(path_type=Path), default=".", show_default=True, metavar="FOLDER",
    help="The folder the app is imported from.",
)  # fmt: skip
@click.option(
    "--python", type=click.Path(path_type=Path), metavar="PYTHON",
    help="The Python that has the app's packages.  [default: that of .venv or venv in the folder, where it "
    "has Flask, else bench's own]",
)  # fmt: skip
@click.option(
    "--env", "environment", multiple=True, callback=_variables, metavar="NAME=VALUE",
    help="A variable that the app needs; it is written into the scenario. Repeatable.",
)  # fmt: skip
@click.option(
    "-o", "--output", default="scenario.yaml", show_default=True, metavar="FILE",
    help="The scenario file; `-` is standard output.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace the file where it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(  # noqa: PLR0913  (click's form: one for each option)
    *,
    app: str | None,
    directory: Path,
    python: Path | None,
    environment: dict[str, str],
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write a scenario for APP, with the routes that answer 200.

    APP is `package.module:app`, `package.module:create_app()`, a module or a file; without it, wsgi.py or
    app.py is looked for. The app is imported with its own Python, and asked for every path that takes no
    arguments: those that answer 200 are in the scenario, the others are listed with the reason.
    """
    if as_json and output == STANDARD_OUTPUT:
        raise click.UsageError("--json and --output - would both write to standard output")
    _require_free(output, force)
    place = find_app(app, directory)
    chosen = choose_python(python, place.directory)
    click.echo(f"with {chosen.environment.python}: {chosen.because}", err=True)
    found = inspect_app(place, chosen.environment, environment, lambda step: click.echo(step, err=True))
    drawn = sketch(_file(output), place, chosen, environment, found)
    _require_scenario(drawn, place, found)
    write_output(output, draft_text(drawn.draft).encode())
    if as_json:
        click.echo(json.dumps(_facts(drawn, output, chosen, found), indent=2))
    else:
        click.echo("\n".join(_told(drawn, output)), err=output == STANDARD_OUTPUT)


def _require_free(output: str, force: bool) -> None:
    """Raise InputError where the file is there and is to be kept, or cannot be written."""
    if output != STANDARD_OUTPUT and not force and Path(output).exists():
        raise InputError(
            f"{output} is there already", "name another with --output, or replace it with --force"
        )
    require_writable(output)


def _file(output: str) -> Path:
    return Path("scenario.yaml" if output == STANDARD_OUTPUT else output)


def _require_scenario(drawn: Sketch, place: AppPlace, found: InspectedApp) -> None:
    """Raise InputError where no scenario can be written: it names folders, an app and a request."""
    draft = drawn.draft
    for path in (draft.directory, draft.python or draft.directory):
        if not re.fullmatch(FILE_PATH, path) or not _is_text(path):
            remedy = "give the folder a name of one line, in UTF-8"
            raise InputError(f"a scenario cannot name {quoted(path)}", remedy)
    call = draft.app.partition(":")[2]
    if not re.fullmatch(APP_REFERENCE, draft.app):
        raise InputError(f"a scenario cannot name {quoted(draft.app)}", own_module(place.module, call))
    if "." in call:
        what = f"Flask's server, gunicorn and uWSGI take no dotted name such as {quoted(call)}"
        raise InputError(what, own_module(place.module, call))
    if not drawn.taken:
        raise _nothing_answers(drawn, found)


def _nothing_answers(drawn: Sketch, found: InspectedApp) -> InputError:
    draft = drawn.draft
    reasons = "".join(f"\n  {line}" for line in (*_left_out(drawn), way_out(found)) if line)
    return InputError(
        f"no path of {draft.app} answers 200 as it is, so that there is nothing to measure{reasons}",
        f"write a scenario by hand: {', '.join(_where_it_is(draft))}, and under `requests:` what to ask for",
    )


def _where_it_is(draft: Draft) -> Iterator[str]:
    """The lines of a scenario that say where the app is and whose Python runs it."""
    yield f"`app: {draft.app}`"
    if draft.directory != ".":
        yield f"`directory: {scalar(draft.directory)}`"
    if draft.python is not None:
        yield f"`python: {scalar(draft.python)}`"


def _is_text(name: str) -> bool:
    """Whether UTF-8 can hold it; names of files and variables may be any bytes."""
    return name.encode(errors="ignore").decode() == name


def _told(drawn: Sketch, output: str) -> list[str]:
    """What is said in the end."""
    draft = drawn.draft
    measured = drawn.measured
    width = max(len(route.path) for route in measured)
    where = "the scenario" if output == STANDARD_OUTPUT else output
    lines = [f"{draft.app} is {draft.kind}; these requests are in {where}:"]
    lines += [f"  GET {route.path:<{width}}  {described(route)}" for route in measured]
    if draft.not_measured:
        lines.append(f"  and, as comments, {len(draft.not_measured)} more that answered 200")
    if drawn.left_out:
        lines += ["left out:", *(f"  {line}" for line in _left_out(drawn))]
    lines.append("under: " + ", ".join(server.name for server in draft.servers))
    lines += [f"  not there: {server.name}; {server.remark}" for server in draft.missing]
    if output != STANDARD_OUTPUT:
        lines.append(f"next: bench run {shlex.quote(output)}")
    return [_printable(line) for line in lines]


def _left_out(drawn: Sketch) -> list[str]:
    """The routes that are left out, each with its reason, as far as they can be shown."""
    routes = sorted(drawn.left_out, key=lambda route: KINDS.index(route.kind))
    lines = [f"{route.method} {route.rule}  {route.reason}" for route in routes[:_SHOWN]]
    if rest := Counter(route.kind for route in routes[_SHOWN:]):
        lines.append(f"and {rest.total()} more")
    if any(route.reason.startswith("answers 500") for route in routes):
        lines.append(_MISSING)
    return lines


def _printable(text: str) -> str:
    """The text without anything a terminal would act on: routes may be called anything."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _facts(drawn: Sketch, output: str, chosen: ChosenPython, found: InspectedApp) -> dict[str, Any]:
    draft = drawn.draft
    return {
        "scenario": output,
        "app": draft.app,
        "kind": found.kind,
        "directory": draft.directory,
        "python": str(chosen.environment.python),
        "because": chosen.because,
        "servers": [server.name for server in draft.servers],
        "missing": {server.name: server.remark for server in draft.missing},
        "requests": [
            {
                "path": route.path,
                "content_type": route.answer.content_type,
                "bytes": route.answer.length,
                "seconds": route.seconds,
                "streamed": route.answer.streamed,
                "varies": route.varies,
                "measured": route in drawn.measured,
            }
            for route in drawn.taken
        ],
        "left_out": [
            {"kind": route.kind, "method": route.method, "rule": route.rule, "reason": route.reason}
            for route in drawn.left_out
        ],
    }
