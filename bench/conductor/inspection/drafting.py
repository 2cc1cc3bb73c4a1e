"""From what was found out about an app to the draft of its scenario."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.conductor.environments.availability import Availability, available_servers
from bench.conductor.environments.python_environment import OURS
from bench.conductor.inspection.app_place import AppPlace, ChosenPython
from bench.conductor.inspection.inspected_app import InspectedApp
from bench.conductor.inspection.routes import LeftOutRoute, TakenRoute, left_out_routes, taken_routes
from bench.scenario.draft import Draft, DraftExample, DraftRequest, DraftServer, DraftStatic

NEEDS_A_COMMAND = "command"  # the server that is nothing by its name alone
NEEDS_FLASK = "flask"  # `flask run` serves what is of Flask's own class
SLOW_S = 0.03  # worth being told
ASKS_FOR_LOGIN = (401, 403)
_LOGIN = re.compile(r"log-?in|sign-?in|auth", re.IGNORECASE)


@dataclass(frozen=True)
class Sketch:
    """A draft, and the routes that it was made of."""

    draft: Draft
    taken: tuple[TakenRoute, ...]
    left_out: tuple[LeftOutRoute, ...]

    @property
    def measured(self) -> list[TakenRoute]:
        """The routes whose requests are measured."""
        paths = {request.path for request in self.draft.measured}
        return [route for route in self.taken if route.path in paths]


def sketch(
    file: Path, place: AppPlace, python: ChosenPython, environment: Mapping[str, str], app: InspectedApp
) -> Sketch:
    """The draft of the scenario that is to be in this file."""
    folder = file.parent.resolve()
    taken, left_out = tuple(taken_routes(app)), tuple(left_out_routes(app))
    written = None if python.environment == OURS else os.path.relpath(python.environment.python, folder)
    servers = available_servers(python.environment, written)
    return Sketch(
        Draft(
            file=shlex.quote(str(file)),
            app=f"{place.module}:{app.attribute}",
            kind=app.kind,
            directory=os.path.relpath(place.directory, folder),
            python=written,
            environment=environment,
            requests=[_request(route) for route in taken],
            examples=list(_examples(left_out, ("arguments", "methods"))),
            refused=list(_examples(left_out, ("answer",))),
            guarded=_guarded(app),
            static=_static(app, folder),
            **_servers(servers, app),
        ),
        taken,
        left_out,
    )


def _request(route: TakenRoute) -> DraftRequest:
    return DraftRequest(route.path, described(route), route.varies, route.seconds)


def described(route: TakenRoute) -> str:
    """What came, in a few words."""
    answer = route.answer
    kind = answer.content_type or "no type"
    length = f"{answer.length:,} B" + (", streamed" if answer.streamed else "")
    slow = f"; takes {route.seconds:.2f} s" if route.seconds >= SLOW_S else ""
    return f"{kind}, {length}{slow}" + ("; not the same each time" if route.varies else "")


def _servers(found: Mapping[str, Availability], app: InspectedApp) -> dict[str, list[DraftServer]]:
    """The servers by what becomes of them; of several that come together the first stands for all.

    Where none is there, the first that is missing is written, with what installs it.
    """
    parts: dict[str, list[DraftServer]] = {"servers": [], "variants": [], "missing": []}
    kinds, remedies = set(), set()
    for name, availability in found.items():
        server = availability.server
        kind = server.distribution or " ".join(program.name for program in server.programs) or name
        if name == NEEDS_A_COMMAND or (name == NEEDS_FLASK and not app.is_flask):
            continue
        if not availability.is_there:
            if availability.remedy not in remedies:
                parts["missing"].append(DraftServer(name, availability.remedy))
                remedies.add(availability.remedy)
        elif kind in kinds:
            parts["variants"].append(DraftServer(name, server.summary))
        else:
            parts["servers"].append(DraftServer(name, server.summary))
            kinds.add(kind)
    if not parts["servers"]:
        parts["servers"].append(parts["missing"].pop(0))
    return parts


def _examples(routes: Iterable[LeftOutRoute], kinds: tuple[str, ...]) -> Iterator[DraftExample]:
    """The routes of these kinds, each with its rule where its path does not tell that, and the reason."""
    for route in routes:
        if route.kind in kinds:
            remark = route.rule if route.kind == "arguments" else route.reason
            yield DraftExample(route.method, route.path, remark)


def _guarded(app: InspectedApp) -> str | None:
    """The first path that is answered as where a login is needed."""
    first = (answers[0] for answers in app.answers.values() if answers)
    guarded = (one for one in first if one.status in ASKS_FOR_LOGIN or _LOGIN.search(one.location))
    return next((one.path for one in guarded), None)


def _static(app: InspectedApp, folder: Path) -> DraftStatic | None:
    """The first folder of files that the app serves, as far as it is there and has a file in it."""
    for rule in app.rules:
        prefix = rule.rule.partition("<")[0]
        if rule.static and prefix.strip("/") and (name := _file_in(Path(rule.static))):
            return DraftStatic(prefix, os.path.relpath(rule.static, folder), quote(prefix + name))
    return None


def _file_in(folder: Path) -> str | None:
    """The name of a file, the first by the alphabet; None where there is none that can be read."""
    try:
        return min((path.name for path in folder.iterdir() if path.is_file()), default=None)
    except OSError:
        return None
